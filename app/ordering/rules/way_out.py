"""What is missing to a cart below its minimum quantities or the minimum order value, and the cheapest way out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.ordering.rules.quantities import QuantityFault, QuantityProblem, QuantityRule, least_quantity


@dataclass(frozen=True, slots=True)
class SmallOrderTerms:
    """What the policy asks of small orders: net surcharges in cents (0 for none), or that they are refused."""

    minimum_order_value_cents: int
    value_surcharge_cents: int
    line_surcharge_cents: int
    is_low_value_refused: bool = False
    is_low_line_refused: bool = False


@dataclass(frozen=True, slots=True)
class SizedLine:
    """A cart line at its net price: `least` is its smallest quantity without a surcharge, `most` the largest that it
    could be raised to now (its own maximum, and what all lines together leave of the stock).
    """

    bundle_id: int
    quantity: int
    unit_price_cents: int
    least: int = 1
    step: int = 1
    most: int = 9_999

    @property
    def net_cents(self) -> int:
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One thing that is missing: so many of a bundle, or (`bundle_id` None) so much net value in cents.

    `surcharge_cents` is what it costs as it is; where `is_refused` it cannot be ordered as it is.
    """

    bundle_id: int | None
    missing: int
    surcharge_cents: int
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Way:
    """What the customer can do: take `more_count` of a bundle for `goods_cents` (net), or (`bundle_id` None) leave all
    as it is. `saved_cents` are the surcharges that fall away by it, `left_cents` those that stay, `refused_count`
    what would still be refused.
    """

    bundle_id: int | None
    more_count: int
    quantity: int
    goods_cents: int
    saved_cents: int
    left_cents: int
    refused_count: int

    @property
    def cost_cents(self) -> int:
        """What is paid more than now, net; below zero where it is less."""
        return self.goods_cents - self.saved_cents


@dataclass(frozen=True, slots=True)
class WayOut:
    """What is missing, the cheapest way to settle each of it (None: no single line can), and the cheapest of all."""

    shortfalls: tuple[Shortfall, ...]
    remedies: tuple[Way | None, ...]
    best: Way


def sized_line(
    bundle_id: int,
    quantity: int,
    unit_price_cents: int,
    rule: QuantityRule,
    problem: QuantityProblem | None,
    *,
    most: int,
) -> SizedLine:
    """A line as the way out looks at it; one with any other fault than being too small stays as it is."""
    is_raisable = problem is None or problem.fault is QuantityFault.TOO_SMALL
    least = least_quantity(rule) if is_raisable else quantity
    return SizedLine(
        bundle_id, quantity, unit_price_cents, least, rule.order_step, most if is_raisable else quantity
    )


def shortfalls(lines: Sequence[SizedLine], terms: SmallOrderTerms) -> tuple[Shortfall, ...]:
    """What is missing, the lines in their order before the order value; none for an empty cart.

    What neither costs a surcharge nor is refused is no shortfall.
    """
    found = [
        Shortfall(
            line.bundle_id,
            line.least - line.quantity,
            0 if terms.is_low_line_refused else terms.line_surcharge_cents,
            terms.is_low_line_refused,
        )
        for line in lines
        if line.quantity < line.least
    ]
    missing_cents = terms.minimum_order_value_cents - sum(line.net_cents for line in lines)
    if lines and missing_cents > 0:
        surcharge_cents = 0 if terms.is_low_value_refused else terms.value_surcharge_cents
        found.append(Shortfall(None, missing_cents, surcharge_cents, terms.is_low_value_refused))
    return tuple(one for one in found if one.surcharge_cents or one.is_refused)


def way_out(lines: Sequence[SizedLine], terms: SmallOrderTerms) -> WayOut | None:
    """The cheapest ways out; None where nothing is missing.

    Compared is every quantity to which one line could be raised, in full steps, within its maximum and the stock, and
    leaving all as it is. What can be ordered comes before what cannot, then what is paid least counts; at the same
    price rather goods than a surcharge.
    """
    missing = shortfalls(lines, terms)
    if not missing:
        return None
    stay = Way(
        None,
        0,
        0,
        0,
        0,
        sum(one.surcharge_cents for one in missing),
        sum(one.is_refused for one in missing),
    )
    raised = [
        (way, _about(after))
        for place, line in enumerate(lines)
        for quantity in _raised_quantities(line, lines, terms)
        for way, after in [_raise(lines, place, quantity, terms, stay)]
    ]
    remedies = tuple(
        min((way for way, left in raised if one.bundle_id not in left), key=_rank, default=None)
        for one in missing
    )
    return WayOut(missing, remedies, min([*(way for way, _ in raised), stay], key=_rank))


def _raised_quantities(line: SizedLine, lines: Sequence[SizedLine], terms: SmallOrderTerms) -> Sequence[int]:
    """The quantities at which raising one line can settle anything: its own minimum, and where the value is reached."""
    missing_cents = terms.minimum_order_value_cents - sum(one.net_cents for one in lines)
    reaching = line.quantity + -(-missing_cents // line.unit_price_cents)
    rounded = -(-reaching // line.step) * line.step
    wanted = {line.least, rounded, max(line.least, rounded)}
    return sorted(quantity for quantity in wanted if line.quantity < quantity <= line.most)


def _raise(
    lines: Sequence[SizedLine], place: int, quantity: int, terms: SmallOrderTerms, stay: Way
) -> tuple[Way, tuple[Shortfall, ...]]:
    line = lines[place]
    higher = SizedLine(line.bundle_id, quantity, line.unit_price_cents, line.least, line.step, line.most)
    after = shortfalls([*lines[:place], higher, *lines[place + 1 :]], terms)
    left_cents = sum(one.surcharge_cents for one in after)
    more = quantity - line.quantity
    way = Way(
        line.bundle_id,
        more,
        quantity,
        more * line.unit_price_cents,
        stay.left_cents - left_cents,
        left_cents,
        sum(one.is_refused for one in after),
    )
    return way, after


def _about(missing: Sequence[Shortfall]) -> frozenset[int | None]:
    return frozenset(one.bundle_id for one in missing)


def _rank(way: Way) -> tuple[int, int]:
    return way.refused_count, way.cost_cents
