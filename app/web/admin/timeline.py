"""All that happened to an order, in one line of time: events, payments, e-mails and what staff did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.audit.queries import entries_about
from app.core.errors import N_
from app.mail.models import MailState
from app.mail.queries import mails_about
from app.ordering.models import Order
from app.ordering.queries_desk import read_parts
from app.payments.queries_desk import payments_of_order
from app.web.admin import words

OWN_EVENTS = frozenset({"order.dispatched"})


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened; `label` is not translated yet, `detail` is a value to show as it is."""

    at: datetime
    label: str
    detail: str = ""
    by: str = ""
    url: str = ""


def order_timeline(session: Session, order: Order) -> list[TimelineEntry]:
    """The entries of an order, oldest first."""
    order_id = order.id or 0
    entries = [
        TimelineEntry(
            event.at,
            words.EVENTS.get(event.kind, event.kind),
            values_text(event.values),
            event.actor_name,
        )
        for event in read_parts(session, order_id).events
    ]
    for payment in payments_of_order(session, order_id):
        attempt = f"{payment.card_brand} {payment.card_last4}".strip()
        moments = (
            (payment.created_at, N_("Payment attempt began"), attempt),
            (payment.authorised_at, N_("Card authorised"), attempt),
            (
                payment.settled_at,
                words.PAYMENTS[payment.state].label,
                payment.failure_code or payment.release_reason,
            ),
        )
        entries += [TimelineEntry(at, label, detail) for at, label, detail in moments if at is not None]
    for mail in mails_about(session, "order", order_id):
        kind, url = words.MAIL_KINDS.get(mail.kind, mail.kind), f"/admin/mail/{mail.id}"
        entries.append(TimelineEntry(mail.created_at, N_("E-mail written"), kind, url=url))
        if mail.state is MailState.SENT and mail.sent_at is not None:
            entries.append(TimelineEntry(mail.sent_at, N_("E-mail sent"), kind, url=url))
    # What is on the order's own timeline already is not said twice.
    entries += [
        TimelineEntry(act.at, words.ACTIONS.get(act.action, act.action), act.reason, act.actor_name)
        for act in entries_about(session, "order", order_id)
        if act.action not in OWN_EVENTS
    ]
    return sorted(entries, key=lambda entry: entry.at)


def values_text(values: dict[str, Any]) -> str:
    """The values of an event as one line: `carrier: Post, tracking_code: 123`; empty ones are left out."""
    return ", ".join(f"{name}: {value}" for name, value in values.items() if value not in (None, "", [], {}))
