from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from app.audit.service import SYSTEM
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.flows.change_standing import resume
from app.flows.decide_effort import decide_step, override_effort, stop_override
from app.flows.review_effort import end_effort_overrides
from tests.flows.effort import FEE as FEE_MINUTES
from tests.flows.effort import LINA, REFUSAL, WARNING, Care, company_with_an_order, faults

NORMAL, WARNED, FEE, REFUSED = EffortLevel
HOUR = timedelta(hours=1)
TODAY = date(2026, 3, 2)
WHY = "Eleven calls in four weeks, twice warned."


def refusal_waiting(session: Session, now: datetime, **values: object) -> Care:
    """A company on the effort fee whose refusal waits for a person."""
    care = company_with_an_order(session, now, **values)
    for hours, minutes in enumerate((WARNING, FEE_MINUTES - WARNING, REFUSAL)):
        care.touch(minutes, at=now - timedelta(hours=3 - hours))
        care.review(now - timedelta(hours=3 - hours))
    assert care.standing().proposed_level is REFUSED
    return care


def decide(care: Care, now: datetime, decision: str = "confirm", **values: object) -> EffortLevel:
    facts = {"proposed": "refused", "reason": WHY, "actor": LINA, **values}
    return decide_step(care.session, care.customer_id, decision=decision, now=now, **facts)  # type: ignore[arg-type]


def override(care: Care, now: datetime, level: EffortLevel, ends_on: date = TODAY, reason: str = WHY) -> None:
    override_effort(
        care.session,
        care.customer_id,
        level=level.value,
        ends_on=ends_on,
        reason=reason,
        today=TODAY,
        actor=LINA,
        now=now,
    )


def test_a_confirmed_refusal_closes_the_shop_with_its_reason_and_is_told(
    session: Session, database: Database, now: datetime
) -> None:
    care = refusal_waiting(session, now)

    assert decide(care, now) is REFUSED
    with pytest.raises(Refused):
        decide(care, now)

    customer = care.customer()
    assert (customer.suspended_at, customer.suspended_reason) == (now, WHY)
    assert care.mails()[-1].values["level"] == "refused"
    assert care.mails()[-1].values["reason"] == WHY
    assert faults(database, now=now) == []


def test_a_declined_step_comes_again_only_with_new_effort(session: Session, now: datetime) -> None:
    care = refusal_waiting(session, now)

    assert decide(care, now, "decline") is FEE
    care.review(now + HOUR)

    assert care.standing().proposed_level is None
    assert care.customer().suspended_at is None
    assert len(care.mails()) == 2
    care.touch(1, at=now + 2 * HOUR)
    care.review(now + 2 * HOUR)
    assert care.standing().proposed_level is REFUSED


@pytest.mark.parametrize(
    "values, fields",
    [
        ({"decision": "perhaps"}, {"decision"}),
        ({"reason": "short"}, {"reason"}),
        ({"reason": "x" * 401}, {"reason"}),
    ],
)
def test_a_decision_without_choice_or_own_words_changes_nothing(
    session: Session, now: datetime, values: dict[str, str], fields: set[str]
) -> None:
    care = refusal_waiting(session, now)

    with pytest.raises(Invalid) as raised:
        decide(care, now, **values)

    assert {fault.field for fault in raised.value.fields} == fields
    assert care.standing().proposed_level is REFUSED


def test_a_step_that_is_another_one_by_now_or_decided_by_a_machine_is_refused(
    session: Session, now: datetime
) -> None:
    care = refusal_waiting(session, now)

    for values in ({"proposed": "warned"}, {"actor": SYSTEM}):
        with pytest.raises(Refused):
            decide(care, now, **values)

    assert care.customer().effort_level is FEE
    with pytest.raises(NotFound):
        decide_step(session, 999, decision="confirm", proposed="fee", reason=WHY, actor=LINA, now=now)


@pytest.mark.parametrize(("decision", "level"), [("confirm", WARNED), ("decline", NORMAL)])
def test_a_step_that_waits_is_decided_though_the_legal_form_was_corrected_meanwhile(
    session: Session, now: datetime, decision: str, level: EffortLevel
) -> None:
    care = company_with_an_order(session, now, legal_form="e.K.")
    care.touch(WARNING, at=now)
    care.review(now)
    with transaction(session):
        session.get_one(Customer, care.customer_id).legal_form = "GmbH"

    assert decide(care, now, decision, proposed="warned") is level
    assert care.standing().proposed_level is None


def test_a_confirmed_step_of_a_sole_trader_counts(session: Session, now: datetime) -> None:
    care = company_with_an_order(session, now, legal_form="e.K.")
    care.touch(WARNING, at=now)
    care.review(now)

    assert decide(care, now, proposed="warned") is WARNED
    assert care.changes() == [(NORMAL, WARNED)]


def test_a_refusal_ends_by_itself_when_its_effort_is_old(
    session: Session, database: Database, now: datetime
) -> None:
    care = refusal_waiting(session, now)
    decide(care, now)
    later = now + timedelta(days=370)

    assert care.review(later) is NORMAL

    assert care.customer().suspended_at is None
    assert care.acts()[-2:] == ["effort.level_changed", "customer.resumed"]
    assert faults(database, now=later) == []


def test_a_company_refused_for_effort_that_staff_serve_again_stands_on_the_fee(
    session: Session, database: Database, now: datetime
) -> None:
    care = refusal_waiting(session, now)
    decide(care, now)

    resume(session, care.customer_id, reason="promised to order without calls", actor=LINA, now=now + HOUR)
    care.review(now + 2 * HOUR)

    assert care.customer().suspended_at is None
    assert care.changes()[-2:] == [(FEE, REFUSED), (REFUSED, FEE)]
    assert care.standing().proposed_level is None
    assert faults(database, now=now) == []


def test_an_override_counts_until_its_day_whatever_comes_and_then_ends_by_itself(
    session: Session, database: Database, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    care.touch(FEE_MINUTES, at=now)
    care.review(now)

    override(care, now, NORMAL)
    care.touch(REFUSAL, at=now + HOUR)
    assert care.review(now + HOUR) is NORMAL
    assert end_effort_overrides(session, today=TODAY, now=now + 2 * HOUR) == 0
    assert end_effort_overrides(session, today=TODAY + timedelta(days=1), now=now + 24 * HOUR) == 1
    assert end_effort_overrides(session, today=TODAY + timedelta(days=1), now=now + 25 * HOUR) == 0

    assert care.changes() == [(NORMAL, WARNED), (WARNED, NORMAL), (NORMAL, WARNED)]
    assert [mail.values["override_ends_on"] for mail in care.mails()] == ["", "2026-03-02", ""]
    assert care.acts() == [
        "effort.level_changed",
        "effort.overridden",
        "effort.level_changed",
        "effort.override_ended",
        "effort.level_changed",
    ]
    # What came in while it counted does not lead up at once.
    assert care.review(now + 26 * HOUR) is WARNED
    assert faults(database, now=now) == []


def test_an_override_opens_the_shop_of_a_refused_company_and_its_end_does_not_close_it(
    session: Session, now: datetime
) -> None:
    care = refusal_waiting(session, now)
    decide(care, now)

    override(care, now + HOUR, NORMAL)
    assert care.customer().suspended_at is None
    assert stop_override(session, care.customer_id, actor=LINA, now=now + 2 * HOUR)
    assert not stop_override(session, care.customer_id, actor=LINA, now=now + 2 * HOUR)

    assert care.customer().effort_level is FEE
    assert care.customer().suspended_at is None


@pytest.mark.parametrize(
    "level, ends_on, reason, fields",
    [
        (REFUSED, TODAY, WHY, {"level"}),
        (NORMAL, TODAY - timedelta(days=1), WHY, {"ends_on"}),
        (NORMAL, TODAY + timedelta(days=366), WHY, {"ends_on"}),
        (NORMAL, TODAY, " ", {"reason"}),
    ],
)
def test_an_override_that_refuses_has_no_reason_or_no_near_end_changes_nothing(
    session: Session, now: datetime, level: EffortLevel, ends_on: date, reason: str, fields: set[str]
) -> None:
    care = company_with_an_order(session, now)

    with pytest.raises(Invalid) as raised:
        override(care, now, level, ends_on, reason)

    assert {fault.field for fault in raised.value.fields} == fields
    assert (care.changes(), care.acts()) == ([], [])
