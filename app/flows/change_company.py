"""A company changes its own data and is compared with the main brand's list again."""

from dataclasses import asdict
from datetime import datetime

from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, Invalid
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.customers.queries import facts_of
from app.customers.rules.admission import ScreeningState
from app.customers.rules.application import CompanyFacts, faults
from app.customers.rules.vat_answers import VatPurpose
from app.customers.rules.vat_ids import VatIdStatus
from app.customers.service import lock_customer
from app.customers.service_vat import put_vat_check
from app.jobs.service import put_job

HARMLESS = frozenset({"phone"})
CONFIRMED_WITH = frozenset({"vat_id", "company_name", "street", "postal_code", "city", "country"})
"""What a confirmation of a VAT id was asked with: it says nothing of a company that has another name or place."""


def change_company(
    session: Session, *, customer_id: int, contact_id: int, facts: CompanyFacts, language: str, now: datetime
) -> bool:
    """Keeps the changed facts and the person's language. True where the company is now checked again:
    until that is done the catalogue is closed to it.

    Raises Invalid `application.invalid` with the fields. Without a change nothing is written.
    """
    wrong = faults(facts)
    if wrong:
        raise Invalid(N_("Please check your entries."), code="application.invalid", fields=wrong)
    with transaction(session):
        customer = lock_customer(session, customer_id)
        contact = session.get_one(Contact, contact_id, with_for_update=True)
        contact.language = language
        before, after = _compared(facts_of(customer), customer.vat_id), _compared(facts, facts.vat_key)
        changed = {name for name, value in after.items() if before[name] != value}
        if not changed:
            return False
        customer.company_name = facts.company_name
        customer.legal_form = facts.legal_form
        customer.name_key = facts.name_key
        if changed & CONFIRMED_WITH:
            _ask_anew(session, customer, facts.vat_key, now=now)
        customer.vat_note = facts.vat_note
        customer.register_number = facts.register_number or None
        customer.register_court = facts.register_court
        customer.register_key = facts.register_key
        customer.street = facts.street
        customer.postal_code = facts.postal_code
        customer.city = facts.city
        customer.country = facts.country
        customer.phone = facts.phone
        is_checked_again = bool(changed - HARMLESS)
        if is_checked_again and customer.screening in (ScreeningState.CLEAR, ScreeningState.REVIEW):
            customer.screening = ScreeningState.PENDING
            put_job(session, "screen_customer", now=now, customer_id=customer_id, trigger="change")
        elif customer.screening in (ScreeningState.CLEAR, ScreeningState.REVIEW):
            # Compared too, but the catalogue stays open meanwhile.
            put_job(session, "screen_again", now=now, customer_id=customer_id, trigger="change")
        record(
            session,
            Actor(ActorKind.CUSTOMER, contact.name, contact_id),
            action="customer.changed",
            object_kind="customer",
            object_id=customer_id,
            object_name=customer.company_name,
            now=now,
            old={name: before[name] for name in sorted(changed)},
            new={name: after[name] for name in sorted(changed)},
        )
        return is_checked_again


def _ask_anew(session: Session, customer: Customer, vat_id: str | None, *, now: datetime) -> None:
    """Another VAT id, or another company with it: what was confirmed before says nothing of it."""
    customer.vat_id = vat_id
    customer.vat_status = VatIdStatus.UNCHECKED
    customer.vat_confirmed_at = None
    put_vat_check(session, customer_id=customer.id or 0, vat_id=vat_id, purpose=VatPurpose.CHANGE, now=now)


def _compared(facts: CompanyFacts, vat_key: str | None) -> dict[str, str]:
    return {**asdict(facts), "vat_id": vat_key or ""}
