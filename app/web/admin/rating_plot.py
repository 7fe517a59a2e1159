"""The plot of the two axes: where dots, thresholds and marks stand, as plain numbers for the template's SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

WIDTH, HEIGHT = 880, 460
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 28, 56
LEAST_CENTS = 1_000


@dataclass(frozen=True)
class Dot:
    """One account: its place, and its segment's letter in lower case."""

    x: float
    y: float
    kind: str


@dataclass(frozen=True)
class Plot:
    """All places in the units of the SVG's view box. Marks are (place, value): cents on x, basis points on y."""

    dots: list[Dot]
    a_x: float
    b_x: float
    bound_y: float
    x_marks: list[tuple[float, int]]
    y_marks: list[tuple[float, int]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def plot_of(
    rows: Sequence[tuple[int, int, str]], *, a_cents: int, b_cents: int, prospect_bound_bp: int
) -> Plot:
    """The plot of (revenue in cents, prospect in basis points, segment); revenue is logarithmic from 10 euros on."""
    greatest = max([a_cents * 4, *(cents for cents, _, _ in rows)])
    low, high = log10(LEAST_CENTS), log10(max(greatest, LEAST_CENTS * 10)) + 0.02

    def x(cents: int) -> float:
        share = (log10(max(cents, LEAST_CENTS)) - low) / (high - low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(share_bp: int) -> float:
        return round(HEIGHT - BOTTOM - share_bp / 10_000 * (HEIGHT - TOP - BOTTOM), 1)

    # C last: the many small ones must not be hidden, nor hide the few.
    order = {"C": 0, "B": 1, "A": 2}
    dots = [
        Dot(x(cents), y(share_bp), segment.lower())
        for cents, share_bp, segment in sorted(rows, key=lambda row: order.get(row[2], 0))
    ]
    powers = range(floor(low), floor(high) + 1)
    return Plot(
        dots=dots,
        a_x=x(a_cents),
        b_x=x(b_cents),
        bound_y=y(prospect_bound_bp),
        x_marks=[(x(10**power), 10**power) for power in powers],
        y_marks=[(y(share), share) for share in range(0, 10_001, 2_500)],
    )
