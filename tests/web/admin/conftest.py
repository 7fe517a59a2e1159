"""One of each thing that the staff's pages show."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.care.models import Complaint, ComplaintPhoto, FieldVisit, ServiceOffer
from app.catalogue.models import Bundle, Category, SynonymGroup
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Objection, Screening
from app.customers.rules.admission import ScreeningState
from app.fulfilment.models import ClosingDay
from app.imports.models import Import
from app.insights.models import Proposal
from app.invoices.models import Invoice
from app.invoices.rules.document import DraftState
from app.mail.models import AddressState, Mail, MailAddress, MailState
from app.mainbrand.models import MainAccount, RatingOverride, RatingRun
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.payments.models import Payment, StripeEvent
from app.payments.rules.states import PaymentState
from app.staff.models import ApiKey, StaffMember
from app.staff.rules.roles import Role
from tests import make, make_invoice, make_money, make_services
from tests.flows.standing import asked_standing
from tests.make_complaint import make_complaint
from tests.make_effort import effort_event
from tests.make_proofs import delivery_proof
from tests.web.conftest import Browser

PICTURE = b"picture of the bundle"


@dataclass
class Desk:
    """What lies on the desk, by name."""

    customer: Customer
    contact: Contact
    bundle: Bundle
    block_id: int
    order: Order
    mail: Mail
    applicant: Customer
    account: MainAccount
    screening: Screening
    colleague: StaffMember
    objection: Objection
    run: RatingRun
    override: RatingOverride
    checked_import: Import
    api_key: ApiKey
    category: Category
    synonyms: SynonymGroup
    proposal: Proposal
    complaint: Complaint
    photo_id: int
    closing_day: ClosingDay
    service_id: int
    service_order: Order
    offer: ServiceOffer
    visit: FieldVisit
    effort_event_id: int
    proof_id: int
    standing_order_id: int
    invoice: Invoice
    draft_id: int
    marked_address_id: int
    difference_id: int
    payment_id: int
    dispute_id: int
    refund_id: int
    request_id: int


@pytest.fixture
def things(session: Session) -> Desk:
    """An accepted order with payment and failed mail, a bundle on sale, a case in review, a colleague."""
    # One transaction for all: hundreds of tests begin with it.
    with transaction(session):
        return _desk(session)


def _desk(session: Session) -> Desk:
    customer = make.customer(session, company_name="Öttinger Blechbau GmbH", name_key="blechbau oettinger")
    contact = make.contact(session, of=customer, email="anna@oettinger.example")
    block = make.block(session, sku="DI-100/2", unit_cost_cents=300)
    bundle = make.bundle(
        session, items=[(block, 4)], image=PICTURE, name_en="Seal pack", name_de="Dichtungspaket"
    )
    order = make.order(
        session,
        of=customer,
        by=contact,
        bundle=bundle,
        state=OrderState.ACCEPTED,
        accepted_at=make.NOW,
        purchase_reference="PO 4711",
        dispatch_on=date(2026, 3, 10),
    )
    paid = _pay(session, order)
    account = make.main_account(
        session, company_name="Sauer Anlagen AG", name_key="anlagen sauer", segment=Segment.A
    )
    applicant = _applicant(session)
    service_order = make_services.service_order(session, of=customer, by=contact, for_order=order)
    mail = _failed_mail(session, order, contact)
    return Desk(
        customer=customer,
        contact=contact,
        bundle=bundle,
        block_id=block.id or 0,
        order=order,
        mail=mail,
        applicant=applicant,
        account=account,
        screening=_case(session, applicant, account),
        colleague=make.staff_member(session, role=Role.VIEWER),
        objection=_objection(session),
        override=make.waiting_override(session),
        run=make.proposed_rating(session, account),
        checked_import=make.checked_import(session),
        api_key=make.api_key(session),
        category=make.category(session),
        synonyms=make.synonyms(session, "Fett", "Schmierstoff"),
        proposal=_proposal(session),
        **_complaint(session, order),
        closing_day=make.closing_day(session, utc_now().date() + timedelta(days=30)),
        service_id=make_services.service(session).id or 0,
        service_order=service_order,
        offer=make_services.service_offer(session, of=customer, for_order=order),
        visit=make_services.field_visit(session, of=_visited(session)),
        effort_event_id=effort_event(session, of=customer).id or 0,
        proof_id=delivery_proof(session, of=order).id or 0,
        standing_order_id=_standing_order(session, customer, contact, bundle),
        invoice=make_invoice.invoice(session, of=order),
        draft_id=make_invoice.draft(
            session, of=service_order, state=DraftState.BLOCKED, problem=make_invoice.PROBLEM
        ).id
        or 0,
        marked_address_id=_marked_address(session, mail).id or 0,
        difference_id=make.book_difference(session).id or 0,
        **_money(session, order, paid, customer, contact),
    )


@pytest.fixture
def admin(things: Desk, sign_in: Callable[[Role], Browser]) -> Browser:
    """A signed-in administrator."""
    return sign_in(Role.ADMIN)


@pytest.fixture
def sign_in(session: Session, browser: Callable[..., Browser]) -> Callable[[Role], Browser]:
    """Signs in a staff member of a role."""
    return lambda role: browser(make.staff_member(session, role=role, name=f"Robin {role.value}"))


def fresh(session: Session, row: Any) -> Any:
    """The row as it is stored now."""
    session.rollback()
    return session.get_one(type(row), row.id, populate_existing=True)


def _complaint(session: Session, order: Order) -> dict[str, Any]:
    made = make_complaint(session, about=order, photo=PICTURE)
    photo = session.exec(select(ComplaintPhoto)).one()
    return {"complaint": made, "photo_id": photo.id}


def _standing_order(session: Session, customer: Customer, contact: Contact, bundle: Bundle) -> int:
    standing, _ = asked_standing(session, of=customer, by=contact, bundle=bundle, token="standing-token")
    return standing.id or 0


def _visited(session: Session) -> Customer:
    visited = make.customer(session, company_name="Trift Anlagen KG")
    make.contact(session, of=visited, name="Uwe Trift")
    return visited


def _money(
    session: Session, order: Order, paid: Payment, customer: Customer, contact: Contact
) -> dict[str, int]:
    """What came of payments: the dispute is about an order of its own, so that the first one can be worked on."""
    disputed = make.order(session, of=customer, by=contact, bundle=None, state=OrderState.DISPATCHED)
    dispute = make_money.dispute(session, about=disputed)
    make_money.evidence_file(session, of=dispute, content=PICTURE)
    make_money.warning(session, about=paid)
    return {
        "payment_id": paid.id or 0,
        "dispute_id": dispute.id or 0,
        "refund_id": make_money.refund(session, of=paid).id or 0,
        "request_id": make_money.request(session, of=order).id or 0,
    }


def _proposal(session: Session) -> Proposal:
    for sku in ("FI-7", "OL-1"):
        make.block(session, sku=sku)
    return make.proposal(session, "FI-7", "OL-1")


def _pay(session: Session, order: Order) -> Payment:
    paid = make.saved(
        session,
        Payment(
            order_id=order.id, state=PaymentState.CAPTURED, amount_cents=order.gross_cents, expires_at=make.NOW,
            session_id="cs_1", token="t1", changed_at=make.NOW, checked_at=make.NOW, intent_id="pi_1",
            card_brand="visa", card_last4="4242", created_at=make.NOW, authorised_at=make.NOW, settled_at=make.NOW,
        ),
    )  # fmt: skip
    make.saved(
        session,
        StripeEvent(
            event_id="evt_1",
            event_type="payment_intent.succeeded",
            stripe_object_id="pi_1",
            received_at=make.NOW,
        ),
    )
    return paid


def _failed_mail(session: Session, order: Order, contact: Contact) -> Mail:
    return make.saved(
        session,
        Mail(
            kind="order_dispatched", key="order_dispatched:0", message_id="<1@schlicht>", language="en",
            to_address=contact.email, object_kind="order", object_id=order.id, state=MailState.FAILED,
            error="550 no such user", attempt_count=3, created_at=make.NOW,
            values={
                "number": order.number, "contact_name": contact.name, "purchase_reference": "", "is_late": False,
                "promised_on": "2026-03-12", "carrier": "Post", "tracking_code": "",
                "lines": [{"quantity": 1, "name": "Seal pack"}],
            },
        ),
    )  # fmt: skip


def _marked_address(session: Session, mail: Mail) -> MailAddress:
    return make.saved(
        session,
        MailAddress(
            address="ceo@sauer.example", state=AddressState.BOUNCED, status="5.1.1", reason="550 no such user",
            mail_id=mail.id, at=make.NOW,
        ),
    )  # fmt: skip


def _applicant(session: Session) -> Customer:
    applicant = make.customer(
        session,
        company_name="Anlagen Sauer GmbH",
        name_key="anlagen sauer",
        postal_code="04177",
        street="Seestraße 1",
        screening=ScreeningState.REVIEW,
        segment=Segment.UNRATED,
        segment_reason="",
        business_verified_at=None,
    )
    make.contact(session, of=applicant, email="ceo@sauer.example")
    return applicant


def _objection(session: Session) -> Objection:
    shut = make.customer(
        session, company_name="Stör Metall GmbH", suspended_at=make.NOW, suspended_reason="calls"
    )
    person = make.contact(session, of=shut, name="Petra Stör")
    return make.saved(
        session,
        Objection(
            customer_id=shut.id,
            contact_id=person.id,
            against="suspended",
            text="Die Anrufe galten Ihrem eigenen Fehler.",
            created_at=make.NOW,
        ),
    )


def _case(session: Session, applicant: Customer, account: MainAccount) -> Screening:
    key = "anlagen sauer, 04177"
    match = {
        "account_id": account.id,
        "account_number": account.account_number,
        "company_name": account.company_name,
        "segment": "A",
        "is_hard": False,
        "evidence": [{"field": "name_and_postal_code", "own": key, "other": key}],
    }
    return make.saved(
        session,
        Screening(
            customer_id=applicant.id,
            trigger="registration",
            outcome=ScreeningState.REVIEW,
            screened_at=make.NOW,
            reason="likeness",
            matches=[match],
        ),
    )
