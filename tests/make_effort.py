"""Rows of the ledger of effort, saved, with believable defaults."""

import itertools
from typing import Any

from sqlmodel import Session

from app.care.models import EffortEvent
from app.care.rules.effort import EffortCause, EffortKind
from app.customers.models import Customer
from tests.make import NOW, saved

_count = itertools.count(1)


def effort_event(session: Session, *, of: Customer, **values: Any) -> EffortEvent:
    """A telephone call of a quarter of an hour that the customer caused."""
    defaults: dict[str, Any] = {
        "customer_id": of.id,
        "kind": EffortKind.PHONE_HELP,
        "cause": EffortCause.THEIRS,
        "minutes": 15,
        "note": "fragte nach dem Paket",
        "source_key": f"call:{next(_count)}",
        "noted_by": "Kim Büro",
        "at": NOW,
    }
    return saved(session, EffortEvent(**{**defaults, **values}))
