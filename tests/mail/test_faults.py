"""What a mail server can do to us: later, never, not you, nothing at all. Each means something else."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from app.mail import transport
from app.mail.transport import Delay, Refusal, SmtpTransport, open_transport
from tests.databases import free_port
from tests.mail.certificates import self_signed


@pytest.fixture
def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@shop.example", "b@company.example", "Hello"
    message.set_content("Hello")
    return message


class Scripted:
    """An SMTP server that answers one command as told; it keeps the envelope senders."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.senders: list[str] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.senders.append(address)
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return self.answers.get("data", "250 OK")


@contextmanager
def served(server: Scripted, **options: Any) -> Iterator[str]:
    port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"rcpt": "550 5.1.1 no such user"}, "5.1.1"),
        ({"rcpt": "550 no such user"}, "5.1.1"),
        ({"rcpt": "554 5.7.1 blocked"}, "5.7.1"),
        ({"data": "550 5.1.1 no such user after all"}, "5.1.1"),
        ({"data": "554 transaction failed"}, ""),
        ({"data": "550 spam"}, ""),
        ({"mail": "552 5.3.4 too large"}, ""),
    ],
)
def test_a_refusal_for_good_says_what_it_is_about(
    letter: EmailMessage, answers: dict[str, str], status: str
) -> None:
    with served(Scripted(**answers)) as url, pytest.raises(Refusal) as refusal:
        open_transport(url).deliver(letter)

    assert refusal.value.status == status


@pytest.mark.parametrize(
    "answers",
    [
        {"rcpt": "451 4.7.1 greylisted"}, {"data": "452 no space"}, {"mail": "421 busy"},
        {"mail": "550 5.7.1 sender not allowed"}, {"mail": "530 5.7.0 sign in first"},
    ],
)  # fmt: skip
def test_what_is_put_off_or_refuses_us_is_tried_again_and_never_the_recipients_fault(
    letter: EmailMessage, answers: dict[str, str]
) -> None:
    with served(Scripted(**answers)) as url, pytest.raises(Delay):
        open_transport(url).deliver(letter)


def test_a_wrong_password_loses_no_e_mail(
    letter: EmailMessage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    keys = {
        "tls_context": context,
        "auth_required": True,
        "authenticator": lambda *_: AuthResult(success=False, handled=False),
    }

    with served(Scripted(), **keys) as url, pytest.raises(Delay, match="refuses us: 535"):
        open_transport(url.replace("//", "//shop:wrong@")).deliver(letter)


def test_what_comes_back_goes_to_the_address_that_is_named_for_it(letter: EmailMessage) -> None:
    server = Scripted()
    with served(server) as url:
        open_transport(url, sender="bounce@shop.example").deliver(letter)
        open_transport(url).deliver(letter)

    assert server.senders == ["bounce@shop.example", "a@shop.example"]


def test_a_server_that_is_not_there_is_tried_again(letter: EmailMessage) -> None:
    with pytest.raises(Delay, match="refused"):
        open_transport(f"smtp://127.0.0.1:{free_port()}").deliver(letter)


@pytest.mark.parametrize("greets", [b"", b"220 hello\r\n"])
def test_a_server_that_says_nothing_more_is_left_after_the_time_that_is_set(
    letter: EmailMessage, monkeypatch: pytest.MonkeyPatch, greets: bytes
) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def greet() -> None:
            connection, _ = listener.accept()
            held.append(connection)
            connection.sendall(greets)

        threading.Thread(target=greet, daemon=True).start()
        begin = time.monotonic()
        to = SmtpTransport(
            host="127.0.0.1",
            port=listener.getsockname()[1],
            user="",
            password="",
            is_tls=False,
            may_be_plain=True,
        )
        with pytest.raises(Delay):
            to.deliver(letter)

    for connection in held:
        connection.close()
    assert time.monotonic() - begin < 5
