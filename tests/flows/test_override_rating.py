"""Overrides: a reason and a last day, a second person where the policy wants one, and the gate that obeys."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.customers.gate import admission_now
from app.customers.models import Customer
from app.customers.rules.admission import Admission
from app.flows.change_segment import change_segment
from app.flows.override_rating import (
    Target,
    decide_override,
    end_due_overrides,
    end_override,
    propose_override,
)
from app.mainbrand.models import MainAccount, OverrideState, RatingOverride
from app.mainbrand.rules.segments import Segment
from app.policy.models import PolicyVersion
from app.policy.rules.policy import OverrideApproval, Policy, to_values
from tests import make

ROBIN = Actor(ActorKind.STAFF, "Robin", 7)
KIM = Actor(ActorKind.STAFF, "Kim", 8)


@pytest.fixture
def account(session: Session) -> MainAccount:
    return make.main_account(session, segment=Segment.B, segment_reason="revenue", rated_segment=Segment.B)


def propose(session: Session, now: datetime, target: Target, **values: object) -> bool:
    given = {
        "segment": Segment.C,
        "reason": "closes its works",
        "last_on": now.date() + timedelta(days=10),
        "today": now.date(),
        "actor": ROBIN,
        "now": now,
        **values,
    }
    return propose_override(session, target, **given)  # type: ignore[arg-type]


def want_two(session: Session, now: datetime) -> None:
    values = to_values(Policy(override_approval=OverrideApproval.TWO))
    make.saved(session, PolicyVersion(values=values, changed_by="test", reason="test", created_at=now))


def only(session: Session) -> RatingOverride:
    session.rollback()
    session.expire_all()
    return session.exec(select(RatingOverride)).one()


def segment_of(session: Session, row: MainAccount | Customer) -> Segment:
    session.rollback()
    return Segment(session.get_one(type(row), row.id, populate_existing=True).segment)


def test_an_override_counts_at_the_gate_at_once_and_until_it_is_ended(
    session: Session, account: MainAccount, now: datetime
) -> None:
    customer = make.customer(session, main_account_id=account.id)
    person = make.contact(session, of=customer)

    def gate() -> Admission:
        with transaction(session):
            return admission_now(session, customer.id or 0, contact_id=person.id or 0)

    assert gate() is Admission.MAIN_BRAND
    assert propose(session, now, Target(account_id=account.id)) is True
    assert gate() is Admission.ADMITTED

    end_override(session, only(session).id or 0, actor=KIM, now=now)

    assert gate() is Admission.MAIN_BRAND
    assert only(session).state is OverrideState.ENDED
    actions = [entry.action for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]
    assert actions == ["rating.overridden", "rating.override_ended"]


def test_where_the_policy_wants_two_the_proposer_cannot_approve(
    session: Session, account: MainAccount, now: datetime
) -> None:
    want_two(session, now)

    assert propose(session, now, Target(account_id=account.id)) is False
    assert segment_of(session, account) is Segment.B
    waiting = only(session).id or 0
    with pytest.raises(Refused) as refused:
        decide_override(session, waiting, is_approved=True, actor=ROBIN, now=now)
    assert refused.value.code == "override.same_person"
    assert segment_of(session, account) is Segment.B

    decide_override(session, waiting, is_approved=True, actor=KIM, now=now)

    assert segment_of(session, account) is Segment.C
    with pytest.raises(Refused):
        decide_override(session, waiting, is_approved=True, actor=KIM, now=now)


def test_a_refused_or_forgotten_proposal_never_counts(
    session: Session, account: MainAccount, now: datetime
) -> None:
    want_two(session, now)
    propose(session, now, Target(account_id=account.id))
    decide_override(session, only(session).id or 0, is_approved=False, actor=KIM, now=now)
    assert only(session).state is OverrideState.REFUSED

    other = make.main_account(session, segment=Segment.B)
    propose(session, now, Target(account_id=other.id))
    end_due_overrides(session, today=now.date() + timedelta(days=11), now=now)

    states = [one.state for one in session.exec(select(RatingOverride))]
    assert states == [OverrideState.REFUSED, OverrideState.REFUSED]
    assert (segment_of(session, account), segment_of(session, other)) == (Segment.B, Segment.B)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 401}, "reason"),
        ({"segment": Segment.UNRATED}, "segment"),
        ({"days": -1}, "last_on"),
        ({"days": 366}, "last_on"),
    ],
)
def test_what_is_missing_is_named_and_nothing_changes(
    session: Session, account: MainAccount, now: datetime, values: dict[str, object], field: str
) -> None:
    given = dict(values)
    if "days" in given:
        given["last_on"] = now.date() + timedelta(days=int(str(given.pop("days"))))

    with pytest.raises(Invalid) as invalid:
        propose(session, now, Target(account_id=account.id), **given)

    assert [fault.field for fault in invalid.value.fields] == [field]
    assert session.exec(select(RatingOverride)).all() == []
    assert segment_of(session, account) is Segment.B


def test_a_company_has_one_override_at_a_time(session: Session, account: MainAccount, now: datetime) -> None:
    propose(session, now, Target(account_id=account.id))

    with pytest.raises(Refused) as refused:
        propose(session, now, Target(account_id=account.id), segment=Segment.A)

    assert refused.value.code == "override.open"
    assert segment_of(session, account) is Segment.C


def test_a_customers_override_gives_back_what_it_had(session: Session, now: datetime) -> None:
    customer = make.customer(session, segment=Segment.C, segment_reason="unknown to the main brand")
    propose(session, now, Target(customer_id=customer.id), segment=Segment.B)
    assert segment_of(session, customer) is Segment.B

    end_due_overrides(session, today=now.date() + timedelta(days=11), now=now)

    back = session.get_one(Customer, customer.id, populate_existing=True)
    assert (back.segment, back.segment_reason) == (Segment.C, "unknown to the main brand")


def test_a_segment_given_for_good_ends_the_override(session: Session, now: datetime) -> None:
    customer = make.customer(session, segment=Segment.C)
    propose(session, now, Target(customer_id=customer.id), segment=Segment.B)

    change_segment(session, customer.id or 0, segment=Segment.A, reason="big now", actor=KIM, now=now)
    end_due_overrides(session, today=now.date() + timedelta(days=11), now=now)

    assert segment_of(session, customer) is Segment.A
    assert only(session).state is OverrideState.ENDED


def test_where_the_policy_wants_two_nobody_gives_a_segment_alone(session: Session, now: datetime) -> None:
    want_two(session, now)
    customer = make.customer(session, segment=Segment.C)

    with pytest.raises(Refused) as refused:
        change_segment(session, customer.id or 0, segment=Segment.A, reason="big", actor=KIM, now=now)

    assert refused.value.code == "customer.needs_second"
    assert segment_of(session, customer) is Segment.C
