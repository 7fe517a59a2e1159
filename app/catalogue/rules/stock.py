"""What is there of a block, what is promised of it, and how much of a bundle that allows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class StockLevel(StrEnum):
    """How much of a bundle can be sold now, as customers may know it."""

    PLENTY = "plenty"
    FEW = "few"
    NONE = "none"


class StockCause(StrEnum):
    """Why a block's stock changed."""

    COUNTED = "counted"
    RECEIVED = "received"
    DISPATCHED = "dispatched"
    IMPORT = "import"


class ReservationState(StrEnum):
    """An order holds its blocks, then uses them or gives them free."""

    HELD = "held"
    USED = "used"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Need:
    """What one bundle takes of one block, in thousandths of its unit."""

    block_id: int
    quantity_milli: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of one bundle; `name` is for the sentence that says of what there is too little."""

    name: str
    quantity: int
    needs: tuple[Need, ...]


MOST_TOLD = 99
"""A company reads exactly how many of a bundle are left up to this many; more than that is simply enough."""


def free_milli(stock_milli: int, reserved_milli: int) -> int:
    """What is there of a block and not promised; never below zero, however low staff have counted it."""
    return max(0, stock_milli - reserved_milli)


def sellable_count(needs: Iterable[Need], free: Mapping[int, int]) -> int | None:
    """How many bundles the blocks allow: the scarcest decides. None where none of them is counted.

    `free` holds the thousandths left of each counted block; a block that is missing in it is made to order.
    """
    return min(
        (free[need.block_id] // need.quantity_milli for need in needs if need.block_id in free), default=None
    )


def sellable_counts(lines: Sequence[Wanted], free: Mapping[int, int]) -> list[int | None]:
    """For each line how many can be sold once the lines before it have taken theirs; None for no limit.

    A line takes what it wants, at most what is there: two lines never share the same piece.
    """
    left = dict(free)
    counts = []
    for line in lines:
        count = sellable_count(line.needs, left)
        taken = line.quantity if count is None else min(line.quantity, count)
        for need in line.needs:
            if need.block_id in left:
                left[need.block_id] -= need.quantity_milli * taken
        counts.append(count)
    return counts


def spare_counts(lines: Sequence[Wanted], free: Mapping[int, int]) -> list[int | None]:
    """For each line how many more could be sold once all lines have taken what they want; None for no limit."""
    left = {**free}
    for block_id, milli in total_needs(lines).items():
        if block_id in left:
            left[block_id] = max(0, left[block_id] - milli)
    return [sellable_count(line.needs, left) for line in lines]


def total_needs(lines: Iterable[Wanted]) -> dict[int, int]:
    """The thousandths that all lines together take of each block, counted or not."""
    total: dict[int, int] = {}
    for line in lines:
        for need in line.needs:
            total[need.block_id] = total.get(need.block_id, 0) + need.quantity_milli * line.quantity
    return total


def smallest_order(minimum_quantity: int, order_step: int) -> int:
    """The least quantity that can be ordered: the minimum quantity, rounded up to a full order step."""
    return -(-minimum_quantity // order_step) * order_step


def stock_level(count: int | None, *, smallest: int, few_left_count: int) -> StockLevel:
    """What customers may know: none where not even the smallest order fits, few at `few_left_count` of those."""
    if count is None or count // smallest > few_left_count:
        return StockLevel.PLENTY
    return StockLevel.FEW if count >= smallest else StockLevel.NONE


def may_change_level(
    before_milli: int, after_milli: int, *, largest_need_milli: int, few_left_count: int
) -> bool:
    """Whether a change of what is free of a block can move the level of any bundle.

    `largest_need_milli` is the most that the smallest order of any bundle takes of it. As long as more than
    `few_left_count` times that is free, every level that this block decides is "plenty".
    """
    least = min(max(0, before_milli), max(0, after_milli))
    return before_milli != after_milli and least < largest_need_milli * (few_left_count + 1)
