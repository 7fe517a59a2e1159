"""Reading the VAT position of a company that orders services alone."""

from datetime import datetime

from sqlmodel import Session

from app.customers.models import Customer
from app.ordering.rules.vat_case import Supply, UsedVatId, VatPosition, vat_position


def service_vat_of(customer: Customer, *, seller_country: str, now: datetime) -> VatPosition:
    """The position of services to a company: its place is where the company is (§ 3 a (2) UStG)."""
    return vat_position(
        seller_country=seller_country,
        country=customer.country,
        postal_code=customer.postal_code,
        supply=Supply.SERVICES,
        used=UsedVatId(customer.vat_id or "", customer.vat_status, customer.vat_confirmed_at),
        now=now,
    )


def service_vat(session: Session, customer_id: int, *, seller_country: str, now: datetime) -> VatPosition:
    """The same, for who does not hold the company's row."""
    return service_vat_of(session.get_one(Customer, customer_id), seller_country=seller_country, now=now)
