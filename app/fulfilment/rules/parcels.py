"""What goes into one parcel, what a run takes from the shelves, and who waits for goods that are not there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core.money import divide_half_up

MILLI = 1_000


@dataclass(frozen=True, slots=True)
class Packing:
    """A block of an order: how much of it altogether (thousandths of its unit), and the grams of one unit."""

    sku: str
    name: str
    unit_code: str
    quantity_milli: int
    weight_g: int


@dataclass(frozen=True, slots=True)
class Pick:
    """A block that a run takes from the shelf, summed over its orders, and how many orders need it."""

    sku: str
    name: str
    unit_code: str
    quantity_milli: int
    order_count: int


@dataclass(frozen=True, slots=True)
class Traveller:
    """An order as it travels: the order whose parcel it joins, and the address it goes to."""

    order_id: int
    joins_order_id: int | None
    address: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a counted block an order holds, in thousandths of its unit."""

    order_id: int
    block_id: int
    quantity_milli: int


def group_parcels(orders: Sequence[Traveller]) -> list[list[int]]:
    """The orders' ids by parcel, each led by the order that the others join; in the order of their leaders.

    An order travels by itself where the one it joins is not here (it has left, say) or goes to another address.
    """
    known = {order.order_id: order for order in orders}
    led: dict[int, list[int]] = {}
    for order in orders:
        leader = _leader(order, known)
        led.setdefault(leader, [])
        if leader != order.order_id:
            led[leader].append(order.order_id)
    return [[order.order_id, *led[order.order_id]] for order in orders if order.order_id in led]


def pick_list(orders: Iterable[Iterable[Packing]]) -> list[Pick]:
    """The blocks of several orders summed up, by SKU; one SKU in two units stands there twice."""
    sums: dict[tuple[str, str], Pick] = {}
    for packings in orders:
        seen: set[tuple[str, str]] = set()
        for one in packings:
            key = one.sku, one.unit_code
            before = sums.get(key)
            sums[key] = Pick(
                one.sku,
                before.name if before else one.name,
                one.unit_code,
                one.quantity_milli + (before.quantity_milli if before else 0),
                (before.order_count if before else 0) + (key not in seen),
            )
            seen.add(key)
    return [sums[key] for key in sorted(sums)]


def weight_g(packings: Iterable[Packing]) -> int:
    """What goods weigh, in whole grams."""
    return divide_half_up(sum(one.quantity_milli * one.weight_g for one in packings), MILLI)


def short_of(held: Iterable[Held], stock_milli: Mapping[int, int]) -> dict[int, dict[int, int]]:
    """For each order that cannot be packed from what is there: the blocks, and how much of each is missing.

    `held` stands in the order in which orders are packed. Who cannot be packed whole takes nothing from the others.
    """
    by_order: dict[int, list[Held]] = {}
    for one in held:
        by_order.setdefault(one.order_id, []).append(one)
    left = dict(stock_milli)
    short: dict[int, dict[int, int]] = {}
    for order_id, needs in by_order.items():
        missing = {
            need.block_id: need.quantity_milli - max(left.get(need.block_id, 0), 0)
            for need in needs
            if need.quantity_milli > left.get(need.block_id, 0)
        }
        if missing:
            short[order_id] = missing
            continue
        for need in needs:
            left[need.block_id] -= need.quantity_milli
    return short


def _leader(order: Traveller, known: Mapping[int, Traveller]) -> int:
    """The earliest order of the chain of joined ones that is here and goes to the same address."""
    leader = order
    while (joined := known.get(leader.joins_order_id or 0)) and joined.order_id < leader.order_id:
        if joined.address != order.address:
            break
        leader = joined
    return leader.order_id
