"""All that happened to an order, in one line of time: events, payments, e-mails and what staff did."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from sqlmodel import Session

from app.audit.queries import entries_about
from app.core.errors import N_
from app.core.i18n import translate
from app.core.rendering import LOCALES
from app.mail.models import MailState
from app.mail.queries import mails_about
from app.ordering.models import Order
from app.ordering.queries_desk import read_parts
from app.ordering.rules.states import CancelReason, OrderKind
from app.payments.models import Payment
from app.payments.queries_desk import payments_of_order
from app.payments.rules.states import PaymentState
from app.web.admin import words

OWN_EVENTS = frozenset(
    {
        "order.dispatched",
        "order.chargeback_passed",
        "payment.held",
        "refund.done",
        "refund.failed",
        "payment.fraud_warned",
        "service.done",
    }
)
EVENT_RANKS = {
    "placed": 0,
    "payment_started": 2,
    "payment_failed": 4,
    "payment_held": 4,
    "payment_released": 6,
    "promise_moved": 7,
    "joining_missed": 7,
    "accepted": 8,
    "cancelled": 8,
    "late": 8,
    "dispatched": 9,
    "complaint_filed": 9,
    "complaint_answered": 9,
}
OTHERS_RANK = 4
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened; `label` is not translated yet, `detail` is."""

    at: datetime
    label: str
    detail: str = ""
    by: str = ""
    url: str = ""
    rank: int = 0
    """Which of several entries of one moment comes first: causes before their effects."""


def order_timeline(session: Session, order: Order, *, language: str) -> list[TimelineEntry]:
    """The entries of an order, oldest first."""
    order_id = order.id or 0
    entries = [
        TimelineEntry(
            event.at,
            _event_words(order, event.kind),
            values_text(event.values, language=language),
            event.actor_name,
            rank=EVENT_RANKS.get(event.kind, OTHERS_RANK),
        )
        for event in read_parts(session, order_id).events
    ]
    for payment in payments_of_order(session, order_id):
        attempt = f"{payment.card_brand} {payment.card_last4}".strip()
        moments = (
            (payment.created_at, N_("Payment attempt began"), attempt, 1),
            (payment.authorised_at, N_("Card authorised"), attempt, 3),
            (payment.settled_at, words.PAYMENTS[payment.state].label, _why(payment, language), 5),
        )
        entries += [
            TimelineEntry(at, label, detail, rank=rank)
            for at, label, detail, rank in moments
            if at is not None
        ]
    for mail in mails_about(session, "order", order_id):
        kind, url = words.MAIL_KINDS.get(mail.kind), f"/admin/mail/{mail.id}"
        kind = translate(language, kind) if kind else mail.kind
        entries.append(TimelineEntry(mail.created_at, N_("E-mail written"), kind, url=url, rank=10))
        if mail.state is MailState.SENT and mail.sent_at is not None:
            entries.append(TimelineEntry(mail.sent_at, N_("E-mail sent"), kind, url=url, rank=11))
    # What is on the order's own timeline already is not said twice.
    entries += [
        TimelineEntry(
            act.at,
            words.ACTIONS.get(act.action, act.action),
            _reason(act.reason, language),
            act.actor_name,
            rank=OTHERS_RANK,
        )
        for act in entries_about(session, "order", order_id)
        if act.action not in OWN_EVENTS
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.rank))


def _event_words(order: Order, kind: str) -> str:
    if kind == "accepted" and order.kind is OrderKind.REPLACEMENT:
        return N_("Order accepted")
    of_kind = words.SERVICE_EVENTS if order.kind is OrderKind.SERVICE else words.EVENTS
    return of_kind.get(kind, kind)


def _why(payment: Payment, language: str) -> str:
    # A card that was declined before another one paid is told by an event of its own.
    if payment.state is PaymentState.CAPTURED:
        return ""
    return payment.failure_code or _reason(payment.release_reason, language)


def values_text(values: dict[str, Any], *, language: str) -> str:
    """The values of an event as one line: `Carrier: Post, Tracking code: 123`; empty ones are left out."""
    return ", ".join(
        f"{translate(language, words.EVENT_VALUES.get(name, name))}: {_value_text(name, value, language)}"
        for name, value in values.items()
        if value not in (None, "", [], {})
    )


def _value_text(name: str, value: Any, language: str) -> str:
    if name == "reason":
        return _reason(str(value), language)
    if name.endswith("_cents"):
        return format_currency(Decimal(value) / 100, "EUR", locale=LOCALES[language])
    if isinstance(value, str) and ISO_DATE.fullmatch(value):
        return format_date(date.fromisoformat(value), format="medium", locale=LOCALES[language])
    return str(value)


def _reason(key: str, language: str) -> str:
    if key in words.RELEASE_REASONS:
        return translate(language, words.RELEASE_REASONS[key])
    reason = next((one for one in CancelReason if one == key), None)
    return translate(language, words.CANCEL_REASONS[reason]) if reason else key
