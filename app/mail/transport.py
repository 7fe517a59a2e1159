"""Handing a finished e-mail to the outside: over SMTP, or into a folder."""

import ipaddress
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from app.mail.rules.reports import status_of_answer

TIMEOUT_SECONDS = 30


class Refusal(Exception):
    """The server refused this e-mail for good (5xx): trying again is of no use.

    `status` (RFC 3463) says what it is about where the recipient itself was refused, else it is empty.
    """

    def __init__(self, sentence: str, *, status: str = "") -> None:
        super().__init__(sentence)
        self.status = status


class Delay(Exception):
    """The server could not be reached, asked to try later (4xx), or refused us instead of the recipient."""


class Transport(Protocol):
    """Anything that takes an e-mail and says what the other side answered."""

    def deliver(self, message: EmailMessage) -> str:
        """The answer of the other side. Raises Refusal or Delay."""
        ...


class SmtpTransport:
    """One SMTP conversation per e-mail; `smtps` is TLS from the start, `smtp` upgrades by STARTTLS.

    Without encryption nothing is sent, not even where somebody on the way strips STARTTLS, unless `may_be_plain`;
    a password is never sent in clear.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str,
        password: str,
        is_tls: bool,
        may_be_plain: bool = False,
        sender: str = "",
    ) -> None:
        self._sender = sender or None
        self._host, self._port, self._user, self._password = host, port, user, password
        self._is_tls, self._may_be_plain = is_tls, may_be_plain and not user

    def deliver(self, message: EmailMessage) -> str:
        try:
            with self._connect() as server:
                refused = server.send_message(message, from_addr=self._sender)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _failure(code, text, is_about_recipient=True) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError, smtplib.SMTPHeloError) as error:
            sentence = _sentence(error.smtp_code, error.smtp_error)
            # Larger than the server takes (SIZE, RFC 1870): that is about this e-mail. All else is about us, and
            # a person has to mend it: no e-mail is lost by it.
            is_too_large = isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code == 552
            raise (
                Refusal(sentence) if is_too_large else Delay(f"the server refuses us: {sentence}")
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Delay(str(error) or type(error).__name__) from error
        return f"accepted by {self._host}:{self._port}" if not refused else str(refused)

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            self._prepare(server, context)
        except BaseException:
            server.close()
            raise
        return server

    def _prepare(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        """Encrypts the conversation and signs in."""
        if not self._is_tls:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif not self._may_be_plain:
                raise Delay("the server offers no encryption, so nothing is sent (see SHOP_SMTP_URL)")
        if self._user:
            server.login(self._user, self._password)


class FolderTransport:
    """Writes each e-mail as one .eml file; its name is the Message-ID, so a repeat overwrites itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, message: EmailMessage) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = "".join(c for c in str(message["Message-ID"]) if c.isalnum() or c == "-")
        path = self._folder / f"{name}.eml"
        path.write_bytes(message.as_bytes())
        return f"written to {path.name}"


def open_transport(url: str, *, sender: str = "") -> Transport:
    """The transport for `smtp://[user:password@]host[:port]`, `smtps://…` or `file:///folder`.

    `sender` is the envelope's, to which undelivered e-mails return; without one they return to the From address.

    `smtp://` without encryption is for this very machine, and for a relay in an own network that is named with
    `?encryption=none`. Raises ValueError for any other address.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        path = parts.path[1:] if parts.path.startswith("/./") else parts.path
        return FolderTransport(Path(path))
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        is_tls = parts.scheme == "smtps"
        return SmtpTransport(
            host=parts.hostname,
            port=parts.port or (465 if is_tls else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            is_tls=is_tls,
            may_be_plain=is_loopback(parts.hostname) or parse_qs(parts.query).get("encryption") == ["none"],
            sender=sender,
        )
    raise ValueError("SHOP_SMTP_URL must begin with smtp://, smtps:// or file:///")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _failure(code: int, text: bytes | str, *, is_about_recipient: bool = False) -> Exception:
    sentence = _sentence(code, text)
    if not 500 <= code < 600:
        return Delay(sentence)
    said = sentence.partition(" ")[2]
    # After the recipients were taken a refusal is about one only if it says so.
    status = status_of_answer(code, said) if is_about_recipient or said.startswith("5.") else ""
    return Refusal(sentence, status=status)


def _sentence(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
