"""The waterfall from price to margin: where bars and marks stand, as plain numbers for the template's SVG."""

from dataclasses import dataclass

from app.catalogue.rules.margin import Margin

WIDTH, LEFT, RIGHT, ROW, BAR, TOP, FOOT = 400, 150, 92, 30, 18, 8, 30


@dataclass(frozen=True)
class Bar:
    """One row: `name` is price, a cost, or margin; `y` is the middle of the row."""

    name: str
    cents: int
    x: float
    width: float
    y: float
    kind: str


@dataclass(frozen=True)
class Waterfall:
    """All places in the units of the SVG's view box; `zero_x` and `floor_x` are upright lines."""

    bars: list[Bar]
    zero_x: float
    floor_x: float
    top: int
    bottom: int
    height: int
    width: int = WIDTH
    bar_height: int = BAR


def waterfall_of(margin: Margin) -> Waterfall:
    """Bars from left to right: the whole price, each cost where the one before ends, and what is left (or lost)."""
    low = min(0, margin.margin_cents)
    high = max(margin.price_cents, margin.required_cents, 1)

    def x(cents: int) -> float:
        return round(LEFT + (cents - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    rows: list[tuple[str, int, int, int, str]] = [
        ("price", margin.price_cents, 0, margin.price_cents, "price")
    ]
    left = margin.price_cents
    for cost, cents in margin.costs:
        rows.append((cost.value, -cents, left - cents, left, "cost"))
        left -= cents
    is_loss = margin.margin_cents < 0
    kind = "loss" if is_loss else "margin" if margin.is_passing else "short"
    rows.append(("margin", margin.margin_cents, min(0, left), max(0, left), kind))
    bars = [
        Bar(name, cents, x(start), round(x(end) - x(start), 1), TOP + ROW * index + ROW / 2, kind)
        for index, (name, cents, start, end, kind) in enumerate(rows)
    ]
    bottom = TOP + ROW * len(rows)
    return Waterfall(bars, x(0), x(margin.required_cents), TOP, bottom, bottom + FOOT)
