import re

import pytest

from app.catalogue.rules.units import (
    COUNTED_UNITS,
    MEASURED_UNITS,
    OTHER_CODES,
    UNITS,
    WORDS,
    find_unit,
    has_decimals,
    is_unit,
)
from tests.architecture.tree import TEMPLATES


def test_the_shop_has_words_for_each_unit_and_a_unit_for_each_of_its_words() -> None:
    named = set(re.findall(r'"([A-Z0-9]{2,3})"', (TEMPLATES / "macros" / "units.html").read_text()))

    assert set(UNITS) | set(OTHER_CODES) == named


def test_no_unit_is_both_counted_and_measured_and_none_stands_twice() -> None:
    codes = [*COUNTED_UNITS, *MEASURED_UNITS, *OTHER_CODES]

    assert len(codes) == len(set(codes))
    assert set(WORDS.values()) <= set(UNITS)


@pytest.mark.parametrize("code, decimals", [("KGM", True), ("MTR", True), ("C62", False), ("XPK", False)])
def test_measures_have_decimals_and_pieces_have_none(code: str, decimals: bool) -> None:
    assert has_decimals(code) is decimals


@pytest.mark.parametrize(
    "text, code",
    [
        ("C62", "C62"),
        ("kgm", "KGM"),
        ("Stk.", "C62"),
        ("Stück", "C62"),
        (" kg ", "KGM"),
        ("m²", "MTK"),
        ("ST", "C62"),
        ("H87", "H87"),
        ("xyz", None),
        ("", None),
    ],
)
def test_a_unit_is_found_by_its_code_or_a_usual_word(text: str, code: str | None) -> None:
    assert find_unit(text) == code
    assert code is None or is_unit(code)
