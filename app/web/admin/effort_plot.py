"""The plot of contribution and effort: where dots, bounds and marks stand, as plain numbers for the template's SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from app.care.rules.levels import Bounds
from app.customers.rules.effort_levels import EffortLevel

WIDTH, HEIGHT = 880, 420
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 28, 56
LEAST_CENTS = 10_000
MARKS = (1, 2, 5)


@dataclass(frozen=True)
class Dot:
    """One customer: its place, and the level it is on."""

    x: float
    y: float
    level: str


@dataclass(frozen=True)
class Line:
    """The bound of a level: from the corner of nothing to where it leaves the drawing, and its percentage."""

    x: float
    y: float
    percent: int


@dataclass(frozen=True)
class Plot:
    """All places in the units of the SVG's view box; marks are (place, cents)."""

    dots: list[Dot]
    lines: list[Line]
    x_marks: list[tuple[float, int]]
    y_marks: list[tuple[float, int]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def plot_of(rows: Sequence[tuple[int, int, EffortLevel]], bounds: Bounds) -> Plot:
    """The plot of (contribution, cost of its own doing, level) in cents.

    Both axes grow with the square root, so that small customers have room and every bound is a straight line. Who
    contributes nothing or less stands at the left edge.
    """
    most_x = max([LEAST_CENTS, *(contribution for contribution, _, _ in rows)])
    most_y = max([LEAST_CENTS, *(cost for _, cost, _ in rows)])

    def x(cents: float) -> float:
        return round(LEFT + sqrt(max(0.0, cents) / most_x) * (WIDTH - LEFT - RIGHT), 1)

    def y(cents: float) -> float:
        return round(HEIGHT - BOTTOM - sqrt(max(0.0, cents) / most_y) * (HEIGHT - TOP - BOTTOM), 1)

    def bound(percent: int) -> Line:
        end = min(float(most_x), most_y * 100 / percent)
        return Line(x(end), y(end * percent / 100), percent)

    # Whoever is above normal comes last, over the many small ones.
    order = {level: place for place, level in enumerate(EffortLevel)}
    return Plot(
        dots=[
            Dot(x(contribution), y(cost), level.value)
            for contribution, cost, level in sorted(rows, key=lambda row: order[row[2]])
        ],
        lines=[
            bound(percent) for percent in (bounds.warn_percent, bounds.fee_percent, bounds.refuse_percent)
        ],
        x_marks=[(x(cents), cents) for cents in marks(most_x)],
        y_marks=[(y(cents), cents) for cents in marks(most_y)],
    )


def marks(most_cents: int) -> list[int]:
    """At most five amounts for an axis: nothing, and some of 1, 2, 5, 10, 20, 50 … euros up to the greatest."""
    found, factor = [0], 100
    while factor <= most_cents:
        found += [step * factor for step in MARKS if step * factor <= most_cents]
        factor *= 10
    # Of neighbours on a square-root axis only the greatest have room.
    return [found[0], *found[1:][-4:]]
