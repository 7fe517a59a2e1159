"""Received messages: read from SMTP, kept in memory and, if wanted, in a folder."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

_KEPT_COUNT = 5_000


@dataclass(frozen=True)
class Message:
    """One mail with its envelope; `raw` is what came over the wire."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    received_at: datetime
    raw: bytes

    def parsed(self) -> EmailMessage:
        """The mail as headers and parts."""
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def text(self) -> str:
        """The plain text, empty when there is none."""
        body = self.parsed().get_body(preferencelist=("plain",))
        return "" if body is None else str(body.get_content()).replace("\r\n", "\n")

    def subject(self) -> str:
        """The decoded subject."""
        return str(self.parsed().get("Subject", ""))

    def is_to(self, wanted: str) -> bool:
        """True when a recipient contains the wanted text, whatever the case."""
        return any(wanted.casefold() in recipient.casefold() for recipient in self.recipients)


class Mailbox:
    """All messages, oldest first inside, newest first to readers."""

    def __init__(self, folder: Path | None = None) -> None:
        self._messages: dict[str, Message] = {}
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for message in _read(folder):
                self._messages[message.id] = message

    def add(self, *, sender: str, recipients: list[str], raw: bytes) -> Message:
        """Keeps a message that has just come."""
        received_at = datetime.now(UTC)
        message_id = f"{received_at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
        message = Message(message_id, sender, tuple(recipients), received_at, raw)
        self._messages[message_id] = message
        if self._folder is not None:
            _write(self._folder, message)
        if len(self._messages) > _KEPT_COUNT:
            self._remove(next(iter(self._messages)))
        return message

    def find(self, message_id: str) -> Message | None:
        """The message or None."""
        return self._messages.get(message_id)

    def newest(self, *, to: str = "") -> list[Message]:
        """Newest first; with `to` only those with such a recipient."""
        return [message for message in reversed(self._messages.values()) if message.is_to(to)]

    def clear(self) -> int:
        """Forgets all messages, in the folder too; returns how many there were."""
        ids = list(self._messages)
        for message_id in ids:
            self._remove(message_id)
        return len(ids)

    def _remove(self, message_id: str) -> None:
        self._messages.pop(message_id)
        if self._folder is not None:
            for ending in ("eml", "json"):
                (self._folder / f"{message_id}.{ending}").unlink(missing_ok=True)


def _write(folder: Path, message: Message) -> None:
    (folder / f"{message.id}.eml").write_bytes(message.raw)
    envelope = {
        "sender": message.sender,
        "recipients": list(message.recipients),
        "received_at": message.received_at.isoformat(),
    }
    (folder / f"{message.id}.json").write_text(json.dumps(envelope))


def _read(folder: Path) -> Iterator[Message]:
    for envelope_path in sorted(folder.glob("*.json")):
        mail_path = envelope_path.with_suffix(".eml")
        if mail_path.exists():
            envelope = json.loads(envelope_path.read_text())
            yield Message(
                envelope_path.stem,
                envelope["sender"],
                tuple(envelope["recipients"]),
                datetime.fromisoformat(envelope["received_at"]),
                mail_path.read_bytes(),
            )
