"""A company with a kept card: what the tests of cards and fees start from."""

from typing import Any

from sqlmodel import col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.models import Bundle
from app.core.transaction import transaction
from app.flows.charge_fee import charge_fee
from app.flows.charge_kept_card import charge_kept_card, pay_with_kept_card
from app.flows.keep_card import keep_card, let_card_go, look_at_card
from app.ordering.models import CartLine
from app.payments.models_cards import CardConsent, SavedCard
from app.payments.rules.states import PaymentState
from tests import make
from tests.flows.services import Counter
from tests.flows.till import CALENDAR, Till

FINANCE = Actor(ActorKind.STAFF, "Fina Nanz", 7)


def work(till: Till) -> None:
    """What the worker does about cards, each job once."""
    for args in till.jobs("keep_card"):
        with till.database.session() as session:
            keep_card(session, till.stripe, now=till.now, **args)  # type: ignore[arg-type]
    for args in till.jobs("look_at_card"):
        with till.database.session() as session:
            look_at_card(
                session,
                till.stripe,  # type: ignore[arg-type]
                now=till.now,
                **{"event_row_id": None, **args},
            )
    for args in till.jobs("detach_card"):
        with till.database.session() as session:
            let_card_go(session, till.stripe, **args)  # type: ignore[arg-type]


def refill(till: Till) -> None:
    """The first bundle is in the cart again."""
    with till.database.session() as session, transaction(session):
        bundle = session.exec(select(Bundle).order_by(col(Bundle.id)).limit(1)).one()
        if not session.exec(select(CartLine).where(col(CartLine.bundle_id) == bundle.id)).first():
            make.cart_line(session, of=till.customer, bundle=bundle, quantity=3)


def pay_and_keep(till: Till, *, key: str = "keep-1") -> str:
    """An order of goods, paid by card page with the box ticked; its number."""
    refill(till)
    placed = till.place(key=key, keeps_card=True)
    session_id = till.session_at(till.start(placed.number))
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)
    work(till)
    return placed.number


def cards(till: Till) -> list[SavedCard]:
    with till.database.read_session() as session:
        return list(session.exec(select(SavedCard).order_by(col(SavedCard.id))))


def consents(till: Till) -> list[CardConsent]:
    with till.database.read_session() as session:
        return list(session.exec(select(CardConsent).order_by(col(CardConsent.id))))


def begin(till: Till, number: str) -> int:
    """The button that charges the kept card, up to where Stripe is asked."""
    with till.database.session() as session:
        return pay_with_kept_card(
            session,
            order_number=number,
            customer_id=till.customer.id or 0,
            contact_id=till.contact.id or 0,
            now=till.now,
        )


def charge(till: Till, payment_id: int) -> PaymentState | None:
    """Stripe is asked, and what comes of it settled."""
    with till.database.session() as session:
        charge_kept_card(session, till.stripe, payment_id=payment_id, now=till.now)  # type: ignore[arg-type]
    return till.settle(payment_id=payment_id)


def phone_help(counter: Counter, *, key: str = "fee-1") -> str:
    """An unpaid order of help by phone; its number."""
    return counter.order("phone-help", key=key, quantity=1).number


def fee(counter: Counter, **changed: Any) -> str:
    """Staff charge a quarter of an hour on the phone; the number of the order that it is."""
    values: dict[str, Any] = {
        "customer_number": counter.till.customer.number,
        "service_id": counter.service("phone-help").id,
        "quantity": 1,
        "reason": "Help with a seal on 24 November",
        "form_key": "fee-form-1",
        "actor": FINANCE,
        "calendar": CALENDAR,
        "now": counter.till.now,
    }
    with counter.till.database.session() as session:
        return charge_fee(session, **{**values, **changed})
