from datetime import date

from app.books.rules.retention import (
    LETTER_YEARS,
    VOUCHER_YEARS,
    is_over,
    keep_until,
    last_year_over,
)


def test_a_paper_is_kept_for_whole_years_from_the_end_of_its_own() -> None:
    assert keep_until(date(2026, 1, 1), years=VOUCHER_YEARS) == date(2034, 12, 31)
    assert keep_until(date(2026, 12, 31), years=VOUCHER_YEARS) == date(2034, 12, 31)
    assert keep_until(date(2026, 6, 15), years=LETTER_YEARS) == date(2032, 12, 31)


def test_it_may_go_on_the_day_after_its_last_and_not_on_it() -> None:
    assert not is_over(date(2034, 12, 31), today=date(2034, 12, 31))
    assert is_over(date(2034, 12, 31), today=date(2035, 1, 1))


def test_the_newest_year_that_may_go_is_that_of_papers_which_are_over() -> None:
    year = last_year_over(date(2035, 1, 1), years=VOUCHER_YEARS)

    assert year == 2026
    assert is_over(keep_until(date(year, 12, 31), years=VOUCHER_YEARS), today=date(2035, 1, 1))
    assert not is_over(keep_until(date(year + 1, 1, 1), years=VOUCHER_YEARS), today=date(2035, 12, 31))
