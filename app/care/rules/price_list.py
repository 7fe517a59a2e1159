"""What may stand on the price list of special services, and what a service costs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from app.care.rules.services import ServiceKind
from app.care.rules.storage import Keeping
from app.core.errors import N_, FieldError
from app.core.ids import hash_token
from app.ordering.rules.pricing import ChargeKind, PricedCharge, Totals, price_order
from app.ordering.rules.vat import VatCase

CODE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
VAT_RATES_BP = (1_900, 700, 0)
LEAST_PRICE_CENTS = 50
GREATEST_PRICE_CENTS = 1_000_000
MOST_MINUTES = 480
LONGEST = {
    "code": 64,
    "name_de": 200,
    "name_en": 200,
    "text_de": 1_000,
    "text_en": 1_000,
    "unit_de": 64,
    "unit_en": 64,
}
NEEDED = ("code", "name_de", "name_en")


@dataclass(frozen=True, slots=True)
class ServiceText:
    """A service as one customer reads it: in their language, at the price that is asked."""

    name: str
    text: str
    unit: str
    price_cents: int
    vat_rate_bp: int


def service_totals(service: ServiceText, quantity: int, *, vat_case: VatCase = VatCase.DOMESTIC) -> Totals:
    """What a count of a service costs: one charge with a name and a rate of its own, no goods (§ 12 UStG)."""
    charge = PricedCharge(
        ChargeKind.SPECIAL_SERVICE,
        quantity * service.price_cents,
        name=service.name,
        quantity=quantity,
        vat_rate_bp=service.vat_rate_bp,
    )
    return price_order((), charges=(charge,), vat_case=vat_case)


def shown_mark(
    service: ServiceText,
    *,
    quantity: int | None,
    terms_version_id: int,
    keepings: Sequence[Keeping] = (),
    vat_case: VatCase = VatCase.DOMESTIC,
) -> str:
    """A mark of all that a customer agrees to by ordering, to compare what was shown with what is true.

    `quantity` is None where the customer chooses it on the page itself, beside the price of each; `keepings` are the
    days that stand beside each number of units of storage.
    """
    return hash_token(
        repr((*asdict(service).values(), quantity, terms_version_id, vat_case.value, *keepings))
    )[:32]


def faults_of_service(
    values: Mapping[str, str], *, price_cents: int, vat_rate_bp: int, minutes: int
) -> list[FieldError]:
    """What is wrong with an entry of the price list, one sentence a field."""
    found = []
    for name in NEEDED:
        if not values[name]:
            found.append(FieldError(name, N_("Please fill in this field.")))
    for name, longest in LONGEST.items():
        if len(values[name]) > longest:
            most: dict[str, object] = {"max_length": longest}
            found.append(FieldError(name, N_("Please use at most %(max_length)s characters."), most))
    if values["code"] and not CODE.fullmatch(values["code"]):
        message = N_("Please use small letters, digits and hyphens, such as spare-parts.")
        found.append(FieldError("code", message))
    if not LEAST_PRICE_CENTS <= price_cents <= GREATEST_PRICE_CENTS:
        message = N_("Please enter an amount from 0.50 to 10,000.00.")
        found.append(FieldError("price_cents", message))
    if vat_rate_bp not in VAT_RATES_BP:
        found.append(FieldError("vat_rate_bp", N_("Please choose one of the offered values.")))
    if not 0 <= minutes <= MOST_MINUTES:
        bounds: dict[str, object] = {"least": 0, "greatest": MOST_MINUTES}
        message = N_("Please enter a value from %(least)s to %(greatest)s.")
        found.append(FieldError("minutes", message, bounds))
    return found


def kind_named(text: str) -> ServiceKind | None:
    """The kind that a form names, or None."""
    return next((kind for kind in ServiceKind if kind.value == text), None)
