"""Where a company wants its invoices, and what is wrong with what it says."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from app.core.errors import N_, FieldError
from app.customers.rules.application import fault_of_email
from app.customers.rules.countries import fault_of_address

LONGEST = {
    "name": 300,
    "street": 200,
    "postal_code": 16,
    "city": 120,
    "country": 2,
    "email": 254,
    "buyer_reference": 64,
}
ADDRESS = ("name", "street", "postal_code", "city", "country")
"""What stands in the address field: all of it is the company's own, or all of it another."""
OF_AN_ORDER = (*ADDRESS, "buyer_reference")
"""What can be said of the invoice of one order alone."""


@dataclass(frozen=True, slots=True)
class BillingDetails:
    """Name and address on the invoice, e-mail address for it and the buyer's reference (BT-10); "" for the usual."""

    name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    email: str = ""
    buyer_reference: str = ""
    wants_xrechnung: bool = False

    @property
    def has_address(self) -> bool:
        """Whether another name and address are meant, complete or not."""
        return any(getattr(self, name) for name in ADDRESS)


def faults_of_billing(details: BillingDetails) -> tuple[FieldError, ...]:
    """What is wrong with billing details, one sentence a field; empty when they can stand on an invoice.

    Name and address are whole or not there at all: half of them would be mixed with half of the company's.
    """
    texts: Mapping[str, str] = {name: getattr(details, name) for name in LONGEST}
    found = [fault for name, text in texts.items() for fault in _faults_of_text(name, text)]
    if re.search(r"://|\bwww\.|@", details.name):
        found.append(FieldError("name", N_("Please enter the name only, without any address.")))
    if details.email and (fault := fault_of_email(details.email)) is not None:
        found.append(fault)
    if details.has_address:
        found += _faults_of_address(details)
    first: dict[str, FieldError] = {}
    for one in found:
        first.setdefault(one.field, one)
    return tuple(first.values())


def as_values(details: BillingDetails) -> dict[str, object]:
    """The details as columns of a profile, by name."""
    return asdict(details)


def _faults_of_text(name: str, text: str) -> list[FieldError]:
    if len(text) > LONGEST[name]:
        values: dict[str, object] = {"max_length": LONGEST[name]}
        return [FieldError(name, N_("Please use at most %(max_length)s characters."), values)]
    if not text.isprintable():
        return [FieldError(name, N_("Please leave out line breaks and other invisible characters."))]
    return []


def _faults_of_address(details: BillingDetails) -> list[FieldError]:
    message = N_("Please fill in name and address, or leave all of it empty.")
    missing = [FieldError(name, message) for name in ADDRESS if not getattr(details, name)]
    if {fault.field for fault in missing} & {"postal_code", "country"}:
        return missing
    fault = fault_of_address(details.postal_code, country=details.country)
    return [*missing, *([fault] if fault is not None else [])]
