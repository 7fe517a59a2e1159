"""The price of one unit."""

import pytest

from app.catalogue.rules.unit_price import UnitPrice, unit_price


@pytest.mark.parametrize(
    "price_cents, quantity_milli, unit_code, expected",
    [
        (490, 10_000, "C62", UnitPrice(49, 1_000, "C62")),
        (1_000, 3_000, "LTR", UnitPrice(333, 1_000, "LTR")),
        (1_250, 2_500, "KGM", UnitPrice(500, 1_000, "KGM")),
        (999, 500_000, "GRM", UnitPrice(1_998, 1_000, "KGM")),
        (450, 750_000, "MLT", UnitPrice(600, 1_000, "LTR")),
        (800, 250_000, "CMT", UnitPrice(320, 1_000, "MTR")),
        (490, 500_000, "C62", UnitPrice(98, 100_000, "C62")),
        (1_000, 100_000, "C62", UnitPrice(10, 1_000, "C62")),
        (999, 100_000, "C62", UnitPrice(10, 1_000, "C62")),
        (100, 8, "KGM", UnitPrice(12_500, 1_000, "KGM")),
    ],
)
def test_the_price_of_a_unit_is_rounded_half_up_and_never_vanishes(
    price_cents: int, quantity_milli: int, unit_code: str, expected: UnitPrice
) -> None:
    assert unit_price(price_cents, quantity_milli, unit_code) == expected


@pytest.mark.parametrize("quantity_milli, unit_code", [(1_000, "C62"), (0, "C62"), (5_000, "")])
def test_one_unit_or_several_blocks_have_no_price_of_their_own(quantity_milli: int, unit_code: str) -> None:
    assert unit_price(490, quantity_milli, unit_code) is None
