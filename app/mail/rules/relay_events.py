"""What a relay tells in the simple form of POST /hooks/mail, read into reports."""

import json
from typing import Any

from app.mail.rules.reports import LONGEST_DETAIL, Report, Told

MOST_EVENTS = 500


class Unreadable(Exception):
    """The body is not of the documented form."""


def read_events(body: bytes) -> list[Report]:
    """The bounces and complaints of a body such as {"events": [{"event": "bounced", "message_id": "<…>"}]}.

    Other events (delivered, delayed, opened …) are left out: they say nothing that counts. Raises Unreadable.
    """
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the body is no JSON") from error
    events = posted.get("events") if isinstance(posted, dict) else None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        raise Unreadable(f"'events' must be a list of at most {MOST_EVENTS}")
    return [report for report in map(_report, events) if report is not None]


def _report(event: Any) -> Report | None:
    if not isinstance(event, dict):
        raise Unreadable("each event must be an object")
    try:
        told = Told(_text(event, "event"))
    except ValueError:
        return None
    message_id = _text(event, "message_id").strip()
    if not message_id:
        raise Unreadable("an event needs the 'message_id' of the e-mail")
    return Report(
        told,
        (message_id if message_id.startswith("<") else f"<{message_id}>",),
        recipient=_text(event, "recipient").lower(),
        status=_text(event, "status"),
        detail=" ".join(_text(event, "detail").split()),
    )


def _text(event: dict[str, Any], name: str) -> str:
    value = event.get(name, "")
    if not isinstance(value, str):
        raise Unreadable(f"'{name}' must be a text")
    # No database column takes a NUL or half of a surrogate pair.
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else " " for c in clean)[:LONGEST_DETAIL]
