"""The kinds of jobs: which flow each calls, what its last failure leaves, and which come again by themselves."""

from datetime import timedelta

from app.handlers import (
    books,
    cards,
    catalogue,
    customers,
    imports,
    mails,
    orders,
    papers,
    payments,
    rating,
    tidying,
    vat,
)
from app.handlers.handler import Failed, Handler

ROOMS = (
    mails,
    payments,
    cards,
    customers,
    orders,
    rating,
    catalogue,
    imports,
    papers,
    books,
    vat,
    tidying,
)

HANDLERS: dict[str, Handler] = {kind: one for room in ROOMS for kind, one in room.HANDLERS.items()}
"""Each job kind and what it calls."""

GIVE_UP: dict[str, Failed] = {
    kind: one for room in ROOMS for kind, one in getattr(room, "GIVE_UP", {}).items()
}
"""What is done when a kind's last attempt has failed."""

RECURRING: dict[str, timedelta] = {
    kind: every for room in ROOMS for kind, every in getattr(room, "RECURRING", {}).items()
}
"""Kinds that put themselves again and again."""

LONGEST_BACKOFF: dict[str, timedelta] = {
    kind: longest for room in ROOMS for kind, longest in getattr(room, "LONGEST_BACKOFF", {}).items()
}
"""Kinds that are tried again sooner than others after many failures."""
