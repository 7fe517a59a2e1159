import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.forms_money import NotMoney, amount_text, parse_cents


@pytest.mark.parametrize(
    "text, cents",
    [
        ("12,34", 1234),
        ("12.34", 1234),
        ("1.234,56", 123456),
        ("1,234.56", 123456),
        ("1 234,56", 123456),
        ("1\u00a0234,56 €", 123456),
        ("1'234.56", 123456),
        ("1.234.567", 123456700),
        ("1,234,567.8", 123456780),
        ("12.345.678,90", 1234567890),
        ("EUR 7", 700),
        ("1234", 123400),
        ("0", 0),
        (",5", 50),
        (".05", 5),
        ("0012,30", 1230),
        ("１２，３４", 1234),
    ],
)
def test_german_and_english_spellings_mean_the_same_cents(text: str, cents: int) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize("text", ["1.234", "1,234", "12.345", "999,999"])
def test_a_lone_separator_before_three_digits_is_refused_as_ambiguous(text: str) -> None:
    with pytest.raises(NotMoney, match="two things"):
        parse_cents(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-1", "+1", "abc", "12,", "1,23,456", "1.23.456", "12,345,6,7", "1.234.56", "1,234,56", "1e5", "1..2",
     "1.234,567", "12.34.56", "$5", "٣", "1 2", "12,3456", "nan", "0x10", "1_000"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotMoney):
        parse_cents(text)


def test_an_absurd_amount_is_refused_and_the_greatest_allowed_is_not() -> None:
    assert parse_cents("10000000000,00") == 10**12

    for text in ("10000000000,01", "9" * 13, "9" * 4000):
        with pytest.raises(NotMoney):
            parse_cents(text)


@given(cents=st.integers(0, 10**12), language=st.sampled_from(["de", "en"]))
def test_what_a_field_shows_is_read_back_as_the_same_cents(cents: int, language: str) -> None:
    assert parse_cents(amount_text(cents, language=language)) == cents


@given(text=st.text(alphabet="0123456789.,' €", max_size=14))
def test_a_text_is_either_refused_or_a_whole_number_of_cents_in_its_bounds(text: str) -> None:
    try:
        cents = parse_cents(text)
    except NotMoney:
        return
    assert 0 <= cents <= 10**12
