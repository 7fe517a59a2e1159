"""Orders that wait for their run: what the tests of runs, late orders and the calendar start from."""

from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.mail.models import Mail
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from tests import make

STAFF = Actor(ActorKind.STAFF, "Robin", 7)
HERE = {"state": "SN", "timezone": "Europe/Berlin"}
RUN, NEXT = date(2026, 3, 3), date(2026, 3, 10)
"""The Tuesdays after the tests' Monday."""


def company(session: Session, **values: Any) -> tuple[Customer, Contact]:
    """A company with the person who orders for it."""
    with transaction(session):
        customer = make.customer(session)
        return customer, make.contact(session, of=customer, **values)


def order(session: Session, of: tuple[Customer, Contact], dispatch_on: date = RUN, **values: Any) -> Order:
    """An accepted order that waits for a run and was promised two days after it."""
    defaults = {
        "state": OrderState.ACCEPTED,
        "accepted_at": make.NOW,
        "dispatch_on": dispatch_on,
        "promised_on": date.fromordinal(dispatch_on.toordinal() + 2),
    }
    with transaction(session):
        bundle = values.pop("bundle", None) or make.bundle(session)
        return make.order(session, of=of[0], by=of[1], bundle=bundle, **{**defaults, **values})


def mails(session: Session) -> list[tuple[str, str]]:
    """Kind and new date of each mail so far."""
    session.rollback()
    return [
        (mail.kind, mail.values.get("expected_on", ""))
        for mail in session.exec(select(Mail).order_by(col(Mail.id)))
    ]
