"""What was agreed before a test begins: a policy in force, and a company's exception of sizes."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session

from app.catalogue.models import Bundle
from app.customers.models import Customer
from app.ordering.models import Agreement
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, to_values
from tests import make


def policy(session: Session, **values: Any) -> PolicyVersion:
    """A policy in force with these values and defaults otherwise."""
    stored = to_values(replace(Policy(), **values))
    return make.saved(
        session, PolicyVersion(values=stored, changed_by="test", reason="test", created_at=make.NOW)
    )


def agreement(session: Session, *, of: Customer, bundle: Bundle, **values: Any) -> Agreement:
    """An exception for a company and a bundle until the end of 2026."""
    defaults: dict[str, Any] = {
        "customer_id": of.id,
        "bundle_id": bundle.id,
        "ends_on": date(2026, 12, 31),
        "ends_at": datetime(2026, 12, 31, 23, tzinfo=UTC),
        "reason": "a small shelf",
        "agreed_by": "Lea Leitung",
        "created_at": make.NOW,
    }
    return make.saved(session, Agreement(**{**defaults, **values}))
