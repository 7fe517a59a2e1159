from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.delivery import Destination, is_at_home
from app.flows.decide_screening import decide
from app.flows.screen_customer import complete_keys
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.service_placing import DeliveryAddress
from app.payments.models import Payment
from tests import make
from tests.flows.till import ADDRESS, Till, open_till

A, B, C, UNRATED = Segment.A, Segment.B, Segment.C, Segment.UNRATED
LEAD = Actor(ActorKind.STAFF, "Mara Lead", 7)
ELSEWHERE = DeliveryAddress("Probst Werkstatt GmbH", "Kim Probst", "Hafenstr. 12 a", "20457", "Hamburg", "DE")
THERE = {"street": "Hafenstraße 12a", "postal_code": "20457", "city": "Hamburg"}


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    opened = open_till(session, database, now=now)
    with transaction(session):
        customer = session.get_one(Customer, opened.customer.id)
        customer.company_name, customer.name_key = ADDRESS.company_name, "probst werkstatt"
    return opened


def account(session: Session, **values: Any) -> int:
    made = make.main_account(session, **{"segment": A, **THERE, **values})
    complete_keys(session)
    assert made.id is not None
    return made.id


def refused(till: Till, **values: Any) -> str:
    with pytest.raises(Refused) as raised:
        till.place(**{"address": ELSEWHERE, **values})
    return raised.value.code


def cases(session: Session) -> list[Screening]:
    session.rollback()
    return list(session.exec(select(Screening).order_by(col(Screening.id))))


@pytest.mark.parametrize("segment", [A, B])
def test_goods_for_an_a_or_b_customers_address_wait_for_a_person(
    session: Session, till: Till, segment: Segment
) -> None:
    account_id = account(session, segment=segment)
    cart = till.cart()

    assert refused(till) == "order.address_in_check"

    (case,) = cases(session)
    assert (case.outcome, case.trigger, case.decision) == (ScreeningState.REVIEW, "delivery_address", None)
    (match,) = case.matches
    assert match["account_id"] == account_id
    assert [found["field"] for found in match["evidence"]] == ["address"]
    assert session.exec(select(Order)).all() == []
    assert session.exec(select(Payment)).all() == []
    assert till.mails() == []
    assert till.cart() == cart
    customer = session.get_one(Customer, till.customer.id)
    assert (customer.screening, customer.segment) == (ScreeningState.CLEAR, C)
    (entry,) = session.exec(select(AuditEntry)).all()
    assert entry.action == "customer.delivery_held_back"


def test_asking_again_opens_no_second_case(session: Session, till: Till) -> None:
    account(session)

    assert {refused(till), refused(till, key="key-2")} == {"order.address_in_check"}

    assert len(cases(session)) == 1
    assert len(session.exec(select(AuditEntry)).all()) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"segment": C},
        {"segment": UNRATED},
        {"street": "Hafenstraße 40"},
        {"city": "Bremen", "postal_code": "28195"},
    ],
)
def test_goods_for_any_other_address_are_ordered(
    session: Session, till: Till, values: dict[str, Any]
) -> None:
    account(session, **values)

    assert till.place(address=ELSEWHERE).is_new
    assert cases(session) == []


def test_an_a_customer_in_the_companys_own_house_hinders_nothing(session: Session, till: Till) -> None:
    account(session, street=ADDRESS.street, postal_code=ADDRESS.postal_code, city=ADDRESS.city)

    assert till.place().is_new


def test_goods_in_an_a_customers_name_wait_wherever_they_go(session: Session, till: Till) -> None:
    account(session, company_name="Krögelin Hydraulik AG", name_key="hydraulik kroegelin", street="Weg 1")

    assert refused(till, address=replace(ELSEWHERE, company_name="Kroegelin-Hydraulik")) == (
        "order.address_in_check"
    )
    assert refused(till, address=replace(ADDRESS, company_name="Krögelin Hydraulik")) == (
        "order.address_in_check"
    )


def test_an_address_that_a_person_has_cleared_is_ordered_to_and_the_company_is_told(
    session: Session, till: Till, now: datetime
) -> None:
    account(session)
    refused(till)
    (case,) = cases(session)

    decide(
        session,
        case.id or 0,
        decision=ScreeningState.CLEAR,
        reason="a branch of theirs",
        actor=LEAD,
        now=now,
    )

    session.rollback()
    assert [mail.kind for mail in session.exec(select(Mail))] == ["delivery_address_cleared"]
    assert till.place(address=ELSEWHERE).is_new
    account(session, company_name="Zweite AG", name_key="zweite")
    assert refused(till, key="key-2") == "order.address_in_check"


def test_clearing_an_address_lets_no_company_in_that_was_shut_out_meanwhile(
    session: Session, till: Till, now: datetime
) -> None:
    account(session)
    refused(till)
    (case,) = cases(session)
    with transaction(session):
        session.get_one(Customer, till.customer.id).screening = ScreeningState.BLOCKED
        session.add(
            Screening(
                customer_id=till.customer.id or 0,
                trigger="import",
                outcome=ScreeningState.BLOCKED,
                matches=[],
                screened_at=now,
            )
        )

    decide(session, case.id or 0, decision=ScreeningState.CLEAR, reason="a branch", actor=LEAD, now=now)

    session.rollback()
    assert session.get_one(Customer, till.customer.id).screening is ScreeningState.BLOCKED
    assert session.get_one(Screening, case.id).decision is ScreeningState.CLEAR
    assert session.exec(select(Mail)).all() == []
    assert refused(till, address=ADDRESS) == "order.not_admitted"


def test_a_person_can_shut_the_company_out_by_such_a_case(
    session: Session, till: Till, now: datetime
) -> None:
    account(session)
    refused(till)
    (case,) = cases(session)

    decide(
        session, case.id or 0, decision=ScreeningState.BLOCKED, reason="buys for them", actor=LEAD, now=now
    )

    assert refused(till, address=ADDRESS) == "order.not_admitted"
    assert till.mails() == ["decision_main_brand"]


def test_the_same_house_in_another_spelling_is_at_home() -> None:
    home = Destination("Brunner GmbH", "Karl-Heine-Straße 12a", "04229", "Leipzig")

    assert is_at_home(Destination("Brunner", "Karl-Heine-Str. 12 A", "D-04229", "LEIPZIG"), home=home)
    assert not is_at_home(Destination("Brunner", "Karl-Heine-Str. 14", "04229", "Leipzig"), home=home)
    assert not is_at_home(Destination("Krause", "Karl-Heine-Str. 12a", "04229", "Leipzig"), home=home)
