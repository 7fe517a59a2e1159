import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.screen_customer import screen_all, screen_customer, screen_waiting
from app.mail.models import Mail
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, UnknownCompany, to_values
from tests import make

A, B, C, UNRATED = Segment.A, Segment.B, Segment.C, Segment.UNRATED
CLEAR, REVIEW, BLOCKED, PENDING = (
    ScreeningState.CLEAR,
    ScreeningState.REVIEW,
    ScreeningState.BLOCKED,
    ScreeningState.PENDING,
)
APPLICANT = {
    "company_name": "Brunner Zweiradtechnik GmbH",
    "name_key": "brunner zweiradtechnik",
    "vat_id": "DE900000014",
    "register_key": "leipzig HRB 12345",
    "postal_code": "04177",
    "screening": PENDING,
    "segment": UNRATED,
    "business_verified_at": None,
}


NINETY_THOUSAND = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 89999)
INSERT INTO main_accounts (
  account_number, company_name, name_key, postal_code, vat_id, register_key, email_domain, segment, imported_at,
  legal_form, street, city, country, phone, sales_contact, segment_reason, row_hash
)
SELECT 'M' || i, 'Firma ' || i, 'firma ' || i, '04177', 'DE' || (200000000 + i), 'leipzig HRB ' || i,
  'firma' || i || '.example', 'C', :now, '', '', '', 'DE', '', '', '', '' FROM n
"""


def applicant(session: Session, *, email: str = "kim@brunner.example", **values: Any) -> int:
    made = make.customer(session, **{**APPLICANT, **values})
    make.contact(session, of=made, email=email)
    assert made.id is not None
    return made.id


def screen(session: Session, customer_id: int, now: datetime) -> Customer:
    screen_customer(session, customer_id=customer_id, trigger="registration", now=now)
    session.expire_all()
    return session.get_one(Customer, customer_id)


def test_an_a_customer_reads_whom_the_list_names_for_it(session: Session, now: datetime) -> None:
    make.main_account(
        session, vat_id="DE900000014", segment=A, sales_contact="Jule Kessler, +49 30 23125 210"
    )

    screen(session, applicant(session), now)

    session.rollback()
    assert session.exec(select(Mail.values)).one()["sales_contact"] == "Jule Kessler, +49 30 23125 210"


def mails(session: Session) -> list[str]:
    session.rollback()
    return [mail.kind for mail in session.exec(select(Mail).order_by(Mail.id))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "account, state, is_linked, segment, mail",
    [
        ({"vat_id": "DE900000014", "segment": A}, BLOCKED, False, UNRATED, "decision_main_brand"),
        ({"vat_id": "DE900000014", "segment": B}, BLOCKED, False, UNRATED, "decision_main_brand"),
        ({"register_key": "leipzig HRB 12345", "segment": A}, BLOCKED, False, UNRATED, "decision_main_brand"),
        ({"vat_id": "DE900000014", "segment": C}, CLEAR, True, C, "decision_admitted"),
        ({"register_key": "leipzig HRB 12345", "segment": C}, CLEAR, True, C, "decision_admitted"),
        ({"vat_id": "DE900000014", "segment": UNRATED}, REVIEW, False, UNRATED, None),
        ({"email_domain": "brunner.example", "segment": C}, REVIEW, False, UNRATED, None),
        (
            {"name_key": "brunner zweiradtechnik", "postal_code": "04177", "segment": A},
            REVIEW,
            False,
            UNRATED,
            None,
        ),
        (
            {"name_key": "brunner zweiradtechnik", "postal_code": "99999", "segment": A},
            REVIEW,
            False,
            UNRATED,
            None,
        ),
        ({"vat_id": "DE900000022", "segment": A}, CLEAR, False, C, "decision_admitted"),
    ],
)
def test_the_main_brands_list_decides_who_comes_in(
    session: Session,
    now: datetime,
    account: dict[str, Any],
    state: ScreeningState,
    is_linked: bool,
    segment: Segment,
    mail: str | None,
) -> None:
    known = make.main_account(session, **account)

    customer = screen(session, applicant(session), now)

    assert (customer.screening, customer.segment) == (state, segment)
    assert customer.main_account_id == (known.id if is_linked else None)
    assert (customer.business_verified_at == now) is (state is CLEAR)
    assert mails(session) == ([mail] if mail else [])
    attempts = session.exec(select(BlockedAttempt)).all()
    assert [attempt.place for attempt in attempts] == (["screening"] if state is BLOCKED else [])


def test_the_evidence_keeps_field_and_both_values(session: Session, now: datetime) -> None:
    account = make.main_account(
        session, vat_id="DE900000014", email_domain="brunner.example", segment=UNRATED
    )

    screen(session, applicant(session), now)

    kept = session.exec(select(Screening)).one()
    assert kept.outcome is REVIEW
    assert kept.reason == "unrated_account"
    assert kept.matches == [
        {
            "account_id": account.id,
            "account_number": account.account_number,
            "company_name": account.company_name,
            "segment": "unrated",
            "is_hard": True,
            "score": 100,
            "evidence": [
                {"field": "vat_id", "own": "DE900000014", "other": "DE900000014", "points": 95},
                {"field": "email_domain", "own": "brunner.example", "other": "brunner.example", "points": 5},
            ],
        }
    ]


def test_a_second_run_changes_nothing(session: Session, now: datetime) -> None:
    make.main_account(session, vat_id="DE900000014", segment=A)
    customer_id = applicant(session)
    screen(session, customer_id, now)

    screen(session, customer_id, now)

    assert len(session.exec(select(Screening)).all()) == 1
    assert len(session.exec(select(BlockedAttempt)).all()) == 1
    assert len(session.exec(select(AuditEntry)).all()) == 1
    assert mails(session) == ["decision_main_brand"]


def test_an_unconfirmed_application_is_not_screened(session: Session, now: datetime) -> None:
    made = make.customer(session, **APPLICANT)
    make.contact(session, of=made, email_verified_at=None)
    assert made.id is not None

    assert screen(session, made.id, now).screening is PENDING
    assert session.exec(select(Screening)).all() == []


def test_two_identifiers_of_two_accounts_go_to_a_person(session: Session, now: datetime) -> None:
    make.main_account(session, vat_id="DE900000014", segment=C)
    make.main_account(session, register_key="leipzig HRB 12345", segment=C)

    assert screen(session, applicant(session), now).screening is REVIEW


def test_a_free_mail_address_likens_nobody(session: Session, now: datetime) -> None:
    make.main_account(session, email_domain="gmx.de", segment=A)

    assert screen(session, applicant(session, email="kim.brunner@gmx.de"), now).screening is CLEAR


def test_an_unknown_company_waits_where_the_policy_wants_a_person(session: Session, now: datetime) -> None:
    values = to_values(Policy(unknown_company=UnknownCompany.REVIEW))
    make.saved(session, PolicyVersion(values=values, changed_by="test", created_at=now))

    assert screen(session, applicant(session), now).screening is REVIEW


def test_a_segment_given_before_survives_a_clear_comparison(session: Session, now: datetime) -> None:
    customer = screen(session, applicant(session, segment=A), now)

    assert (customer.screening, customer.segment) == (CLEAR, A)


def test_after_an_import_only_what_changed_is_written(session: Session, now: datetime) -> None:
    unchanged = applicant(
        session, vat_id="DE900000022", register_key=None, email="a@anders.example", name_key="x"
    )
    becomes_a = applicant(session, screening=CLEAR, segment=C, business_verified_at=now)
    make.contact(session, of=make.customer(session, screening=ScreeningState.REFUSED, vat_id="DE900000014"))
    screen_all(session, now=now)
    session.expire_all()
    assert session.get_one(Customer, unchanged).screening is CLEAR
    make.main_account(session, vat_id="DE900000014", segment=A)

    done = screen_all(session, now=now)

    assert (done.compared_count, done.changed_counts) == (2, {BLOCKED: 1})
    session.expire_all()
    assert session.get_one(Customer, becomes_a).screening is BLOCKED
    assert session.get_one(Customer, unchanged).screening is CLEAR
    assert mails(session) == ["decision_admitted", "decision_main_brand"]
    again = screen_all(session, now=now)
    assert (again.compared_count, again.changed_counts) == (1, {})


def test_a_review_follows_the_list_and_leaves_the_queue_when_it_is_settled(
    session: Session, now: datetime
) -> None:
    account = make.main_account(session, vat_id="DE900000014", segment=UNRATED)
    customer_id = applicant(session)
    screen(session, customer_id, now)
    assert screen_all(session, now=now).changed_counts == {}
    with transaction(session):
        session.get_one(MainAccount, account.id).segment = C

    screen_all(session, now=now)

    session.expire_all()
    customer = session.get_one(Customer, customer_id)
    assert (customer.screening, customer.main_account_id, customer.segment) == (CLEAR, account.id, C)
    first, second = session.exec(select(Screening).order_by(Screening.id)).all()  # type: ignore[arg-type]
    assert (first.decision, first.decided_by) == (CLEAR, "schlicht")
    assert second.outcome is CLEAR


def test_a_new_likeness_sends_an_admitted_company_to_a_person_and_says_so(
    session: Session, now: datetime
) -> None:
    customer_id = applicant(session)
    screen(session, customer_id, now)
    make.main_account(session, email_domain="brunner.example", segment=A)

    assert screen_all(session, now=now).changed_counts == {REVIEW: 1}

    assert mails(session) == ["decision_admitted", "application_received"]
    assert screen_all(session, now=now).changed_counts == {}


def test_a_linked_account_that_is_rated_up_is_left_to_the_gate(session: Session, now: datetime) -> None:
    account = make.main_account(session, vat_id="DE900000014", segment=C)
    customer_id = applicant(session)
    screen(session, customer_id, now)
    with transaction(session):
        session.get_one(MainAccount, account.id).segment = A

    assert screen_all(session, now=now).changed_counts == {}

    session.expire_all()
    assert session.get_one(Customer, customer_id).screening is CLEAR


@pytest.mark.parametrize(
    "earlier",
    [
        {"screening": BLOCKED, "segment": UNRATED},
        {"screening": ScreeningState.REFUSED, "segment": UNRATED},
        {"suspended_at": make.NOW, "suspended_reason": "two chargebacks"},
        {"moved_up_at": make.NOW},
        {"segment": A},
        {},
        {"vat_id": None, "register_key": None, "suspended_at": make.NOW},
    ],
)
def test_a_company_that_is_a_customer_already_does_not_come_in_again_as_a_new_one(
    session: Session, now: datetime, earlier: dict[str, Any]
) -> None:
    admitted = {"screening": CLEAR, "segment": C, "business_verified_at": make.NOW}
    applicant(session, email="old@brunner.example", **{**admitted, **earlier})

    customer = screen(session, applicant(session, email="kim.neu@web.de"), now)

    assert (customer.screening, customer.segment) == (REVIEW, UNRATED)
    assert session.exec(select(Screening.reason)).one() == "known_customer"
    assert screen_all(session, now=now).changed_counts == {}
    assert mails(session) == []


def test_two_applications_of_one_company_at_once_both_go_to_a_person(session: Session, now: datetime) -> None:
    first, second = applicant(session), applicant(session, email="other@brunner.example")

    assert screen(session, second, now).screening is REVIEW
    assert screen(session, first, now).screening is REVIEW


def test_a_like_name_of_an_admitted_customer_and_an_unconfirmed_application_hinder_nobody(
    session: Session, now: datetime
) -> None:
    other = {"vat_id": None, "register_key": None, "screening": CLEAR, "segment": C}
    applicant(session, email="other@brunner.example", **other)
    make.customer(session, **APPLICANT)

    assert screen(session, applicant(session), now).screening is CLEAR


def test_a_linked_company_that_names_another_accounts_vat_id_goes_to_a_person(
    session: Session, now: datetime
) -> None:
    account = make.main_account(session, vat_id="DE900000022", segment=C)
    make.main_account(session, vat_id="DE900000014", segment=C)
    customer_id = applicant(session, main_account_id=account.id)

    customer = screen(session, customer_id, now)

    assert (customer.screening, customer.main_account_id) == (REVIEW, account.id)


def test_only_those_who_wait_are_compared_where_that_is_asked(session: Session, now: datetime) -> None:
    waiting = applicant(session)
    admitted = applicant(session, screening=CLEAR, segment=C, email="x@brunner.example")
    make.main_account(session, vat_id="DE900000014", segment=A)

    done = screen_waiting(session, now=now, trigger="command")

    assert (done.compared_count, done.changed_counts) == (1, {BLOCKED: 1})
    session.expire_all()
    assert session.get_one(Customer, waiting).screening is BLOCKED
    assert session.get_one(Customer, admitted).screening is CLEAR


@pytest.mark.timeout(300)  # the accounts come without keys: making them takes longer than the search
def test_ninety_thousand_main_accounts_are_searched_in_under_fifty_milliseconds(
    session: Session, database: Database, now: datetime
) -> None:
    with transaction(session):
        session.execute(text(NINETY_THOUSAND), {"now": now})
    ids = [
        applicant(
            session,
            vat_id=f"DE{200_000_000 + number}",
            register_key=f"leipzig HRB {number}",
            name_key=f"firma {number}",
            email=f"kim@firma{number}.example",
        )
        for number in range(100, 109)
    ]
    took, plans = [], []
    with watched(session, plans):
        for customer_id in ids:
            started = time.thread_time()
            screen_customer(session, customer_id=customer_id, trigger="registration", now=now)
            took.append(time.thread_time() - started)

    session.expire_all()
    assert all(session.get_one(Customer, customer_id).main_account_id for customer_id in ids)
    # CPU time, as the machine may be busy; that PostgreSQL does not work for long is seen by its plan.
    assert min(took) < 0.05
    assert len(plans) == 6 * len(ids)
    with transaction(session):
        for statement, values in plans[:6]:
            prefix = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
            plan = str(session.connection().exec_driver_sql(prefix + statement, values).all())
            for table in ("main_accounts", "match_keys"):
                assert f"SCAN {table}" not in plan
                assert f"Seq Scan on {table}" not in plan


@contextmanager
def watched(session: Session, into: list[Any]) -> Iterator[None]:
    """Collects the statements that search the main accounts, with their values."""

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if "json_each" in statement or "= ANY(" in statement:
            into.append((statement, values))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)
