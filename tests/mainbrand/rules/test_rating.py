"""Revenue becomes a segment at the borders that the policy names."""

from datetime import UTC, datetime

import pytest

from app.mainbrand.rules.countries import country_code
from app.mainbrand.rules.prospect import Method, Prospect
from app.mainbrand.rules.rating import format_cents, rate, twelve_months_before
from app.mainbrand.rules.segments import Segment
from app.mainbrand.rules.shares import RevenueBounds

BOUNDS = RevenueBounds(a_cents=5_000_000, b_cents=1_000_000)
DULL = Prospect(0.08, 0.04, 0.12, Method.MODEL)


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
    assert rate(revenue_cents, bounds=BOUNDS, prospect=DULL, prospect_bound=0.15).segment is segment


@pytest.mark.parametrize("prospect, segment", [(0.15, Segment.B), (0.14994, Segment.C), (0.9, Segment.B)])
def test_only_low_revenue_with_a_low_prospect_makes_c(prospect: float, segment: Segment) -> None:
    given = Prospect(prospect, 0.0, 1.0, Method.RULE)

    assert rate(123_456, bounds=BOUNDS, prospect=given, prospect_bound=0.15).segment is segment


def test_the_reason_names_revenue_threshold_and_prospect_with_its_margin() -> None:
    stays = rate(123_456, bounds=BOUNDS, prospect=DULL, prospect_bound=0.15)
    grows = rate(
        123_456, bounds=BOUNDS, prospect=Prospect(0.31, 0.23, 0.39, Method.MODEL), prospect_bound=0.15
    )

    assert stays.reason == (
        "revenue 1,234.56 in 12 months is below the B threshold of 10,000.00, "
        "and the prospect of growth is only 0.08 ± 0.04"
    )
    assert grows.reason == (
        "revenue 1,234.56 in 12 months is below the B threshold of 10,000.00, "
        "but the prospect of growth is 0.31 ± 0.08"
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
