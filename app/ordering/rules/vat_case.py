"""The decision which VAT case an order is, from values that were looked up before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.customers.rules.countries import EU, is_outside_vat_area
from app.customers.rules.vat_ids import VatIdStatus, state_of_vat_id
from app.ordering.rules.vat import VatCase

CONFIRMATION_LASTS = timedelta(hours=24)
"""So old may the answer about a VAT id be on which an amount without VAT rests (compliance.md section 4)."""


HOME = "DE"
"""The seller's country: the rates of blocks are its rates, and its warehouse stands there."""


class Supply(StrEnum):
    """What is sold: an order with a single thing that is sent is `goods`, and its fees follow them."""

    GOODS = "goods"
    SERVICES = "services"


@dataclass(frozen=True, slots=True)
class UsedVatId:
    """The VAT id that a company uses (normalised, empty for none), and what is stored about it.

    `confirmed_at` is when a service confirmed this very id: a status without a time confirms nothing.
    """

    vat_id: str = ""
    status: VatIdStatus = VatIdStatus.UNCHECKED
    confirmed_at: datetime | None = None

    def is_confirmed(self, *, now: datetime) -> bool:
        """Whether a stored confirmation holds now: one of the last 24 hours."""
        if not self.vat_id or self.status is not VatIdStatus.CONFIRMED or self.confirmed_at is None:
            return False
        return now - self.confirmed_at <= CONFIRMATION_LASTS


NO_VAT_ID = UsedVatId()


@dataclass(frozen=True, slots=True)
class VatPosition:
    """The case of an order, the VAT id that was used, and whether a confirmation of it would take the VAT away."""

    case: VatCase
    used: UsedVatId
    is_waiting: bool


AT_HOME = VatPosition(VatCase.DOMESTIC, NO_VAT_ID, is_waiting=False)


def vat_position(
    *,
    seller_country: str,
    country: str,
    postal_code: str = "",
    supply: Supply,
    used: UsedVatId,
    now: datetime,
) -> VatPosition:
    """What `vat_case` decides, with what its answer hangs on."""
    is_waiting = not used.is_confirmed(now=now) and _wants_confirmation(
        seller_country, country, postal_code, supply=supply, used=used
    )
    case = vat_case(
        seller_country=seller_country,
        country=country,
        postal_code=postal_code,
        supply=supply,
        used=used,
        now=now,
    )
    return VatPosition(case, used, is_waiting)


def vat_case(
    *,
    seller_country: str,
    country: str,
    postal_code: str = "",
    supply: Supply,
    used: UsedVatId,
    now: datetime,
) -> VatCase:
    """The one case of an order. `country` is where goods go, for services alone where the company is.

    Without a confirmation that is stored and holds `now`, nothing goes to a company in the EU without VAT
    (§ 6 a (1) no. 4 UStG). What stays in the seller's country, or is bought with a VAT id of it inside the EU, is
    domestic whatever else is true.
    Northern Ireland (XI) counts as a state for goods only. Places of a member state where its VAT law does not hold
    (Article 6 of Directive 2006/112/EC) are outside.
    """
    is_elsewhere = _wants_confirmation(seller_country, country, postal_code, supply=supply, used=used)
    if is_elsewhere:
        if not used.is_confirmed(now=now):
            return VatCase.DOMESTIC
        return VatCase.INTRA_COMMUNITY if supply is Supply.GOODS else VatCase.REVERSE_CHARGE
    if not is_outside_vat_area(country, postal_code):
        return VatCase.DOMESTIC
    if supply is Supply.GOODS:
        return VatCase.EXPORT
    # A company outside that uses a VAT id of the seller's state buys with its establishment there.
    is_at_home = seller_country in (country, state_of_vat_id(used.vat_id))
    return VatCase.DOMESTIC if is_at_home else VatCase.OUTSIDE


def _wants_confirmation(
    seller_country: str, country: str, postal_code: str, *, supply: Supply, used: UsedVatId
) -> bool:
    """Whether the case is one that a confirmed VAT id of another member state decides."""
    state = state_of_vat_id(used.vat_id)
    if state == seller_country or country == seller_country:
        return False
    is_outside = is_outside_vat_area(country, postal_code)
    if supply is Supply.GOODS:
        return not is_outside and (state in EU or state == "XI")
    return state in EU
