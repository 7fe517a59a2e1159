from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.customers.models import Screening
from app.customers.queries_review import (
    CaseFilter,
    CaseState,
    earlier_decisions,
    list_cases,
    list_triggers,
    next_review,
    read_pace,
    waits_of_applicants,
)
from app.customers.rules.admission import ScreeningState
from app.flows.ask_for_proof import ask_for_proof
from app.flows.decide_screening import Look, decide, decide_same_company
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from tests import make

LEA = Actor(ActorKind.STAFF, "Lea Lang", 7)
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


def case(session: Session, *accounts: MainAccount, name: str = "Kern GmbH", **values: object) -> int:
    customer = make.customer(
        session, company_name=name, screening=ScreeningState.REVIEW, segment=Segment.UNRATED
    )
    make.contact(session, of=customer)
    defaults: dict[str, object] = {
        "trigger": "registration",
        "outcome": ScreeningState.REVIEW,
        "screened_at": NOW - DAY,
        "matches": [{"account_id": account.id, "company_name": account.company_name} for account in accounts],
    }
    return make.saved(session, Screening(customer_id=customer.id, **{**defaults, **values})).id or 0


def admit(session: Session, screening_id: int, *, now: datetime = NOW, seconds: int | None = None) -> None:
    decide(
        session,
        screening_id,
        decision=ScreeningState.CLEAR,
        reason_code="called",
        look=Look(seconds=seconds),
        actor=LEA,
        now=now,
    )


def shown(session: Session, wanted: CaseFilter) -> list[int]:
    return [row[0].id or 0 for row in list_cases(session, wanted, page=1, now=NOW).rows]


@pytest.fixture
def queue(session: Session) -> dict[str, int]:
    """One case of each state, and one that is old and came by an import."""
    made = {
        "fresh": case(session, name="Kern GmbH"),
        "old": case(session, name="Öhler Bau KG", trigger="import", screened_at=NOW - 8 * DAY),
        "resting": case(session, name="Ruhe AG"),
        "decided": case(session, name="Fertig e.K."),
    }
    ask_for_proof(session, made["resting"], kind="trade_licence", actor=LEA, now=NOW)
    admit(session, made["decided"])
    return made


def test_the_queue_is_filtered_by_state_trigger_age_and_text(session: Session, queue: dict[str, int]) -> None:
    assert shown(session, CaseFilter()) == [queue["fresh"], queue["old"]]
    assert shown(session, CaseFilter(state=CaseState.PROOF)) == [queue["resting"]]
    assert shown(session, CaseFilter(state=CaseState.DECIDED)) == [queue["decided"]]
    assert shown(session, CaseFilter(trigger="import")) == [queue["old"]]
    assert shown(session, CaseFilter(older_than=7 * DAY)) == [queue["old"]]
    assert shown(session, CaseFilter(text="kern")) == [queue["fresh"]]
    assert shown(session, CaseFilter(text="Öhler")) == [queue["old"]]
    assert shown(session, CaseFilter(text="%")) == []
    assert list_triggers(session) == ["import", "registration"]


def test_the_next_case_is_the_one_after_this_then_the_first_and_never_this_or_one_that_rests(
    session: Session, queue: dict[str, int]
) -> None:
    fresh, old = queue["fresh"], queue["old"]

    assert [next_review(session, after=one, now=NOW) for one in (0, fresh, old)] == [fresh, old, fresh]
    admit(session, old)
    assert next_review(session, after=fresh, now=NOW) is None


def test_decisions_about_other_companies_that_resemble_the_same_account_are_found(session: Session) -> None:
    account = make.main_account(session, segment=Segment.A)
    other = make.main_account(session, segment=Segment.C)
    this = case(session, account, other, name="Kern Nord")
    admitted, same = case(session, account, name="Kern Süd"), case(session, other, name="Kern West")
    case(session, account, name="Kern Ost, open still")
    elsewhere = case(session, make.main_account(session), name="Ganz Fern")
    admit(session, admitted)
    admit(session, elsewhere)
    decide_same_company(
        session, same, main_account_id=other.id, reason="their branch", actor=LEA, now=NOW + DAY
    )

    customer_id = session.get_one(Screening, this).customer_id
    found = earlier_decisions(session, [account.id or 0, other.id or 0], but_customer_id=customer_id)

    assert [(one.customer.company_name, one.account_ids, one.same_account_id) for one in found] == [
        ("Kern West", (other.id,), other.id),
        ("Kern Süd", (account.id,), None),
    ]


def test_the_pace_counts_days_of_the_shop_and_the_median_of_what_was_measured(session: Session) -> None:
    late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    for now, seconds in [(late, 20), (NOW, 40), (NOW, 600), (NOW, None), (NOW - 20 * DAY, 5)]:
        admit(session, case(session), now=now, seconds=seconds)
    program = case(session)
    row = session.get_one(Screening, program)
    make.saved(
        session,
        Screening(
            customer_id=row.customer_id,
            trigger="import",
            outcome=ScreeningState.REVIEW,
            decision=ScreeningState.REVIEW,
            decided_by="schlicht",
            decided_at=NOW,
            screened_at=NOW,
        ),
    )

    pace = read_pace(session, since=NOW - 14 * DAY, zone=BERLIN)

    assert [(day.day.isoformat(), day.count, day.median_seconds) for day in pace.days] == [
        ("2026-03-10", 4, 40)
    ]
    assert (pace.count, pace.measured_count, pace.median_seconds) == (4, 3, 40)


def test_the_wait_of_applicants_is_measured_on_what_people_decided(session: Session) -> None:
    admit(session, case(session, screened_at=NOW - 3 * DAY))
    admit(session, case(session, screened_at=NOW - 9 * DAY, trigger="import"))

    assert waits_of_applicants(session, since=NOW - DAY) == [3 * DAY]
    assert waits_of_applicants(session, since=NOW + DAY) == []
