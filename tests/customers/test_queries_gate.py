from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Customer, GateAudit, Screening
from app.customers.queries_gate import (
    RevenueKept,
    blocked_by_month,
    blocked_counts,
    blocked_places,
    list_audits,
    revenue_kept,
)
from app.customers.rules.admission import ScreeningState
from app.customers.rules.gate_audits import Trust
from app.flows.audit_gate import note_audit
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from tests import make

KEY = "test-" * 10
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


def attempt(session: Session, customer: Customer, *, at: datetime = NOW, **values: object) -> None:
    defaults: dict[str, object] = {"reason": "main_brand", "place": "/catalogue", "at": at}
    make.saved(session, BlockedAttempt(customer_id=customer.id, **{**defaults, **values}))


def audit(session: Session, *, now: datetime = NOW) -> GateAudit:
    cells = {"GET /catalogue": {"b": "refused", "a": "refused"}}
    return note_audit(
        session, cells=cells, findings=[], request_count=10, control_sightings=2, secret_key=KEY, now=now
    )


def test_each_month_is_there_with_what_was_kept_out_in_it(session: Session) -> None:
    customer = make.customer(session, segment=Segment.A)
    for at in (NOW, NOW - timedelta(days=1), NOW - timedelta(days=70), NOW - 2 * YEAR):
        attempt(session, customer, at=at)

    months = blocked_by_month(session, since=date(2025, 11, 20), until=NOW.date())

    assert months == [
        (date(2025, 11, 1), 0),
        (date(2025, 12, 1), 1),
        (date(2026, 1, 1), 0),
        (date(2026, 2, 1), 0),
        (date(2026, 3, 1), 2),
    ]


def test_attempts_are_counted_by_reason_and_by_place(session: Session) -> None:
    customer = make.customer(session, segment=Segment.A)
    for place in ("/catalogue", "/cart", "/catalogue"):
        attempt(session, customer, place=place)
    attempt(session, customer, reason="decided", place="screening")

    assert blocked_counts(session, since=NOW - YEAR) == [("main_brand", 3), ("decided", 1)]
    assert blocked_places(session, since=NOW - YEAR)[0] == ("/catalogue", 2)


def test_the_estimate_counts_each_account_of_the_companies_that_are_still_outside_once(
    session: Session,
) -> None:
    def account(cents: int | None, segment: Segment = Segment.A) -> MainAccount:
        return make.main_account(session, segment=segment, revenue_12m_cents=cents)

    shared, found, named, risen, sunk = account(700), account(50), account(3), account(9_000), account(None)
    linked = [make.customer(session, main_account_id=shared.id) for _ in range(2)]
    by_identifier = make.customer(session, screening=ScreeningState.BLOCKED)
    by_person = make.customer(session, screening=ScreeningState.BLOCKED)
    unknown = make.customer(session, segment=Segment.B)
    let_in = make.customer(session)
    never_tried = make.customer(session, main_account_id=risen.id)
    unrated = make.customer(session, main_account_id=sunk.id)
    for customer, matches, decided in [
        (by_identifier, [{"account_id": found.id, "is_hard": True}], None),
        (by_person, [{"account_id": risen.id, "is_hard": False}], named.id),
        (let_in, [{"account_id": risen.id, "is_hard": True}], None),
    ]:
        make.saved(
            session,
            Screening(
                customer_id=customer.id,
                trigger="registration",
                outcome=ScreeningState.REVIEW,
                matches=matches,
                decided_account_id=decided,
                screened_at=NOW,
            ),
        )
    for customer in (*linked, *linked, by_identifier, by_person, unknown, let_in, unrated):
        attempt(session, customer)
    attempt(session, never_tried, at=NOW - 2 * YEAR)

    assert revenue_kept(session, since=NOW - YEAR) == RevenueKept(753, company_count=6, account_count=4)


def test_audits_that_nobody_touched_are_trusted_and_follow_each_other(session: Session) -> None:
    for hour in range(3):
        audit(session, now=NOW + timedelta(hours=hour))

    found = list_audits(session, secret_key=KEY, limit=10)

    assert [(one.trust, one.has_gap) for one in found] == [(Trust.SIGNED, False)] * 3
    assert [one.trust for one in list_audits(session, secret_key="x" * 32, limit=1)] == [Trust.CHANGED]


@pytest.mark.parametrize(
    "values",
    [
        {"request_count": 99_999},
        {"cells": {"GET /catalogue": {"b": "shown"}}},
        {"at": NOW + timedelta(seconds=1)},
        {"findings": [{"route": "GET /", "persona": "a", "fault": "x"}]},
    ],
)
def test_an_audit_that_was_changed_in_the_database_is_seen(
    session: Session, values: dict[str, object]
) -> None:
    row = audit(session)
    with transaction(session):
        session.execute(update(GateAudit).where(col(GateAudit.id) == row.id).values(**values))

    assert [one.trust for one in list_audits(session, secret_key=KEY, limit=1)] == [Trust.CHANGED]


def test_an_audit_that_was_taken_away_leaves_a_gap(session: Session) -> None:
    rows = [audit(session, now=NOW + timedelta(hours=hour)) for hour in range(3)]
    with transaction(session):
        session.delete(session.get_one(GateAudit, rows[1].id))

    found = list_audits(session, secret_key=KEY, limit=10)

    assert [(one.trust, one.has_gap) for one in found] == [(Trust.SIGNED, True), (Trust.SIGNED, False)]
