"""The plot of documents and money side by side: where bars and marks stand, as plain numbers for the template's SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 880, 300
LEFT, RIGHT, TOP, BOTTOM = 84, 8, 16, 32
LEAST_CENTS = 10_000
STEPS = (1, 2, 5)
MOST_MARKS = 4
GAP = 0.2


@dataclass(frozen=True)
class Bar:
    """One bar: its corner and size, and the amount it stands for."""

    x: float
    y: float
    width: float
    height: float
    cents: int


@dataclass(frozen=True)
class Pair:
    """A day or a month: the bar of its documents, the bar of its money, and the middle between them."""

    on: date
    documents: Bar
    money: Bar
    middle: float
    is_named: bool


@dataclass(frozen=True)
class Plot:
    """All places in the units of the SVG's view box; marks are (place, cents)."""

    pairs: list[Pair]
    marks: list[tuple[float, int]]
    zero: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def plot_of(rows: Sequence[tuple[date, int, int]], *, named_every: int = 1) -> Plot:
    """Bars for (day, documents, money) in cents; what is below zero hangs from the line. Every so many are named."""
    amounts = [cents for _, documents, money in rows for cents in (documents, money)]
    high, low = max([LEAST_CENTS, *amounts]), min([0, *amounts])
    step = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)

    def y(cents: int) -> float:
        return round(TOP + (high - cents) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    def bar(place: float, cents: int) -> Bar:
        top, foot = y(max(cents, 0)), y(min(cents, 0))
        x = LEFT + step * place
        return Bar(round(x, 1), top, round(step * (1 - GAP) / 2, 1), round(foot - top, 1), cents)

    pairs = [
        Pair(
            day,
            documents=bar(place + GAP / 2, documents),
            money=bar(place + 0.5, money),
            middle=round(LEFT + step * (place + 0.5), 1),
            is_named=place % named_every == 0,
        )
        for place, (day, documents, money) in enumerate(rows)
    ]
    return Plot(pairs, [(y(cents), cents) for cents in marks(low, high)], y(0))


def marks(low: int, high: int) -> list[int]:
    """Round amounts for the axis from the lowest to the highest, nothing among them; at most a few on each side."""
    step, factor = 100, 100
    while max(high, -low) // step > MOST_MARKS:
        factor = factor * 10 if step == factor * STEPS[-1] else factor
        step = next(one * factor for one in STEPS if one * factor > step)
    return list(range(-(-low // step) * step, high + 1, step))
