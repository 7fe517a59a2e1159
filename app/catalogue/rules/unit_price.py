"""What one unit costs where a bundle holds a single block, so that sizes can be compared."""

from dataclasses import dataclass

from app.core.money import divide_half_up

SMALL_UNITS = {"GRM": "KGM", "MLT": "LTR", "CMT": "MTR", "MMT": "MTR"}
PER_LARGE = {"GRM": 1_000, "MLT": 1_000, "CMT": 100, "MMT": 1_000}
SMALLEST_SHOWN_CENTS = 10


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """Cents for an amount (thousandths of the unit, UN/ECE Recommendation 20)."""

    cents: int
    amount_milli: int
    unit_code: str


def unit_price(price_cents: int, quantity_milli: int, unit_code: str) -> UnitPrice | None:
    """The price of one unit, or of 100 where one costs less than ten cents; None where it would say nothing new.

    Grams and millilitres count as kilograms and litres, lengths as metres: the units of the Preisangabenverordnung
    (§ 5), which does not bind a shop for businesses but has taught everybody to compare.
    """
    if quantity_milli <= 0 or not unit_code:
        return None
    large = SMALL_UNITS.get(unit_code)
    if large:
        return UnitPrice(
            divide_half_up(price_cents * 1000 * PER_LARGE[unit_code], quantity_milli), 1_000, large
        )
    if quantity_milli == 1_000:
        return None
    cents = divide_half_up(price_cents * 1_000, quantity_milli)
    if cents < SMALLEST_SHOWN_CENTS:
        return UnitPrice(divide_half_up(price_cents * 100_000, quantity_milli), 100_000, unit_code)
    return UnitPrice(cents, 1_000, unit_code)
