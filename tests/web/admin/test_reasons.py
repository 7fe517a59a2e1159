"""Why a company has its segment, in the language of the person who reads it."""

import pytest

from app.mainbrand.rules.rating import rating_by_revenue
from app.web.admin.reasons import reason_text


@pytest.mark.parametrize(
    ("revenue_cents", "german"),
    [
        (8_412_900, "Umsatz 84.129,00 in 12 Monaten, erreicht die A-Schwelle von 50.000,00"),
        (1_067_009, "Umsatz 10.670,09 in 12 Monaten, erreicht die B-Schwelle von 10.000,00"),
        (
            96_400,
            "Umsatz 964,00 in 12 Monaten, unter der B-Schwelle von 10.000,00; Wachstum noch nicht eingestuft",
        ),
    ],
)
def test_a_rating_is_read_in_german_with_german_amounts(revenue_cents: int, german: str) -> None:
    rating = rating_by_revenue(revenue_cents, a_threshold_cents=5_000_000, b_threshold_cents=1_000_000)

    assert reason_text(rating.reason, language="de") == german
    assert reason_text(rating.reason, language="en") == rating.reason


@pytest.mark.parametrize(
    ("stored", "german"),
    [
        ("as in the main brand's list", "wie in der Liste der Hauptmarke"),
        ("admitted by Ada: sells 5% of\nthat: fine", "zugelassen von Ada: sells 5% of\nthat: fine"),
        ("Grew by 30 % (see visit)", "Grew by 30 % (see visit)"),
        ("", ""),
    ],
)
def test_what_a_person_wrote_stays_as_it_is(stored: str, german: str) -> None:
    assert reason_text(stored, language="de") == german
