from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.care.models import EffortEvent
from app.care.queries_effort import year_of
from app.care.rules.effort import EffortCause
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.flows.review_effort import put_nightly_review, review_all_efforts, review_effort
from app.jobs.models import Job
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import Payment, Refund
from app.policy.queries import current_policy
from tests import make
from tests.flows.effort import CONTRIBUTION, REFUSAL, WARNING, company_with_an_order, faults
from tests.flows.effort import FEE as FEE_MINUTES

NORMAL, WARNED, FEE, REFUSED = EffortLevel
HOUR = timedelta(hours=1)
YEAR = timedelta(days=366)


def test_effort_leads_from_level_to_level_each_told_once_before_the_next(
    session: Session, database: Database, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    care.touch(REFUSAL, at=now)

    assert [care.review(now), care.review(now + HOUR), care.review(now + 2 * HOUR)] == [WARNED] * 3
    care.touch(1, at=now + 3 * HOUR)
    assert [care.review(now + 3 * HOUR), care.review(now + 4 * HOUR)] == [FEE] * 2

    assert care.changes() == [(NORMAL, WARNED), (WARNED, FEE)]
    mails = care.mails()
    assert [(mail.kind, mail.values["level"]) for mail in mails] == [
        ("effort_level_changed", "warned"),
        ("effort_level_changed", "fee"),
    ]
    told = mails[1].values
    assert (told["minutes"], told["cost_cents"], told["contribution_cents"]) == (181, 13_575, CONTRIBUTION)
    assert (told["ratio_bp"], told["falls_bp"], told["next_bp"]) == (15_647, 6_000, 15_000)
    assert [event["minutes"] for event in told["events"]] == [1, 180]
    assert faults(database, now=now + 4 * HOUR) == []


def test_a_level_falls_by_itself_when_the_effort_is_older_than_twelve_months(
    session: Session, database: Database, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    care.touch(WARNING, at=now)
    care.review(now)

    later = now + YEAR
    assert care.review(later) is NORMAL

    assert care.changes() == [(NORMAL, WARNED), (WARNED, NORMAL)]
    assert [mail.values["level"] for mail in care.mails()] == ["warned", "normal"]
    assert care.standing().cost_cents == 0
    assert faults(database, now=later) == []


@pytest.mark.parametrize("cause", [EffortCause.OURS, EffortCause.PAID, EffortCause.UNDECIDED])
def test_effort_that_is_not_theirs_changes_no_level_but_costs_us(
    session: Session, now: datetime, cause: EffortCause
) -> None:
    care = company_with_an_order(session, now)
    care.touch(600, at=now, cause=cause)

    assert care.review(now) is NORMAL

    standing = care.standing()
    assert (standing.minutes, standing.cost_cents) == (0, 0)
    assert (standing.total_cost_cents, standing.result_cents) == (45_000, CONTRIBUTION - 45_000)
    assert care.mails() == []


def test_a_refusal_waits_for_a_person_and_closes_nothing(session: Session, now: datetime) -> None:
    care = company_with_an_order(session, now)
    for hours, minutes in enumerate((WARNING, FEE_MINUTES - WARNING, REFUSAL)):
        care.touch(minutes, at=now + hours * HOUR)
        care.review(now + hours * HOUR)

    assert care.customer().effort_level is FEE
    assert care.customer().suspended_at is None
    assert care.standing().proposed_level is REFUSED
    assert len(care.mails()) == 2
    assert care.acts()[-1] == "effort.step_proposed"


@pytest.mark.parametrize("legal_form", ["e.K.", "Einzelunternehmen", "Freiberufler", "foreign", ""])
def test_no_machine_moves_a_sole_trader_up(session: Session, now: datetime, legal_form: str) -> None:
    care = company_with_an_order(session, now, legal_form=legal_form)
    care.touch(REFUSAL, at=now)

    assert [care.review(now), care.review(now + HOUR)] == [NORMAL, NORMAL]

    assert care.standing().proposed_level is WARNED
    assert (care.mails(), care.changes()) == ([], [])


def test_a_step_that_waits_goes_away_with_its_reason(session: Session, now: datetime) -> None:
    care = company_with_an_order(session, now, legal_form="e.K.")
    event_id = care.touch(WARNING, at=now)
    care.review(now)
    with transaction(session):
        session.get_one(EffortEvent, event_id).cause = EffortCause.OURS

    assert care.review(now + HOUR) is NORMAL

    assert care.standing().proposed_level is None
    assert care.acts() == ["effort.step_proposed", "effort.step_withdrawn"]


def test_what_counted_by_mistake_takes_its_level_along_without_the_hysteresis(
    session: Session, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    care.touch(WARNING, at=now)
    care.review(now)
    mistaken = care.touch(FEE_MINUTES - WARNING, at=now + HOUR)
    assert care.review(now + HOUR) is FEE
    with transaction(session):
        session.get_one(EffortEvent, mistaken).cause = EffortCause.OURS

    # 61 % of the contribution are left, and usually the fee ends only below 60 %.
    assert care.review(now + 2 * HOUR) is FEE
    assert care.review(now + 2 * HOUR, is_lighter=True) is WARNED


def test_a_company_that_staff_closed_for_another_reason_climbs_no_further(
    session: Session, now: datetime
) -> None:
    care = company_with_an_order(session, now, suspended_at=now, suspended_reason="unpaid bills")
    care.touch(REFUSAL, at=now)

    assert care.review(now) is NORMAL

    assert care.customer().suspended_at == now
    assert care.standing().proposed_level is None


def test_refunds_for_faults_of_ours_lower_what_is_left_but_never_what_a_level_rests_on(
    session: Session, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    with transaction(session):
        payment = make.saved(
            session,
            Payment(
                order_id=care.order_id, token="t", amount_cents=11_900,
                expires_at=now, created_at=now, changed_at=now, checked_at=now,
            ),
        )  # fmt: skip
        for is_for_us, amount in ((True, 5_950), (False, 1_190)):
            make.saved(
                session,
                Refund(
                    payment_id=payment.id or 0, order_id=care.order_id, amount_cents=amount, token="t",
                    cause=f"complaint:{amount}", asked_by="Lina", asked_at=now, is_for_us=is_for_us,
                ),
            )  # fmt: skip

    year = year_of(session, care.customer_id, policy=current_policy(session), now=now)

    assert (year.contribution.refunds_cents, year.contribution.refunds_for_us_cents) == (6_000, 5_000)
    assert year.contribution.total_cents == CONTRIBUTION - 6_000
    assert year.figures(current_policy(session)).contribution_cents == CONTRIBUTION - 1_000


def test_only_binding_orders_of_goods_and_services_of_the_last_twelve_months_contribute(
    session: Session, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    known = session.get_one(Order, care.order_id).model_dump()
    others = [
        {"state": OrderState.RECEIVED, "accepted_at": None},
        {"state": OrderState.CANCELLED},
        {"kind": OrderKind.REPLACEMENT},
        {"accepted_at": now - YEAR},
        {"accepted_at": now + HOUR},
    ]
    with transaction(session):
        for number, changes in enumerate(others):
            keys = {"id": None, "number": f"S-{number}", "checkout_key": f"other-{number}"}
            make.saved(session, Order(**{**known, **keys, **changes}))

    year = year_of(session, care.customer_id, policy=current_policy(session), now=now)

    assert year.contribution.goods_cents == 10_000
    assert year.contribution.total_cents == CONTRIBUTION


def test_the_night_reviews_everybody_once_and_falls_what_no_touch_would_have_looked_at(
    session: Session, database: Database, now: datetime
) -> None:
    busy, quiet = company_with_an_order(session, now), company_with_an_order(session, now)
    busy.touch(WARNING, at=now)
    busy.review(now)

    assert review_all_efforts(session, now=now + HOUR) == 0
    assert quiet.standing().result_cents == CONTRIBUTION
    assert review_all_efforts(session, now=now + YEAR) == 1

    assert busy.customer().effort_level is NORMAL
    with transaction(session):
        session.exec(delete(Job))
    assert faults(database, now=now + YEAR) == []


def test_a_night_has_one_review_however_often_the_clock_is_looked_at(session: Session, now: datetime) -> None:
    before, after = now.replace(hour=2), now.replace(hour=3)

    assert not put_nightly_review(session, local=before, now=now)
    assert put_nightly_review(session, local=after, now=now)
    assert put_nightly_review(session, local=after + HOUR, now=now)

    kinds = session.exec(select(Job.kind).where(col(Job.kind) == "review_all_efforts")).all()
    assert list(kinds) == ["review_all_efforts"]


def test_a_company_without_orders_or_effort_is_normal(session: Session, now: datetime) -> None:
    customer = make.customer(session)

    assert not review_effort(session, customer_id=customer.id or 0, now=now)

    assert session.get_one(Customer, customer.id).effort_level is NORMAL
