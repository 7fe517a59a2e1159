"""Handing an e-mail over: what is encrypted, and what is not sent at all."""

import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from app.mail.transport import Delay, SmtpTransport, is_loopback, open_transport
from tests.databases import free_port
from tests.mail.certificates import self_signed


class Inbox:
    """Keeps what arrives, and whether it came encrypted."""

    def __init__(self) -> None:
        self.arrived: list[tuple[bool, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        self.arrived.append((session.ssl is not None, envelope.content))
        return "250 taken"


@pytest.fixture
def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@shop.example", "b@company.example", "Hello"
    message.set_content("Hello")
    return message


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def plain_port(inbox: Inbox) -> Iterator[int]:
    """A server that offers no encryption: an old relay, or one whose STARTTLS somebody has stripped."""
    yield from _serve(inbox, None)


@pytest.fixture
def wrong_certificate_port(inbox: Inbox, tmp_path: Path) -> Iterator[int]:
    """A server with STARTTLS and a certificate that nobody vouches for."""
    yield from _serve(inbox, _self_signed(tmp_path))


def transport(port: int, **changes: Any) -> SmtpTransport:
    values = {"user": "", "password": "", "is_tls": False, "may_be_plain": False, **changes}
    return SmtpTransport(host="127.0.0.1", port=port, **values)


def test_without_encryption_nothing_is_sent(plain_port: int, inbox: Inbox, letter: EmailMessage) -> None:
    with pytest.raises(Delay, match="no encryption"):
        transport(plain_port).deliver(letter)

    assert inbox.arrived == []


def test_a_password_is_never_sent_in_clear(plain_port: int, inbox: Inbox, letter: EmailMessage) -> None:
    with pytest.raises(Delay, match="no encryption"):
        transport(plain_port, user="shop", password="secret", may_be_plain=True).deliver(letter)

    assert inbox.arrived == []


def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    wrong_certificate_port: int, inbox: Inbox, letter: EmailMessage
) -> None:
    with pytest.raises(Delay, match="CERTIFICATE_VERIFY_FAILED"):
        transport(wrong_certificate_port, may_be_plain=True).deliver(letter)

    assert inbox.arrived == []


@pytest.mark.parametrize("address", ["smtp://127.0.0.1:{port}", "smtp://localhost:{port}"])
def test_a_server_on_this_machine_needs_no_encryption(
    plain_port: int, inbox: Inbox, letter: EmailMessage, address: str
) -> None:
    open_transport(address.format(port=plain_port)).deliver(letter)

    assert [is_encrypted for is_encrypted, _ in inbox.arrived] == [False]


@pytest.mark.parametrize(
    "address, may_be_plain",
    [
        ("smtp://127.0.0.1", True),
        ("smtp://[::1]:2525", True),
        ("smtp://relay.example", False),
        ("smtp://relay.example?encryption=none", True),
        ("smtp://user:secret@relay.example?encryption=none", False),
        ("smtp://relay.example?encryption=maybe", False),
    ],
)
def test_only_this_machine_or_a_named_relay_may_be_spoken_to_in_clear(
    address: str, may_be_plain: bool
) -> None:
    opened = open_transport(address)

    assert isinstance(opened, SmtpTransport)
    assert opened._may_be_plain is may_be_plain


@pytest.mark.parametrize(
    "host, expected", [("localhost", True), ("127.0.0.9", True), ("::1", True), ("10.0.0.1", False)]
)
def test_this_machine_is_known_by_name_and_address(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("address", ["http://relay.example", "smtp://", "relay.example"])
def test_another_kind_of_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="SHOP_SMTP_URL"):
        open_transport(address)


def _serve(inbox: Inbox, tls: ssl.SSLContext | None) -> Iterator[int]:
    port = free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port, tls_context=tls)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def _self_signed(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder))
    return context
