"""The margin guard: what a bundle contributes after its costs, and the lowest price at which that is enough."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.catalogue.rules.kinds import Kind
from app.core.money import BP, divide_half_up, share_bp
from app.policy.rules.policy import Policy

MILLI = 1_000
GRAMS_PER_KG = 1_000
WEIGHTLESS = frozenset({Kind.CONSULTING_UNIT, Kind.SERVICE})
"""Kinds that nobody packs or ships."""


class Cost(StrEnum):
    """What is taken off the price, in the order of the waterfall."""

    BLOCKS = "blocks"
    PARTNERS = "partners"
    PACKING = "packing"
    SHIPPING = "shipping"
    CARD_FEE = "card_fee"
    SERVING = "serving"


@dataclass(frozen=True, slots=True)
class Part:
    """One block of a bundle: thousandths of its unit, and cents and grams of one unit."""

    quantity_milli: int
    kind: Kind
    unit_cost_cents: int
    partner_cost_cents: int = 0
    packing_cost_cents: int = 0
    weight_g: int = 0
    main_brand_price_cents: int = 0
    vat_rate_bp: int = 1900


@dataclass(frozen=True, slots=True)
class Margin:
    """The waterfall of one bundle, net, and the guard's verdict; `margin_bp` is the share of the price.

    `required_cents` is the floor at this price; `lowest_price_cents` the lowest price that reaches its own floor.
    """

    price_cents: int
    costs: tuple[tuple[Cost, int], ...]
    margin_cents: int
    margin_bp: int
    required_cents: int
    lowest_price_cents: int

    @property
    def is_passing(self) -> bool:
        """Whether the bundle may be sold at this price."""
        return self.margin_cents >= self.required_cents

    @property
    def missing_cents(self) -> int:
        """What the margin lacks to the floor at this price; 0 where it passes."""
        return max(0, self.required_cents - self.margin_cents)


def margin_of(price_cents: int, parts: Sequence[Part], policy: Policy) -> Margin:
    """The contribution margin of one bundle at a net price (domain.md section 3; docs/guards.md has the formula).

    Each cost is rounded once, half up, after it was added up over the blocks.
    Raises ValueError for a price below one cent.
    """
    if price_cents < 1:
        raise ValueError("a price is at least one cent")
    frame = _frame(parts, policy)
    costs = (
        *frame.fixed[:4],
        (Cost.CARD_FEE, _card_fee(price_cents, frame, policy)),
        frame.fixed[4],
    )
    margin_cents = price_cents - sum(cents for _, cents in costs)
    return Margin(
        price_cents=price_cents,
        costs=costs,
        margin_cents=margin_cents,
        margin_bp=divide_half_up(margin_cents * BP, price_cents),
        required_cents=required_margin(price_cents, policy),
        lowest_price_cents=_lowest(frame, policy),
    )


def lowest_price(parts: Sequence[Part], policy: Policy) -> int:
    """The lowest net price in cents at which these blocks pass the margin guard; some cents above it may fail again.

    (A fee or a floor that rounds up by a cent eats the cent by which the price grew.)
    """
    return _lowest(_frame(parts, policy), policy)


def required_margin(price_cents: int, policy: Policy) -> int:
    """The floor at a net price: the greater of the policy's share of it and the policy's amount."""
    return max(share_bp(price_cents, policy.margin_floor_bp), policy.margin_floor_cents)


@dataclass(frozen=True, slots=True)
class BundleCosts:
    """What one bundle costs before it is shipped, net, and what it weighs in thousandths of a gram.

    `blocks_cents` are with the partners' share. What nobody packs is not shipped either, and weighs nothing.
    """

    blocks_cents: int
    packing_cents: int
    weight_milli_g: int
    is_shipped: bool


def bundle_costs(parts: Sequence[Part], policy: Policy) -> BundleCosts:
    """The costs of one bundle by the margin guard's own terms, for whoever adds up real orders."""
    goods = [part for part in parts if part.kind not in WEIGHTLESS]
    return BundleCosts(
        blocks_cents=_summed(parts, "unit_cost_cents") + _summed(parts, "partner_cost_cents"),
        packing_cents=_packing(goods, policy),
        weight_milli_g=_weight_milli_g(goods),
        is_shipped=bool(goods),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """What does not depend on the price: costs (all but the card fee) and the VAT as a fraction of the net."""

    fixed: tuple[tuple[Cost, int], ...]
    fixed_cents: int
    vat_over: int
    vat_under: int


def _frame(parts: Sequence[Part], policy: Policy) -> _Frame:
    goods = [part for part in parts if part.kind not in WEIGHTLESS]
    shared = policy.bundles_per_parcel
    shipping = 0
    if goods:
        # One fraction, so that the share of the parcel and the price by weight are rounded together.
        by_weight = policy.shipping_per_kg_cents * _weight_milli_g(goods) * shared
        shipping = divide_half_up(
            policy.shipping_base_cents * MILLI * GRAMS_PER_KG + by_weight, shared * MILLI * GRAMS_PER_KG
        )
    fixed = (
        (Cost.BLOCKS, _summed(parts, "unit_cost_cents")),
        (Cost.PARTNERS, _summed(parts, "partner_cost_cents")),
        (Cost.PACKING, _packing(goods, policy)),
        (Cost.SHIPPING, shipping),
        (Cost.SERVING, divide_half_up(policy.cost_to_serve_per_order_cents, shared)),
    )
    over, under = _vat(parts)
    return _Frame(fixed, sum(cents for _, cents in fixed), over, under)


def _vat(parts: Sequence[Part]) -> tuple[int, int]:
    """The VAT of a net price as (numerator, denominator): the blocks' rates, weighed by the main brand's prices.

    Where the main brand has no prices the highest rate stands for all; without blocks there is none.
    """
    weights = [part.quantity_milli * part.main_brand_price_cents for part in parts]
    if sum(weights):
        over = sum(weight * part.vat_rate_bp for weight, part in zip(weights, parts, strict=True))
        return over, sum(weights) * BP
    return max((part.vat_rate_bp for part in parts), default=0), BP


def _card_fee(price_cents: int, frame: _Frame, policy: Policy) -> int:
    """The share of the gross price, and this bundle's part of the fee that each payment costs."""
    gross = price_cents * (frame.vat_under + frame.vat_over)
    shared = policy.bundles_per_parcel
    over = gross * policy.card_fee_bp * shared + policy.card_fee_fixed_cents * frame.vat_under * BP
    return divide_half_up(over, frame.vat_under * BP * shared)


def _lowest(frame: _Frame, policy: Policy) -> int:
    price = _no_higher_than_lowest(frame, policy)
    while True:
        margin = price - frame.fixed_cents - _card_fee(price, frame, policy)
        if margin >= required_margin(price, policy):
            return price
        price += 1


def _no_higher_than_lowest(frame: _Frame, policy: Policy) -> int:
    """A price below which surely none passes, a few cents below the answer: rounding shifts it by two at most.

    The bounds of the policy leave at least 8 % of the price after card fee and floor (`policy.faults`), so that
    an answer exists and the search from here is short.
    """
    # The shares of a cent of price, over the common denominator: what is left after the fee, and after the floor too.
    whole = frame.vat_under * BP
    kept = whole - (frame.vat_under + frame.vat_over) * policy.card_fee_bp
    kept_above_floor = kept - frame.vat_under * policy.margin_floor_bp
    needed = frame.fixed_cents + policy.card_fee_fixed_cents // policy.bundles_per_parcel - 2
    by_amount = (needed + policy.margin_floor_cents) * whole // kept
    by_share = needed * whole // kept_above_floor
    return max(1, by_amount, by_share)


def _packing(goods: Sequence[Part], policy: Policy) -> int:
    return _summed(goods, "packing_cost_cents") + (policy.packing_per_bundle_cents if goods else 0)


def _summed(parts: Iterable[Part], name: str) -> int:
    return divide_half_up(sum(part.quantity_milli * getattr(part, name) for part in parts), MILLI)


def _weight_milli_g(parts: Iterable[Part]) -> int:
    return sum(part.quantity_milli * part.weight_g for part in parts if part.kind not in WEIGHTLESS)
