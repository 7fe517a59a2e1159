"""What the other side says of an e-mail that it took or refused: came back, complained of, or nothing that counts."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from enum import StrEnum

LARGEST_REPORT_BYTES = 256 * 1024
"""Of a report only so much is looked at: what counts stands in its first parts."""
MOST_IDS = 5
LONGEST_DETAIL = 500
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,198}>")
_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
_NOT_THE_ADDRESS = frozenset({(1, 7), (1, 8), (2, 3)})
"""Of the classes that speak of an address: the sender's own mailbox, the sender's system, a message too long."""


class Told(StrEnum):
    """What a report tells of an e-mail that had been handed over."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True)
class Report:
    """One report: what it tells, the Message-IDs it may be about, and whom it names; `status` as in RFC 3463."""

    told: Told
    message_ids: tuple[str, ...]
    recipient: str = ""
    status: str = ""
    detail: str = ""

    @property
    def marks_address(self) -> bool:
        """Whether the address itself is bad (or does not want our e-mails), not only this e-mail."""
        return self.told is Told.COMPLAINED or is_about_address(self.status)


def is_about_address(status: str) -> bool:
    """Whether an enhanced status code (RFC 3463) speaks of the recipient's address, not of sender, content or policy.

    5.0.x (no more is known), 5.1.x (addressing), 5.2.x (mailbox disabled or full) and 5.4.4 (no such host) do.
    """
    found = _STATUS.fullmatch(status.strip())
    if found is None or found[1] != "5":
        return False
    subject, detail = int(found[2]), int(found[3])
    if (subject, detail) in _NOT_THE_ADDRESS:
        return False
    return subject in (0, 1, 2) or (subject, detail) == (4, 4)


def status_of_answer(code: int, text: str) -> str:
    """The enhanced status of an SMTP answer to a recipient; made from the plain code where none is given.

    550, 551, 552 and 553 speak of the recipient's mailbox (RFC 5321, 4.2.2); 554 and the rest of nothing certain.
    """
    found = _STATUS.match(text.strip())
    if found is not None and found[1] == str(code)[:1]:
        return found[0]
    return {550: "5.1.1", 551: "5.1.6", 552: "5.2.2", 553: "5.1.3"}.get(code, "")


_LONG_LINE = re.compile(rb"(?:[^\n]{1,998}\n)*[^\n]{999}")
"""A line of the head that is longer than an e-mail may have one (RFC 5322, 2.1.1); an empty line ends the head."""


def read_report(raw: bytes) -> Report | None:
    """What an e-mail in the bounce inbox says, or None for all that is no final report about another e-mail.

    Reads delivery reports (RFC 3464) whose action is "failed", and complaints (RFC 5965). Delays, receipts,
    out-of-office answers and ordinary e-mails are None; so is anything that cannot be read.
    """
    if _LONG_LINE.match(raw):
        return None
    try:
        return _read(email.message_from_bytes(raw[:LARGEST_REPORT_BYTES]))
    except Exception:
        # Whatever a stranger's bytes do to the parser: one such e-mail must not stop all that come after it.
        return None


def is_report(content_type: str) -> bool:
    """Whether the Content-Type of an e-mail promises a report, so that the rest of it is worth reading."""
    return "multipart/report" in content_type.lower()


def _read(message: Message) -> Report | None:
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = list(_parts_of(message))
    ids = _ids_of(message, parts)
    for part in parts:
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            return _of_delivery(part, ids)
        if kind == "message/feedback-report":
            return _of_complaint(part, ids)
    return None


def _of_delivery(part: Message, ids: tuple[str, ...]) -> Report | None:
    for group in _parts_of(part):
        if _first(group, "Action").lower() != "failed":
            continue
        said = _first(group, "Diagnostic-Code") or _first(group, "Status")
        named = _first(group, "Original-Recipient") or _first(group, "Final-Recipient")
        found = _STATUS.search(_first(group, "Status"))
        return Report(
            Told.BOUNCED,
            ids,
            recipient=_address(named),
            status=found[0] if found else "",
            detail=_one_line(said),
        )
    return None


def _of_complaint(part: Message, ids: tuple[str, ...]) -> Report | None:
    fields = _fields_of(part)
    kind = _first(fields, "Feedback-Type").lower()
    if kind not in ("abuse", "fraud"):
        return None
    return Report(
        Told.COMPLAINED,
        ids,
        recipient=_address(_first(fields, "Original-Rcpt-To")),
        detail=_one_line(f"{kind} {_first(fields, 'User-Agent')}"),
    )


def _ids_of(message: Message, parts: list[Message]) -> tuple[str, ...]:
    """The Message-IDs that the returned e-mail carries; what the report itself answers comes after them."""
    found: list[str] = []
    for part in parts:
        if part.get_content_type() in _RETURNED:
            found += _MESSAGE_ID.findall(_first(_fields_of(part), "Message-ID"))
    for name in ("In-Reply-To", "References"):
        found += _MESSAGE_ID.findall(_first(message, name))
    return tuple(dict.fromkeys(found))[:MOST_IDS]


def _fields_of(part: Message) -> Message:
    """The header fields that stand in a part's body, parsed or still as text."""
    for inner in _parts_of(part):
        return inner
    body = part.get_payload(decode=True)
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
    return HeaderParser().parsestr(text.lstrip())


def _parts_of(message: Message) -> Iterator[Message]:
    payload = message.get_payload()
    if isinstance(payload, list):
        yield from (part for part in payload if isinstance(part, Message))


def _first(message: Message, name: str) -> str:
    # A header with bytes that are no text is no `str` in the standard library.
    return str(message.get(name, "")).strip()


def _address(field: str) -> str:
    """`rfc822; kim@firma.example` without its type, in lower case."""
    return field.rpartition(";")[2].strip().strip("<>").lower()[:254]


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:LONGEST_DETAIL]
