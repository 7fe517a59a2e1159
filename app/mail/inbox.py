"""The inbox where undelivered e-mails and complaints arrive, read over IMAP without changing anything in it."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from app.mail.rules.reports import LARGEST_REPORT_BYTES, is_report

TIMEOUT_SECONDS = 30
MOST_PER_RUN = 200
WINDOW = 2_000
"""So many UIDs are asked for at once: the answer stays small in an inbox of any size."""


class InboxUnavailable(Exception):
    """The inbox cannot be reached, refuses the log-in or answers what nobody understands."""


@dataclass(frozen=True)
class Position:
    """A place in the inbox: UIDs count only while `uid_validity` stays the same (RFC 3501, 2.3.1.1)."""

    uid_validity: int
    uid: int


@dataclass(frozen=True)
class Found:
    """One e-mail of the inbox: where it stands, and its first bytes if it promises to be a report (else none)."""

    position: Position
    raw: bytes


class Mailbox(Protocol):
    """An opened inbox."""

    def new_reports(self, *, after: Position) -> Iterator[Found]:
        """What stands behind a place, in order, a bounded number. Raises InboxUnavailable."""
        ...


class Inbox(Protocol):
    """Anything that can be opened for reading."""

    @contextmanager
    def opened(self) -> Iterator[Mailbox]:
        """Opened while the block runs. Raises InboxUnavailable."""
        ...


class ImapInbox:
    """An IMAP server over TLS. Of an e-mail that is no report nothing but its content type is read."""

    def __init__(self, *, host: str, port: int, user: str, password: str, folder: str) -> None:
        self._host, self._port, self._user, self._password = host, port, user, password
        self._folder = folder

    @contextmanager
    def opened(self) -> Iterator["ImapMailbox"]:
        with _told_as_unavailable():
            server = imaplib.IMAP4_SSL(
                self._host, self._port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS
            )
        try:
            with _told_as_unavailable():
                server.login(self._user, self._password)
                # EXAMINE: no flag is set, so people may use the same inbox.
                _data(server.select(f'"{self._folder}"', readonly=True))
            yield ImapMailbox(server)
        finally:
            with _told_as_unavailable():
                server.shutdown()


class ImapMailbox:
    """One conversation with an IMAP server, a folder selected."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        self._server = server

    def new_reports(self, *, after: Position) -> Iterator[Found]:
        with _told_as_unavailable():
            validity, next_uid = self._number("UIDVALIDITY"), self._number("UIDNEXT")
        last = after.uid if after.uid_validity == validity else 0
        count = 0
        while last + 1 < next_uid and count < MOST_PER_RUN:
            end = min(last + WINDOW, next_uid - 1)
            with _told_as_unavailable():
                uids = self._search(last + 1, end)
            for uid in uids[: MOST_PER_RUN - count]:
                with _told_as_unavailable():
                    raw = self._report(uid)
                yield Found(Position(validity, uid), raw)
                last = uid
                count += 1
            if count < MOST_PER_RUN and last < end:
                last = end
                yield Found(Position(validity, last), b"")

    def _search(self, first: int, last: int) -> list[int]:
        answer = _data(self._server.uid("SEARCH", f"UID {first}:{last}"))
        found = b" ".join(part for part in answer if isinstance(part, bytes)).split()
        # A server answers with the last e-mail where there is none in the range (RFC 3501, 6.4.8).
        return sorted({int(one) for one in found if one.isdigit() and first <= int(one) <= last})

    def _report(self, uid: int) -> bytes:
        kind = self._fetch(uid, "(BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)])")
        if not is_report(kind.decode("ascii", "replace")):
            return b""
        return self._fetch(uid, f"(BODY.PEEK[]<0.{LARGEST_REPORT_BYTES}>)")

    def _fetch(self, uid: int, what: str) -> bytes:
        answer = _data(self._server.uid("FETCH", str(uid), what))
        pieces = [part[1] for part in answer if isinstance(part, tuple) and isinstance(part[1], bytes)]
        # An e-mail that was deleted meanwhile has no piece.
        return pieces[0][:LARGEST_REPORT_BYTES] if pieces else b""

    def _number(self, name: str) -> int:
        _, answer = self._server.response(name)
        found = re.fullmatch(rb"\d{1,10}", (answer or [b""])[0] or b"")
        if found is None:
            raise InboxUnavailable(f"the server does not say its {name}")
        return int(found[0])


def open_inbox(url: str) -> ImapInbox | None:
    """The inbox for `imaps://user:password@host[:port][/folder]`; None for an empty address.

    Raises ValueError for any other address: without TLS neither password nor e-mails go over a line.
    """
    if not url:
        return None
    parts = urlsplit(url)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    is_plain = folder.isascii() and folder.isprintable() and not set(folder) & set('"\\')
    if parts.scheme != "imaps" or not parts.hostname or not parts.username or not is_plain:
        raise ValueError("SHOP_BOUNCE_IMAP_URL must look like imaps://user:password@host/INBOX")
    return ImapInbox(
        host=parts.hostname,
        port=parts.port or 993,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=folder,
    )


def _data(answer: tuple[str, list[Any]]) -> list[Any]:
    state, data = answer
    if state != "OK":
        raise InboxUnavailable(f"the server answers {state}: {str(data)[:200]}")
    return data


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise InboxUnavailable(str(error)[:400] or type(error).__name__) from error
