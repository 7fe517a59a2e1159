"""What a cart or an order costs: goods, charges, VAT per rate, gross, to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.money import share_bp, split
from app.ordering.rules.vat import VatCase


class ChargeKind(StrEnum):
    """An amount on an order that is not a bundle.

    `low_quantity` is for an order below the minimum order value, `low_line` for a line below its minimum quantity.
    """

    LOW_QUANTITY = "low_quantity"
    LOW_LINE = "low_line"
    INTERIM_ORDER = "interim_order"
    EFFORT_FEE = "effort_fee"
    SPECIAL_SERVICE = "special_service"


@dataclass(frozen=True, slots=True)
class RatePart:
    """The reference price of those blocks in one unit of a bundle that have one rate: its weight."""

    vat_rate_bp: int
    reference_price_cents: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A count of one bundle at its net price, with the rates of its blocks (at least one)."""

    quantity: int
    unit_price_cents: int
    parts: tuple[RatePart, ...]

    @property
    def net_cents(self) -> int:
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True, slots=True)
class PricedCharge:
    """A charge with its net amount. It follows the goods' rates, or has a rate of its own (`vat_rate_bp`).

    `name` and `quantity` tell a special service, `bundle_version_id` the line that the charge is about.
    """

    kind: ChargeKind
    net_cents: int
    name: str = ""
    quantity: int = 1
    vat_rate_bp: int | None = None
    bundle_version_id: int | None = None


@dataclass(frozen=True, slots=True)
class TaxPart:
    """The net amount at one rate, and the VAT on it."""

    vat_rate_bp: int
    net_cents: int
    vat_cents: int


@dataclass(frozen=True, slots=True)
class Totals:
    """All sums of a cart or an order; goods worth `missing_cents` more would avoid the surcharge."""

    goods_net_cents: int
    charges: tuple[PricedCharge, ...]
    taxes: tuple[TaxPart, ...]
    missing_cents: int

    @property
    def charges_net_cents(self) -> int:
        return sum(charge.net_cents for charge in self.charges)

    @property
    def net_cents(self) -> int:
        return self.goods_net_cents + self.charges_net_cents

    @property
    def vat_cents(self) -> int:
        return sum(tax.vat_cents for tax in self.taxes)

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents


def price_order(
    lines: Sequence[PricedLine],
    *,
    charges: Sequence[PricedCharge] = (),
    missing_cents: int = 0,
    vat_case: VatCase = VatCase.DOMESTIC,
) -> Totals:
    """The totals of a cart or an order alike; no lines and no charges give zero.

    A mixed bundle's net amount is split over its blocks' rates by their reference prices, charges without a rate of
    their own follow the goods pro rata, VAT is rounded half up once per rate on the sum (UStAE 3.10 and 10.1).
    Outside the `domestic` case all of it is one amount at rate 0. Raises ValueError for a charge that follows goods
    where there are none.
    """
    goods_cents = sum(line.net_cents for line in lines)
    goods = _goods_by_rate(lines)
    net = dict(goods)
    following_cents = 0
    for charge in charges:
        if charge.vat_rate_bp is None:
            following_cents += charge.net_cents
        else:
            net[charge.vat_rate_bp] = net.get(charge.vat_rate_bp, 0) + charge.net_cents
    if following_cents and not goods:
        raise ValueError("a charge that follows the goods needs goods")
    if following_cents:
        rates = sorted(goods, reverse=True)
        for rate, share in zip(rates, split(following_cents, [goods[rate] for rate in rates]), strict=True):
            net[rate] += share
    if vat_case is not VatCase.DOMESTIC and net:
        net = {0: sum(net.values())}
    taxes = tuple(TaxPart(rate, net[rate], share_bp(net[rate], rate)) for rate in sorted(net, reverse=True))
    return Totals(goods_cents, tuple(charges), taxes, missing_cents)


def _goods_by_rate(lines: Sequence[PricedLine]) -> dict[int, int]:
    """The goods' net cents at each rate, summed over the lines."""
    goods: dict[int, int] = {}
    for line in lines:
        weights: dict[int, int] = {}
        for part in line.parts:
            weights[part.vat_rate_bp] = weights.get(part.vat_rate_bp, 0) + part.reference_price_cents
        shares = split(line.net_cents, list(weights.values()))
        for rate, share in zip(weights, shares, strict=True):
            goods[rate] = goods.get(rate, 0) + share
    return goods
