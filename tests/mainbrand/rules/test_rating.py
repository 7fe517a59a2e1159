"""Revenue becomes a segment at the borders that the policy names."""

from datetime import UTC, datetime

import pytest

from app.mainbrand.rules.countries import country_code
from app.mainbrand.rules.rating import format_cents, rating_by_revenue, twelve_months_before
from app.mainbrand.rules.segments import Segment


@pytest.mark.parametrize(
    "revenue_cents, segment",
    [
        (5_000_000, Segment.A),
        (4_999_999, Segment.B),
        (1_000_000, Segment.B),
        (999_999, Segment.C),
        (0, Segment.C),
        (-5, Segment.C),
    ],
)
def test_reaching_a_threshold_is_enough(revenue_cents: int, segment: Segment) -> None:
    rating = rating_by_revenue(revenue_cents, a_threshold_cents=5_000_000, b_threshold_cents=1_000_000)

    assert rating.segment is segment


def test_the_reason_of_a_c_says_that_growth_is_not_rated_yet() -> None:
    rating = rating_by_revenue(123_456, a_threshold_cents=5_000_000, b_threshold_cents=1_000_000)

    assert rating.reason == (
        "revenue 1,234.56 in 12 months, below the B threshold of 10,000.00; growth not yet rated"
    )


def test_a_year_before_a_leap_day_is_the_28th() -> None:
    assert twelve_months_before(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2027, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("cents, text", [(0, "0.00"), (-5, "-0.05"), (-123_456, "-1,234.56"), (7, "0.07")])
def test_cents_are_written_with_their_sign(cents: int, text: str) -> None:
    assert format_cents(cents) == text


@pytest.mark.parametrize(
    "text, code",
    [
        ("DE", "DE"),
        ("d", "DE"),
        ("Deutschland", "DE"),
        ("Germany", "DE"),
        ("Österreich", "AT"),
        ("UK", "GB"),
        ("Xland", None),
    ],
)
def test_countries_are_known_by_code_plate_and_name(text: str, code: str | None) -> None:
    assert country_code(text) == code
