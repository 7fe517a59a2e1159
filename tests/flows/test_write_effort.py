from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.care.models import EffortEvent
from app.care.rules.effort import EffortCause, EffortKind
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows.write_effort import Touch, correct_effort, write_effort
from app.jobs.models import Job
from app.ordering.models import Order, OrderEvent
from app.ordering.rules.states import OrderState
from tests.flows.effort import LINA, Care, company_with_an_order

CALL = Touch("phone_help", "theirs", None, "Asked where the parcel is.")
FAILED = Touch("failed_delivery", "undecided", 30, "Nobody at the ramp.")


def write(care: Care, now: datetime, touch: Touch = CALL, **values: Any) -> bool:
    facts = {"order_number": care.order_number, "form_key": "form-key-1", **values}
    return write_effort(care.session, touch, actor=LINA, now=now, **facts)


def ledger(session: Session) -> list[tuple[EffortKind, EffortCause, int, int | None]]:
    session.rollback()
    rows = session.exec(select(EffortEvent).order_by(col(EffortEvent.id)))
    return [(row.kind, row.cause, row.minutes, row.order_id) for row in rows]


def order_events(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(OrderEvent.kind)))


def test_help_on_the_phone_is_noted_once_however_often_the_form_is_sent(
    session: Session, now: datetime
) -> None:
    care = company_with_an_order(session, now)

    assert [write(care, now), write(care, now)] == [True, False]
    assert write(care, now, order_number="", customer_number=care.customer().number, form_key="form-key-2")

    phone, theirs = EffortKind.PHONE_HELP, EffortCause.THEIRS
    assert ledger(session) == [(phone, theirs, 15, care.order_id), (phone, theirs, 15, None)]


def test_a_failed_delivery_stands_on_the_timeline_of_an_order_that_has_left(
    session: Session, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    with pytest.raises(Refused):
        write(care, now, FAILED)
    assert (ledger(session), order_events(session)) == ([], [])

    with transaction(session):
        session.get_one(Order, care.order_id).state = OrderState.DISPATCHED
    assert [write(care, now, FAILED), write(care, now, FAILED)] == [True, False]

    assert ledger(session) == [(EffortKind.FAILED_DELIVERY, EffortCause.UNDECIDED, 30, care.order_id)]
    assert order_events(session) == ["delivery_failed"]


@pytest.mark.parametrize(
    "touch, field",
    [
        (Touch("complaint", "theirs", None, ""), "kind"),
        (Touch("phone_help", "paid", None, ""), "cause"),
        (Touch("phone_help", "", None, ""), "cause"),
        (Touch("phone_help", "theirs", 0, ""), "minutes"),
        (Touch("phone_help", "theirs", 601, ""), "minutes"),
        (Touch("phone_help", "theirs", 1, "x" * 401), "note"),
    ],
)
def test_a_touch_that_is_written_down_wrongly_is_not_noted(
    session: Session, now: datetime, touch: Touch, field: str
) -> None:
    care = company_with_an_order(session, now)

    with pytest.raises(Invalid) as raised:
        write(care, now, touch)

    assert [fault.field for fault in raised.value.fields] == [field]
    assert ledger(session) == []


def test_a_touch_of_nobody_is_not_noted(session: Session, now: datetime) -> None:
    care = company_with_an_order(session, now)

    with pytest.raises(NotFound):
        write(care, now, order_number="S-NOBODY")
    with pytest.raises(NotFound):
        write(care, now, order_number="", customer_number="K-NOBODY")


def test_a_cause_is_corrected_with_a_reason_and_the_event_stays(session: Session, now: datetime) -> None:
    care = company_with_an_order(session, now)
    event_id = care.touch(40, at=now)

    with pytest.raises(Invalid):
        correct_effort(session, event_id, cause="undecided", reason=" ", actor=LINA, now=now)
    for _ in range(2):
        correct_effort(session, event_id, cause="ours", reason="our label was wrong", actor=LINA, now=now)

    event = session.get_one(EffortEvent, event_id)
    assert (event.cause, event.minutes, event.correction_reason) == (
        EffortCause.OURS,
        40,
        "our label was wrong",
    )
    assert care.acts() == ["effort.corrected"]
    assert [job.args["is_lighter"] for job in session.exec(select(Job).order_by(col(Job.id)))] == [
        False,
        True,
    ]
    with pytest.raises(NotFound):
        correct_effort(session, 999, cause="ours", reason="x", actor=LINA, now=now)
