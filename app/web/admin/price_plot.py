"""The history of a block's amounts as steps, as plain numbers for the template's SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.catalogue.models import BlockPrice

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 20, 48
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class StepPlot:
    """Two lines in the units of the SVG's view box; marks are (place, cents) on y and (place, moment) on x."""

    cost: str
    price: str
    y_marks: list[tuple[float, int]]
    x_marks: list[tuple[float, datetime, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def step_plot(prices: Sequence[BlockPrice], *, now: datetime) -> StepPlot | None:
    """The plot of a history, oldest first: what one costs us with the partner's share, and the main brand's price.

    None where nothing has changed yet.
    """
    if len(prices) < 2:
        return None
    costs = [(price.valid_from_at, price.unit_cost_cents + price.partner_cost_cents) for price in prices]
    sold = [(price.valid_from_at, price.main_brand_price_cents) for price in prices]
    first, last = prices[0].valid_from_at, max(now, prices[-1].valid_from_at)
    seconds = (last - first).total_seconds() or 1.0
    step = _step(max(cents for _, cents in [*costs, *sold]))
    most = step * 4

    def x(at: datetime) -> float:
        return round(LEFT + (at - first).total_seconds() / seconds * (WIDTH - LEFT - RIGHT), 1)

    def y(cents: int) -> float:
        return round(HEIGHT - BOTTOM - cents / most * (HEIGHT - TOP - BOTTOM), 1)

    def line(points: Sequence[tuple[datetime, int]]) -> str:
        corners, before = [], y(points[0][1])
        for at, cents in points:
            corners += [f"{x(at)},{before}", f"{x(at)},{y(cents)}"]
            before = y(cents)
        return " ".join([*corners, f"{x(last)},{before}"])

    return StepPlot(
        cost=line(costs),
        price=line(sold),
        y_marks=[(y(mark), mark) for mark in range(0, most + 1, step)],
        x_marks=[(x(first), first, "start"), (x(last), last, "end")],
    )


def _step(greatest: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … of which four reach the greatest amount."""
    factor = 1
    while True:
        for step in STEPS:
            if step * factor * 4 >= greatest:
                return step * factor
        factor *= 10
