"""The demo's customers abroad: one in Austria with a confirmed VAT id, one in Switzerland; their orders bear no VAT."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.customers.models import Contact, Customer, Screening, VatCheck
from app.customers.rules.admission import ScreeningState
from app.customers.rules.application import LegalForm
from app.customers.rules.matching import Because
from app.customers.rules.vat_answers import VatOutcome, VatPurpose, VatService
from app.customers.rules.vat_ids import VatIdStatus, for_authorities
from app.customers.service_screening import REASONS
from app.flows.fill_demo import Buyer, Rows
from app.fulfilment.models import DeliveryProof
from app.fulfilment.rules.proofs import due_on, proof_of
from app.mainbrand.rules.keys import name_key
from app.mainbrand.rules.segments import Segment
from app.ordering.rules.states import OrderKind
from app.ordering.rules.vat import VatCase
from app.ordering.rules.vat_case import Supply, UsedVatId, vat_case
from app.policy.rules.policy import Policy

ORDERS_DAYS_AGO = (95, 40, 3)


@dataclass(frozen=True)
class Neighbour:
    """A log-in abroad; the VAT ids have right check digits in ranges that no office hands out."""

    email: str
    what: str
    language: str
    company_name: str
    contact_name: str
    vat_id: str
    street: str
    postal_code: str
    city: str
    country: str
    phone: str


NEIGHBOURS = (
    Neighbour(
        "at@demo.example",
        "admitted, in Austria with a confirmed VAT id",
        "de",
        "Holzbau Traunlehner",
        "Resi Traunlehner",
        "ATU99000017",
        "Sägewerkgasse 7",
        "4810",
        "Gmunden",
        "AT",
        "+43 7612 99000",
    ),
    Neighbour(
        "ch@demo.example",
        "admitted, in Switzerland",
        "de",
        "Velowerk Aarmatt",
        "Urs Aarmatt",
        "CHE999000019",
        "Lagerweg 12",
        "8005",
        "Zürich",
        "CH",
        "+41 44 999 00 00",
    ),
)


def case_of(buyer: Buyer, *, at: datetime) -> VatCase:
    """The case of a past order: the demo's companies abroad were confirmed just before each."""
    confirmed = UsedVatId(buyer.vat_id, VatIdStatus.CONFIRMED, at)
    return vat_case(
        seller_country="DE",
        country=buyer.country,
        postal_code=buyer.postal_code,
        supply=Supply.GOODS,
        used=confirmed,
        now=at,
    )


def add_proof(rows: Rows, buyer: Buyer, *, at: datetime) -> None:
    """The answer about a buyer's VAT id, as the stand-in would have given it."""
    rows.add(VatCheck, **_proof(buyer.customer_id, buyer.vat_id, at=at, number=rows.next_id(VatCheck)))


def add_slot(rows: Rows, buyer: Buyer, order_id: int, *, left_on: date, placed_at: datetime) -> None:
    """The slot of the proof that an order left; the oldest ones are overdue."""
    kind = proof_of(OrderKind.GOODS, case_of(buyer, at=placed_at))
    if kind is not None:
        rows.add(
            DeliveryProof,
            order_id=order_id,
            kind=kind,
            due_on=due_on(left_on, Policy().delivery_proof_days),
            created_at=datetime.combine(left_on, time(13), tzinfo=UTC),
        )


def add_neighbours(rows: Rows, *, password_hash: str, now: datetime) -> list[Buyer]:
    """Both companies, admitted ten months ago."""
    return [
        _add(rows, one, number=number, password_hash=password_hash, now=now)
        for number, one in enumerate(NEIGHBOURS)
    ]


def _add(rows: Rows, one: Neighbour, *, number: int, password_hash: str, now: datetime) -> Buyer:
    applied_at = now - timedelta(days=210 - 10 * number)
    is_in_eu = one.country == "AT"
    customer_id = rows.add(
        Customer,
        number=f"K-DEMO{1901 + number}",
        company_name=one.company_name,
        legal_form=LegalForm.FOREIGN.value,
        name_key=name_key(one.company_name),
        vat_id=one.vat_id,
        register_number=None,
        register_court="",
        register_key=None,
        street=one.street,
        postal_code=one.postal_code,
        city=one.city,
        country=one.country,
        phone=one.phone,
        language=one.language,
        main_account_id=None,
        segment=Segment.C,
        segment_reason=REASONS[Because.UNKNOWN],
        screening=ScreeningState.CLEAR,
        business_confirmed_at=applied_at,
        business_verified_at=applied_at + timedelta(minutes=5),
        suspended_at=None,
        suspended_reason="",
        moved_up_at=None,
        created_at=applied_at,
        vat_status=VatIdStatus.CONFIRMED if is_in_eu else VatIdStatus.UNCHECKED,
        vat_confirmed_at=applied_at if is_in_eu else None,
    )
    contact_id = rows.add(
        Contact,
        customer_id=customer_id,
        email=one.email,
        name=one.contact_name,
        language=one.language,
        password_hash=password_hash,
        email_verified_at=applied_at,
        created_at=applied_at,
    )
    rows.add(
        Screening,
        customer_id=customer_id,
        trigger="registration",
        outcome=ScreeningState.CLEAR,
        matches=[],
        screened_at=applied_at,
        reason=Because.UNKNOWN.value,
    )
    if is_in_eu:
        rows.add(VatCheck, **_proof(customer_id, one.vat_id, at=applied_at, number=rows.next_id(VatCheck)))
    return Buyer(
        customer_id,
        contact_id,
        one.language,
        one.company_name,
        one.contact_name,
        one.street,
        one.postal_code,
        one.city,
        one.country,
        one.vat_id,
    )


def _proof(customer_id: int, vat_id: str, *, at: datetime, number: int) -> dict[str, Any]:
    request_id = f"demo{number:09d}"
    return {
        "customer_id": customer_id,
        "vat_id": vat_id,
        "service": VatService.EVATR,
        "outcome": VatOutcome.VALID,
        "request_id": request_id,
        "reason": "evatr-0000",
        "answer": {
            "id": request_id,
            "status": "evatr-0000",
            "angefragteUstid": "".join(for_authorities(vat_id)),
        },
        "matched": {"company_name": "same", "street": "same", "postal_code": "same", "city": "same"},
        "purpose": VatPurpose.CHECKOUT,
        "at": at,
    }
