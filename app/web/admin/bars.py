"""A bar chart as plain numbers, for a template that draws it as SVG without arithmetic of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH = 720
HEIGHT = 200
TOP = 24
BOTTOM = 28
GAP = 0.25


@dataclass(frozen=True)
class Bar:
    """One bar: its place and size in the drawing's units, and where the texts above and below it stand."""

    month: date
    count: int
    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True)
class BarChart:
    """Bars from the left to the right over a base line."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    base: int


def bar_chart(counts: Sequence[tuple[date, int]]) -> BarChart:
    """A bar for each month; the highest fills the drawing, and a month without any has none."""
    most = max((count for _, count in counts), default=0) or 1
    step = WIDTH / max(len(counts), 1)
    space = HEIGHT - TOP - BOTTOM
    bars = []
    for place, (month, count) in enumerate(counts):
        height = round(space * count / most, 1)
        bars.append(
            Bar(
                month,
                count,
                x=round(step * (place + GAP / 2), 1),
                y=round(TOP + space - height, 1),
                width=round(step * (1 - GAP), 1),
                height=height,
                middle=round(step * (place + 0.5), 1),
            )
        )
    return BarChart(tuple(bars), WIDTH, HEIGHT, HEIGHT - BOTTOM)
