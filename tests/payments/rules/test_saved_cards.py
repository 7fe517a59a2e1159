"""A card kept for later: its consent's words and the days on which it is good."""

import hashlib
from datetime import date

import pytest

from app.payments.rules.saved_cards import CONSENT, CONSENT_VERSION, CardStanding, last_day, standing


def test_new_words_of_the_consent_have_a_new_name() -> None:
    marked = hashlib.sha256(CONSENT.encode()).hexdigest()[:12]

    assert (CONSENT_VERSION, marked) == ("2026-11", "3de409d00210"), (
        "changed words need a new CONSENT_VERSION"
    )


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [(2026, 2, date(2026, 2, 28)), (2028, 2, date(2028, 2, 29)), (2026, 12, date(2026, 12, 31))],
)
def test_a_card_is_good_to_the_end_of_its_month(year: int, month: int, expected: date) -> None:
    assert last_day(expires_year=year, expires_month=month) == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 3, 31), CardStanding.GOOD),
        (date(2026, 4, 1), CardStanding.EXPIRES_SOON),
        (date(2026, 4, 30), CardStanding.EXPIRES_SOON),
        (date(2026, 5, 1), CardStanding.EXPIRED),
    ],
)
def test_a_card_expires_soon_in_its_last_days_and_is_expired_from_the_next_month_on(
    today: date, expected: CardStanding
) -> None:
    assert standing(expires_year=2026, expires_month=4, today=today, warn_days=29) is expected
