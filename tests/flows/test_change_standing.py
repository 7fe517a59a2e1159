from collections.abc import Callable
from datetime import datetime

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, NotFound
from app.core.transaction import transaction
from app.customers.gate import admission_now
from app.customers.models import Contact, Customer
from app.customers.rules.admission import Admission
from app.flows.change_segment import change_segment
from app.flows.change_standing import move_up, resume, suspend
from app.mainbrand.rules.segments import Segment
from tests import make

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)


@pytest.fixture
def contact(session: Session) -> Contact:
    return make.contact(session, of=make.customer(session))


def _gate(session: Session, contact: Contact) -> Admission:
    with transaction(session):
        return admission_now(session, contact.customer_id, contact_id=contact.id or 0)


@pytest.mark.parametrize(
    "segment, admission",
    [
        (Segment.A, Admission.MAIN_BRAND),
        (Segment.B, Admission.MAIN_BRAND),
        (Segment.UNRATED, Admission.UNRATED),
    ],
)
def test_another_segment_closes_the_gate_at_once_and_c_opens_it_again(
    session: Session, contact: Contact, now: datetime, segment: Segment, admission: Admission
) -> None:
    change = {"actor": ACTOR, "now": now}

    assert change_segment(session, contact.customer_id, segment=segment, reason="grew", **change) is True
    assert _gate(session, contact) is admission
    assert change_segment(session, contact.customer_id, segment=Segment.C, reason="shrank", **change) is True
    assert _gate(session, contact) is Admission.ADMITTED

    entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
    assert [entry.reason for entry in entries] == ["grew", "shrank"]
    assert entries[0].old == {"segment": "C", "segment_reason": "unknown to the main brand"}
    assert entries[0].new == {"segment": segment.value, "segment_reason": "grew"}


@pytest.mark.parametrize("act, admission", [(suspend, Admission.SUSPENDED), (move_up, Admission.MOVED_UP)])
def test_suspending_and_moving_up_close_the_gate_once(
    session: Session, contact: Contact, now: datetime, act: Callable[..., bool], admission: Admission
) -> None:
    assert act(session, contact.customer_id, reason="too many calls", actor=ACTOR, now=now) is True
    assert act(session, contact.customer_id, reason="again", actor=ACTOR, now=now) is False

    assert _gate(session, contact) is admission
    assert session.exec(select(AuditEntry.reason)).all() == ["too many calls"]


def test_a_suspended_company_is_served_again(session: Session, contact: Contact, now: datetime) -> None:
    suspend(session, contact.customer_id, reason="too many calls", actor=ACTOR, now=now)

    assert resume(session, contact.customer_id, reason="it was our fault", actor=ACTOR, now=now) is True
    assert resume(session, contact.customer_id, reason="again", actor=ACTOR, now=now) is False

    assert _gate(session, contact) is Admission.ADMITTED
    customer = session.get_one(Customer, contact.customer_id)
    assert (customer.suspended_at, customer.suspended_reason) == (None, "")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
@pytest.mark.parametrize("act", [suspend, resume, move_up])
def test_without_a_reason_nothing_happens(
    session: Session, contact: Contact, now: datetime, act: Callable[..., bool], reason: str
) -> None:
    with pytest.raises(Invalid) as fault:
        act(session, contact.customer_id, reason=reason, actor=ACTOR, now=now)

    assert [one.field for one in fault.value.fields] == ["reason"]
    assert _gate(session, contact) is Admission.ADMITTED
    assert session.exec(select(AuditEntry)).all() == []


def test_an_unknown_company_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        suspend(session, 999, reason="x", actor=ACTOR, now=now)
    with pytest.raises(NotFound):
        change_segment(session, 999, segment=Segment.B, reason="x", actor=ACTOR, now=now)
