"""What a customer has to say for a special service, which orders allow it, and what is wrong with a wish."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.care.rules.services import ServiceKind
from app.care.rules.storage import Keeping, details_of_keeping
from app.core.errors import N_, FieldError
from app.customers.rules.countries import fault_of_address, is_outside_vat_area
from app.ordering.rules.states import OrderKind, OrderState

ADDRESS_FIELDS = ("company_name", "contact_name", "street", "postal_code", "city", "country")
LONGEST = {
    "company_name": 300,
    "contact_name": 200,
    "street": 200,
    "postal_code": 16,
    "city": 120,
    "country": 2,
}
LONGEST_NOTE = 500

MOST_UNITS = {ServiceKind.PHONE_HELP: 8, ServiceKind.STORAGE: 8}
"""The most units of one order of a service; of the others there is one."""

_STARTED = frozenset({OrderState.ACCEPTED})
_EVER = frozenset({OrderState.ACCEPTED, OrderState.DISPATCHED})
POSSIBLE_IN: dict[ServiceKind, frozenset[OrderState]] = {
    ServiceKind.INVOICE_COPY: _EVER,
    ServiceKind.PAPER_CERTIFICATE: _EVER,
    ServiceKind.ADDRESS_CHANGE: _STARTED,
    ServiceKind.SPLIT_DELIVERY: _STARTED,
    ServiceKind.STORAGE: _STARTED,
}
"""The services that concern an order, with the states in which it allows them: before it leaves, or ever."""

BY_OFFER_ONLY = frozenset({ServiceKind.FIELD_VISIT})
"""What nobody orders from the list: a field visit is an exception (domain.md section 4)."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """The order of goods that a service is about; `is_invoiced`: its invoice is issued."""

    number: str
    kind: OrderKind
    state: OrderState
    country: str
    postal_code: str
    is_invoiced: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What the customer says: how many, for which of their orders, where to, and a note for us; what storage does."""

    quantity: int = 1
    concerned: Concerned | None = None
    address: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    keeping: Keeping | None = None


def needs_order(kind: ServiceKind) -> bool:
    """Whether a service is about one of the customer's orders."""
    return kind in POSSIBLE_IN


def needs_address(kind: ServiceKind) -> bool:
    """Whether the customer gives a new address."""
    return kind is ServiceKind.ADDRESS_CHANGE


def most_units(kind: ServiceKind) -> int:
    """How many units of a service one order may hold."""
    return MOST_UNITS.get(kind, 1)


def counts_of(kind: ServiceKind, *, offered: int | None) -> list[int]:
    """The numbers of units that one can order: the one that an offer names, else each up to the most."""
    return [offered] if offered is not None else list(range(1, most_units(kind) + 1))


def is_possible(kind: ServiceKind, concerned: Concerned | None) -> bool:
    """Whether the order allows the service as it stands; True for a service that concerns none."""
    if not needs_order(kind):
        return True
    if concerned is None or concerned.kind is not OrderKind.GOODS:
        return False
    if kind is ServiceKind.INVOICE_COPY and not concerned.is_invoiced:
        return False
    return concerned.state in POSSIBLE_IN[kind]


def moves_vat_area(address: Mapping[str, str], concerned: Concerned) -> bool:
    """Whether goods would go where another VAT law holds than that of the order: another country, or into or out of a
    place of its country where the EU's VAT law does not hold."""
    country, was = address["country"], concerned.country
    is_outside = is_outside_vat_area(country, address.get("postal_code", ""))
    return country != was or is_outside != is_outside_vat_area(was, concerned.postal_code)


def faults_of_wish(
    kind: ServiceKind, wish: Wish, *, most: int | None = None, is_offered: bool = False
) -> list[FieldError]:
    """What is wrong with a wish, one sentence a field; empty when the service can be ordered.

    `most` is the most units where an offer names its own number; what is offered needs no word of what it is for.
    """
    found = []
    if not 1 <= wish.quantity <= (most_units(kind) if most is None else most):
        found.append(FieldError("quantity", N_("Please choose one of the offered values.")))
    if needs_order(kind) and wish.concerned is None:
        found.append(FieldError("order", N_("Please choose the order that this is about.")))
    elif not is_possible(kind, wish.concerned):
        found.append(FieldError("order", _why_impossible(kind, wish.concerned)))
    if needs_address(kind):
        found += _faults_of_address(wish)
    if len(wish.note) > LONGEST_NOTE:
        found.append(FieldError("note", N_("Please use at most 500 characters.")))
    if kind is ServiceKind.OTHER and not is_offered and not wish.note.strip():
        found.append(FieldError("note", N_("Please say in a sentence what you need.")))
    return found


def details_of(kind: ServiceKind, wish: Wish) -> dict[str, object]:
    """What is kept of a wish for those who do the service: plain values by name, none that says nothing."""
    details: dict[str, object] = {}
    if needs_address(kind):
        details["address"] = {name: wish.address[name] for name in ADDRESS_FIELDS}
    if wish.keeping is not None:
        details |= details_of_keeping(wish.keeping)
    if wish.note:
        details["note"] = wish.note
    return details


def _why_impossible(kind: ServiceKind, concerned: Concerned | None) -> str:
    if kind is ServiceKind.INVOICE_COPY:
        return N_("This order has no invoice yet: it comes by e-mail when the goods have left.")
    if concerned and concerned.state is OrderState.DISPATCHED:
        return N_("This order has left already: that is no longer possible for it.")
    return N_("For this order that is not possible: it must be paid and accepted.")


def _faults_of_address(wish: Wish) -> list[FieldError]:
    found = []
    for name in ADDRESS_FIELDS:
        text = wish.address.get(name, "")
        if not text:
            found.append(FieldError(name, N_("Please fill in this field.")))
        elif len(text) > LONGEST[name]:
            values: dict[str, object] = {"max_length": LONGEST[name]}
            found.append(FieldError(name, N_("Please use at most %(max_length)s characters."), values))
    wrong = {fault.field for fault in found}
    fault = fault_of_address(wish.address.get("postal_code", ""), country=wish.address.get("country", ""))
    if fault is not None and fault.field not in wrong:
        found.append(fault)
    elif wish.concerned and "country" not in wrong and moves_vat_area(wish.address, wish.concerned):
        message = N_("The country stays as it is: prices and tax were worked out for it.")
        found.append(FieldError("country", message))
    return found
