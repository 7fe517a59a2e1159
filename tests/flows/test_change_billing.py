"""A company says where it wants its invoices; the main brand's customers are looked at first."""

from typing import Any

import pytest
from sqlmodel import Session, func, select

from app.audit.models import AuditEntry
from app.core.errors import Invalid, Refused
from app.customers.models import Contact, Screening
from app.flows.change_billing import change_billing
from app.flows.screen_customer import complete_keys
from app.invoices.models import BillingProfile
from app.invoices.queries_billing import billing_of
from app.invoices.rules.billing import BillingDetails
from app.mainbrand.rules.segments import Segment
from tests import make

pytestmark = pytest.mark.database

WANTED = BillingDetails(
    name="Probst Werkstatt GmbH, Buchhaltung",
    street="Ring 1",
    postal_code="1010",
    city="Wien",
    country="AT",
    email="rechnung@probst.example",
    buyer_reference="4711",
    wants_xrechnung=True,
)


@pytest.fixture
def person(session: Session) -> Contact:
    return make.contact(session, of=make.customer(session), name="Kim Probst")


def change(session: Session, person: Contact, details: BillingDetails, **values: Any) -> None:
    change_billing(
        session, details, customer_id=person.customer_id, contact_id=person.id or 0, now=make.NOW, **values
    )


def counted(session: Session, model: Any) -> int:
    return int(session.exec(select(func.count()).select_from(model)).one())


def test_what_is_said_is_kept_and_written_down_once(session: Session, person: Contact) -> None:
    for _ in range(2):
        change(session, person, WANTED)

    assert billing_of(session, person.customer_id) == WANTED
    (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "billing.changed")).all()
    assert (entry.actor_name, (entry.new or {})["email"]) == ("Kim Probst", "rechnung@probst.example")


def test_it_can_be_changed_and_taken_away_again(session: Session, person: Contact) -> None:
    change(session, person, WANTED)

    change(session, person, BillingDetails(email="neu@probst.example"))

    assert billing_of(session, person.customer_id) == BillingDetails(email="neu@probst.example")
    assert counted(session, BillingProfile) == 1


def test_what_is_wrong_changes_nothing(session: Session, person: Contact) -> None:
    change(session, person, WANTED)

    with pytest.raises(Invalid) as refused:
        change(session, person, BillingDetails(street="Ring 1"))

    assert refused.value.code == "billing.invalid"
    assert billing_of(session, person.customer_id) == WANTED


def test_a_main_account_on_the_invoice_waits_for_a_person(session: Session, person: Contact) -> None:
    account = make.main_account(session, segment=Segment.A, street="Werkstraße 8")
    complete_keys(session)
    theirs = BillingDetails(
        name=account.company_name, street="Werkstraße 8", postal_code="04177", city="Leipzig", country="DE"
    )

    with pytest.raises(Refused) as refused:
        change(session, person, theirs)

    assert refused.value.code == "billing.in_check"
    assert billing_of(session, person.customer_id) == BillingDetails()
    (case,) = session.exec(select(Screening)).all()
    assert (case.customer_id, case.trigger) == (person.customer_id, "delivery_address")
