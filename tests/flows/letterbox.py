"""An SMTP server for tests of leaving e-mails: it keeps what it accepts and refuses what it is told to."""

import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from aiosmtpd.controller import Controller

from tests.databases import free_port


class Sink:
    """An SMTP server that keeps what it accepts; `code` (with `says`) makes it refuse recipients."""

    def __init__(self) -> None:
        self.code = 250
        self.says = "not now"
        self.messages: list[bytes] = []
        self.senders: list[str] = []
        self.lock = threading.Lock()

    async def handle_RCPT(self, server, session, envelope, address, options):  # type: ignore[no-untyped-def]
        if self.code != 250:
            return f"{self.code} {self.says}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]
        with self.lock:
            self.messages.append(envelope.content)
            self.senders.append(envelope.mail_from)
        return "250 kept"

    def last(self) -> EmailMessage:
        """The e-mail that came last, read as a mail program reads it."""
        message = email.message_from_bytes(self.messages[-1], policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message


@contextmanager
def served(handler: Sink) -> Iterator[str]:
    """Serves a sink; its address as in SHOP_SMTP_URL."""
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
