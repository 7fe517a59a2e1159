import threading
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Customer, MatchLabel, Screening
from app.customers.queries_review import count_reviews
from app.customers.rules.admission import ScreeningState
from app.customers.rules.matching import Because, Verdict
from app.customers.service_screening import write_verdict
from app.flows.decide_screening import Look, decide, decide_same_company
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from tests import make

LEA = Actor(ActorKind.STAFF, "Lea Lang", 7)
CLEAR, REVIEW, BLOCKED, REFUSED = (
    ScreeningState.CLEAR,
    ScreeningState.REVIEW,
    ScreeningState.BLOCKED,
    ScreeningState.REFUSED,
)


@pytest.fixture
def waiting(session: Session) -> Screening:
    """A company in review with its open case."""
    customer = make.customer(
        session, screening=REVIEW, segment=Segment.UNRATED, segment_reason="", business_verified_at=None
    )
    make.contact(session, of=customer)
    return make.saved(session, case(customer))


def case(customer: Customer, **values: Any) -> Screening:
    defaults: dict[str, Any] = {
        "customer_id": customer.id,
        "trigger": "registration",
        "outcome": REVIEW,
        "matches": [],
        "screened_at": make.NOW,
    }
    return Screening(**{**defaults, **values})


def settle(
    session: Session, screening: Screening, now: datetime, decision: ScreeningState, **more: Any
) -> Customer:
    assert screening.id is not None
    values = {"reason": "Telephoned, is a small workshop", "actor": LEA, **more}
    decide(session, screening.id, decision=decision, now=now, **values)
    session.expire_all()
    return session.get_one(Customer, screening.customer_id)


@pytest.mark.parametrize(
    "decision, segment, mail, action",
    [
        (CLEAR, Segment.C, "decision_admitted", "screening.admitted"),
        (REFUSED, Segment.UNRATED, "decision_refused", "screening.refused"),
        (BLOCKED, Segment.UNRATED, "decision_main_brand", "screening.blocked"),
    ],
)
def test_a_decision_takes_effect_is_told_once_and_leaves_one_entry(
    session: Session,
    now: datetime,
    waiting: Screening,
    decision: ScreeningState,
    segment: Segment,
    mail: str,
    action: str,
) -> None:
    customer = settle(session, waiting, now, decision)
    settle(session, waiting, now, decision)

    assert (customer.screening, customer.segment) == (decision, segment)
    assert (customer.business_verified_at is not None) is (decision is CLEAR)
    assert [row.kind for row in session.exec(select(Mail))] == [mail]
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.actor_name, entry.reason) == (
        action,
        "Lea Lang",
        "Telephoned, is a small workshop",
    )
    assert (entry.old, entry.new) == (
        {"screening": "review", "main_account_id": None},
        {"screening": decision.value, "main_account_id": None},
    )
    kept = session.get_one(Screening, waiting.id)
    assert (kept.decision, kept.decided_by, kept.decided_at) == (decision, "Lea Lang", now)
    assert count_reviews(session, now=now) == 0
    assert len(session.exec(select(BlockedAttempt)).all()) == (1 if decision is BLOCKED else 0)


def test_admitting_links_the_c_account_that_is_named(
    session: Session, now: datetime, waiting: Screening
) -> None:
    account = make.main_account(session, segment=Segment.C)

    customer = settle(session, waiting, now, CLEAR, main_account_id=account.id)

    assert (customer.main_account_id, customer.screening) == (account.id, CLEAR)


@pytest.mark.parametrize("segment", [Segment.A, Segment.B, Segment.UNRATED])
def test_nobody_is_admitted_with_an_account_that_is_not_c(
    session: Session, now: datetime, waiting: Screening, segment: Segment
) -> None:
    account = make.main_account(session, segment=segment)

    with pytest.raises(Refused) as refusal:
        settle(session, waiting, now, CLEAR, main_account_id=account.id)

    assert refusal.value.code == "screening.not_a_c_account"
    session.expire_all()
    customer = session.get_one(Customer, waiting.customer_id)
    assert (customer.screening, customer.main_account_id) == (REVIEW, None)
    assert session.exec(select(AuditEntry)).all() == []
    assert session.exec(select(Mail)).all() == []


@pytest.mark.parametrize(
    "values, field",
    [
        ({"decision": CLEAR, "reason": "  "}, "reason"),
        ({"decision": REVIEW}, "decision"),
        ({"decision": CLEAR, "main_account_id": 999}, "main_account_id"),
    ],
)
def test_a_decision_needs_a_reason_a_choice_and_an_account_that_exists(
    session: Session, now: datetime, waiting: Screening, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        settle(session, waiting, now, **values)

    assert [fault.field for fault in refusal.value.fields] == [field]
    session.expire_all()
    assert session.get_one(Screening, waiting.id).decision is None


def test_a_company_that_waits_for_a_new_comparison_is_not_decided_on_the_old_one(
    session: Session, now: datetime, waiting: Screening
) -> None:
    settle(session, waiting, now, CLEAR)
    with transaction(session):
        session.get_one(Customer, waiting.customer_id).screening = ScreeningState.PENDING

    with pytest.raises(Refused) as refused:
        settle(session, waiting, now, CLEAR)

    assert refused.value.code == "screening.under_way"
    session.expire_all()
    assert session.get_one(Customer, waiting.customer_id).screening is ScreeningState.PENDING


def test_only_the_newest_case_is_decided(session: Session, now: datetime, waiting: Screening) -> None:
    customer = session.get_one(Customer, waiting.customer_id)
    make.saved(session, case(customer))

    with pytest.raises(Refused) as refusal:
        settle(session, waiting, now, CLEAR)

    assert refusal.value.code == "screening.replaced"


def test_after_an_objection_a_case_is_decided_anew_and_both_decisions_are_kept(
    session: Session, now: datetime, waiting: Screening
) -> None:
    settle(session, waiting, now, REFUSED)

    customer = settle(session, waiting, now, CLEAR, reason="Objection was right")

    assert customer.screening is CLEAR
    rows = session.exec(select(Screening).order_by(Screening.id)).all()  # type: ignore[arg-type]
    assert [(row.trigger, row.decision) for row in rows] == [("registration", REFUSED), ("objection", CLEAR)]
    assert [mail.kind for mail in session.exec(select(Mail).order_by(Mail.id))] == [  # type: ignore[arg-type]
        "decision_refused",
        "decision_admitted",
    ]


def test_a_blocked_company_may_be_admitted_by_a_person(session: Session, now: datetime) -> None:
    customer = make.customer(session, screening=BLOCKED, segment=Segment.UNRATED)
    make.contact(session, of=customer)
    screening = make.saved(session, case(customer, outcome=BLOCKED))

    assert settle(session, screening, now, CLEAR).screening is CLEAR


def test_an_unknown_case_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        decide(session, 999, decision=CLEAR, reason="x", actor=LEA, now=now)


def same(
    session: Session, screening: Screening, now: datetime, account_id: int | None, **more: Any
) -> Customer:
    assert screening.id is not None
    values = {"reason_code": "same_company", "actor": LEA, **more}
    decide_same_company(session, screening.id, main_account_id=account_id, now=now, **values)
    session.expire_all()
    return session.get_one(Customer, screening.customer_id)


@pytest.mark.parametrize(
    "segment, state, mail",
    [
        (Segment.A, BLOCKED, "decision_main_brand"),
        (Segment.B, BLOCKED, "decision_main_brand"),
        (Segment.C, CLEAR, "decision_admitted"),
    ],
)
def test_the_same_company_as_an_account_is_linked_and_goes_where_the_account_is_rated(
    session: Session, now: datetime, waiting: Screening, segment: Segment, state: ScreeningState, mail: str
) -> None:
    account = make.main_account(session, segment=segment)

    customer = same(session, waiting, now, account.id)
    same(session, waiting, now, account.id)

    assert (customer.screening, customer.main_account_id) == (state, account.id)
    assert [row.kind for row in session.exec(select(Mail))] == [mail]
    kept = session.get_one(Screening, waiting.id)
    assert (kept.decision, kept.decided_account_id, kept.reason_code) == (state, account.id, "same_company")
    assert kept.reason == "The same company under another name, spelling or address."
    assert len(session.exec(select(AuditEntry)).all()) == 1
    assert len(session.exec(select(BlockedAttempt)).all()) == (1 if state is BLOCKED else 0)


def test_the_same_company_as_an_unrated_account_or_as_none_changes_nothing(
    session: Session, now: datetime, waiting: Screening
) -> None:
    account = make.main_account(session, segment=Segment.UNRATED)

    with pytest.raises(Refused) as refusal:
        same(session, waiting, now, account.id)
    assert refusal.value.code == "screening.unrated"
    for account_id in (None, 0, 999_999):
        with pytest.raises(Invalid) as fault:
            same(session, waiting, now, account_id)
        assert [one.field for one in fault.value.fields] == ["main_account_id"]

    session.expire_all()
    assert session.get_one(Customer, waiting.customer_id).main_account_id is None
    assert session.get_one(Screening, waiting.id).decision is None
    assert session.exec(select(AuditEntry)).all() == []


def test_a_colleague_who_was_slower_is_told_and_nothing_is_doubled(
    session: Session, now: datetime, waiting: Screening
) -> None:
    ole = Actor(ActorKind.STAFF, "Ole Ott", 8)
    settle(session, waiting, now, CLEAR, look=Look(saw_open=True))

    for decision in (CLEAR, REFUSED, BLOCKED):
        with pytest.raises(Refused) as refusal:
            settle(session, waiting, now, decision, actor=ole, look=Look(saw_open=True))
        assert refusal.value.code == "screening.decided_meanwhile"
        assert refusal.value.values == {"name": "Lea Lang"}
    settle(session, waiting, now, CLEAR, look=Look(saw_open=True))

    session.expire_all()
    assert session.get_one(Customer, waiting.customer_id).screening is CLEAR
    assert len(session.exec(select(Screening)).all()) == 1
    assert len(session.exec(select(Mail)).all()) == 1
    assert len(session.exec(select(AuditEntry)).all()) == 1


@pytest.mark.parametrize("legal_form", ["Einzelunternehmen", "Freiberufler", "e.K."])
def test_a_sole_trader_is_refused_only_by_a_person_with_a_reason_of_their_own(
    session: Session, now: datetime, waiting: Screening, legal_form: str
) -> None:
    with transaction(session):
        session.get_one(Customer, waiting.customer_id).legal_form = legal_form

    for given in ({"reason": ""}, {"reason": "no"}, {"reason": "", "reason_code": "no_business"}):
        with pytest.raises(Invalid) as fault:
            settle(session, waiting, now, REFUSED, **given)
        assert [one.field for one in fault.value.fields] == ["reason"]
    program = Actor(ActorKind.SYSTEM, "schlicht")
    with pytest.raises(Refused) as refusal:
        settle(session, waiting, now, REFUSED, actor=program)
    assert refusal.value.code == "screening.needs_a_person"
    session.expire_all()
    assert session.get_one(Customer, waiting.customer_id).screening is REVIEW
    assert session.exec(select(Mail)).all() == []

    customer = settle(session, waiting, now, REFUSED, reason="Has told us twice that it is for private use.")

    assert customer.screening is REFUSED


def test_a_decision_keeps_its_standard_reason_and_the_time_it_took(
    session: Session, now: datetime, waiting: Screening
) -> None:
    look = Look(saw_open=True, seconds=47)

    customer = settle(session, waiting, now, CLEAR, reason="", reason_code="called", look=look)

    kept = session.get_one(Screening, waiting.id)
    assert (kept.reason_code, kept.reason, kept.decision_seconds) == (
        "called",
        "Telephoned: a small business of its own.",
        47,
    )
    assert customer.segment_reason == "admitted by Lea Lang: Telephoned: a small business of its own."


def test_a_wrong_link_is_taken_away_by_admitting_without_it(
    session: Session, now: datetime, waiting: Screening
) -> None:
    account = make.main_account(session, segment=Segment.A)
    same(session, waiting, now, account.id)
    with pytest.raises(Refused):
        settle(session, waiting, now, CLEAR)

    customer = settle(session, waiting, now, CLEAR, look=Look(is_unlinking=True))

    assert (customer.screening, customer.main_account_id) == (CLEAR, None)


@pytest.mark.parametrize(
    "decision, chosen, labels",
    [
        (CLEAR, None, [False, False]),
        (CLEAR, 1, [None, True]),
        (REFUSED, None, [None, None]),
        (BLOCKED, None, [None, None]),
    ],
)
def test_each_candidate_gets_a_label_from_the_decision(
    session: Session,
    now: datetime,
    waiting: Screening,
    decision: ScreeningState,
    chosen: int | None,
    labels: list[bool | None],
) -> None:
    accounts = [make.main_account(session, segment=Segment.C) for _ in range(2)]
    with transaction(session):
        session.get_one(Screening, waiting.id).matches = [{"account_id": one.id} for one in accounts]
    account_id = None if chosen is None else accounts[chosen].id

    settle(session, waiting, now, decision, main_account_id=account_id)
    settle(session, waiting, now, decision, main_account_id=account_id)

    kept = session.exec(select(MatchLabel).order_by(MatchLabel.account_id)).all()  # type: ignore[arg-type]
    assert [(one.account_id, one.is_same) for one in kept] == list(
        zip([one.id for one in accounts], labels, strict=True)
    )


def test_the_program_never_refuses_a_company_by_itself(
    session: Session, now: datetime, waiting: Screening
) -> None:
    customer = session.get_one(Customer, waiting.customer_id)
    verdict = Verdict(REFUSED, Because.LIKENESS)

    with pytest.raises(ValueError, match="only a person"), transaction(session):
        write_verdict(session, customer, verdict, [], trigger="import", now=now)

    session.expire_all()
    assert session.get_one(Customer, waiting.customer_id).screening is REVIEW
    assert len(session.exec(select(Screening)).all()) == 1


def test_of_people_who_decide_one_case_at_the_same_moment_one_decides_and_the_others_are_told(
    database: Database, session: Session, now: datetime, waiting: Screening
) -> None:
    start = threading.Barrier(4)
    told: list[str] = []

    def act(number: int) -> None:
        person = Actor(ActorKind.STAFF, f"Person {number}", number)
        with database.session() as own:
            start.wait()
            try:
                decide(
                    own,
                    waiting.id or 0,
                    decision=(CLEAR, REFUSED)[number % 2],
                    reason="Telephoned, is what it says",
                    look=Look(saw_open=True),
                    actor=person,
                    now=now,
                )
            except Refused as refusal:
                told.append(refusal.code)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told == ["screening.decided_meanwhile"] * 3
    session.rollback()
    assert len(session.exec(select(AuditEntry)).all()) == 1
    assert len(session.exec(select(Mail)).all()) == 1
    assert len(session.exec(select(Screening)).all()) == 1
