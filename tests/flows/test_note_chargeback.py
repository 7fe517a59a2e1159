from datetime import datetime

import pytest
from sqlmodel import Session, select

from app.care.models import EffortEvent
from app.care.rules.effort import EffortCause
from app.flows.note_chargeback import note_chargeback
from app.flows.receive_stripe_event import receive_stripe_event
from app.jobs.models import Job
from app.ordering.models import OrderEvent
from app.payments.models import Payment, StripeEvent
from app.payments.rules.facts import DisputeFacts, EventFacts
from tests import make
from tests.fakes import FakeStripe
from tests.flows.effort import Care, company_with_an_order


def paid(session: Session, now: datetime) -> Care:
    care = company_with_an_order(session, now)
    make.saved(
        session,
        Payment(
            order_id=care.order_id,
            token="t",
            amount_cents=11_900,
            intent_id="pi_1",
            expires_at=now,
            created_at=now,
            changed_at=now,
            checked_at=now,
        ),
    )
    return care


def tell(session: Session, stripe: FakeStripe, kind: str, *, event_id: str, now: datetime) -> None:
    """Stripe tells us, and the worker looks."""
    receive_stripe_event(session, EventFacts(event_id, f"charge.dispute.{kind}", "dp_1"), now=now)
    session.rollback()
    args = [job.args for job in session.exec(select(Job).where(Job.kind == "note_chargeback"))][-1]
    note_chargeback(
        session,
        stripe,  # type: ignore[arg-type]
        dispute_id=args["dispute_id"],
        event_row_id=args["event_row_id"],
        now=now,
    )


def ledger(session: Session) -> list[tuple[EffortCause, int, str]]:
    session.rollback()
    return [(row.cause, row.minutes, row.note) for row in session.exec(select(EffortEvent))]


def test_a_chargeback_is_one_effort_that_counts_once_the_bank_finds_for_us(
    session: Session, now: datetime
) -> None:
    care, stripe = paid(session, now), FakeStripe()
    stripe.disputes["dp_1"] = DisputeFacts("dp_1", "needs_response", "product_not_received", "pi_1")

    for event_id, kind in (("evt_1", "created"), ("evt_2", "funds_withdrawn")):
        tell(session, stripe, kind, event_id=event_id, now=now)
    assert ledger(session) == [(EffortCause.UNDECIDED, 60, "product not received")]

    stripe.disputes["dp_1"] = DisputeFacts("dp_1", "won", "product_not_received", "pi_1")
    tell(session, stripe, "closed", event_id="evt_3", now=now)

    assert ledger(session) == [(EffortCause.THEIRS, 60, "product not received")]
    assert [event.order_id for event in session.exec(select(OrderEvent))] == [care.order_id]
    assert all(event.handled_at for event in session.exec(select(StripeEvent)))


@pytest.mark.parametrize(
    "status, intent_id", [("warning_needs_response", "pi_1"), ("needs_response", "pi_strange")]
)
def test_an_inquiry_and_a_strangers_dispute_are_no_effort(
    session: Session, now: datetime, status: str, intent_id: str
) -> None:
    paid(session, now)
    stripe = FakeStripe()
    stripe.disputes["dp_1"] = DisputeFacts("dp_1", status, "fraudulent", intent_id)

    tell(session, stripe, "created", event_id="evt_1", now=now)

    assert ledger(session) == []
    assert all(event.handled_at for event in session.exec(select(StripeEvent)))


def test_a_lost_dispute_waits_for_a_person_to_say_whose_fault_it_was(session: Session, now: datetime) -> None:
    paid(session, now)
    stripe = FakeStripe()
    stripe.disputes["dp_1"] = DisputeFacts("dp_1", "lost", "general", "pi_1")

    tell(session, stripe, "closed", event_id="evt_1", now=now)

    assert ledger(session) == [(EffortCause.UNDECIDED, 60, "general")]
