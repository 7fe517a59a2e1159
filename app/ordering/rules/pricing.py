"""What a cart or an order costs: goods, charges, VAT per rate, gross, to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.money import share_bp, split


class ChargeKind(StrEnum):
    """An amount on an order that is not a bundle."""

    LOW_QUANTITY = "low_quantity"


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
    """A charge with its net amount."""

    kind: ChargeKind
    net_cents: int


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
    lines: Sequence[PricedLine], *, minimum_order_value_cents: int, low_quantity_surcharge_cents: int
) -> Totals:
    """The totals of a cart or an order alike; no lines give zero and no surcharge.

    A mixed bundle's net amount is split over its blocks' rates by their reference prices, charges follow
    the goods pro rata, VAT is rounded half up once per rate on the sum (UStAE 3.10 and 10.1).
    """
    goods_net_cents = sum(line.net_cents for line in lines)
    missing_cents = max(0, minimum_order_value_cents - goods_net_cents) if lines else 0
    charges: tuple[PricedCharge, ...] = ()
    if missing_cents and low_quantity_surcharge_cents:
        charges = (PricedCharge(ChargeKind.LOW_QUANTITY, low_quantity_surcharge_cents),)
    goods = _goods_by_rate(lines)
    rates = sorted(goods, reverse=True)
    charged = (
        split(sum(charge.net_cents for charge in charges), [goods[rate] for rate in rates]) if rates else []
    )
    taxes = tuple(
        TaxPart(rate, goods[rate] + share, share_bp(goods[rate] + share, rate))
        for rate, share in zip(rates, charged, strict=True)
    )
    return Totals(goods_net_cents, charges, taxes, missing_cents)


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
