import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.forms_quantity import NotAQuantity, milli_text, parse_milli


@pytest.mark.parametrize(
    "text, milli",
    [
        ("12", 12_000),
        ("2.5", 2_500),
        ("2,5", 2_500),
        (" 0,125 ", 125),
        ("1.2340", 1_234),
        ("1,25", 1_250),
        ("0", 0),
    ],
)
def test_a_quantity_is_read_with_either_mark(text: str, milli: int) -> None:
    assert parse_milli(text) == milli


@pytest.mark.parametrize(
    "text", ["", "-1", "1.5.2", "1,234", "12.000", "2.12345", "1e3", "²", "½", "9" * 10, "1 000"]
)
def test_what_is_no_quantity_or_means_two_things_is_refused(text: str) -> None:
    with pytest.raises(NotAQuantity):
        parse_milli(text)


@given(st.integers(0, 10**12 - 1), st.sampled_from(["de", "en"]))
def test_what_stands_in_a_field_reads_as_the_same_quantity(milli: int, language: str) -> None:
    assert parse_milli(milli_text(milli, language=language)) == milli
