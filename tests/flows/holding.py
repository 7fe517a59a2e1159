"""A payment by the card of a company that is shut out: what the tests of holding and deciding start from."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.decide_hold import decide_hold
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.models import Payment
from app.payments.rules.holding import HoldDecision
from app.payments.rules.states import PaymentState
from tests import make
from tests.flows.till import Till

STAFF = Actor(ActorKind.STAFF, "Ole Brandt", 1)
CARD_OF_ALL = "fp-1"
HELD_MAILS = ["order_received", "order_being_checked"]


def other_company(session: Session, *, card: str = CARD_OF_ALL, **standing: Any) -> Customer:
    """A company that paid with a card here before."""
    with transaction(session):
        main_segment = standing.pop("main_segment", None)
        if main_segment is not None:
            standing["main_account_id"] = make.main_account(session, segment=main_segment).id
        company = make.customer(session, **standing)
        person = make.contact(session, of=company)
        order = make.order(
            session,
            of=company,
            by=person,
            bundle=make.bundle(session),
            state=OrderState.CANCELLED,
            cancel_reason=CancelReason.NOT_ADMITTED,
            cancelled_at=make.NOW,
        )
        make.saved(
            session,
            Payment(
                order_id=order.id or 0,
                state=PaymentState.RELEASED,
                token=f"of-{company.number}",
                amount_cents=order.gross_cents,
                card_fingerprint=card,
                release_reason="not_admitted",
                expires_at=make.NOW,
                created_at=make.NOW,
                changed_at=make.NOW,
                checked_at=make.NOW,
                settled_at=make.NOW,
            ),
        )
        session.expunge_all()
    return company


def pay(till: Till, **facts: Any) -> tuple[str, str]:
    """The order's number and the card page's session, paid on the page and not yet settled."""
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id, **{"capture_before_at": till.now + timedelta(days=7), **facts})
    return placed.number, session_id


def held(session: Session, till: Till) -> tuple[str, Screening]:
    """An order whose payment is held, and its case."""
    other_company(session, screening=ScreeningState.BLOCKED, company_name="Gesperrt AG")
    number, session_id = pay(till)
    assert till.settle(session_id=session_id) is PaymentState.HELD
    session.rollback()
    return number, session.exec(select(Screening)).one()


def go_on(session: Session, number: str, till: Till, **values: Any) -> None:
    arguments: dict[str, Any] = {
        "order_number": number,
        "decision": HoldDecision.GO_ON,
        "reason": "the managing directors are brothers",
        "actor": STAFF,
        "now": till.now,
    }
    decide_hold(session, **{**arguments, **values})


def settle_all(till: Till) -> None:
    for args in till.jobs():
        till.settle(payment_id=args["payment_id"])
