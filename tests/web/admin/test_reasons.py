"""Why a company has its segment, in the language of the person who reads it."""

import pytest

from app.mainbrand.rules.prospect import Method, Prospect
from app.mainbrand.rules.rating import rate
from app.mainbrand.rules.shares import RevenueBounds
from app.web.admin.reasons import reason_text


@pytest.mark.parametrize(
    ("revenue_cents", "german"),
    [
        (8_412_900, "Umsatz 84.129,00 in 12 Monaten, erreicht die A-Schwelle von 50.000,00"),
        (1_067_009, "Umsatz 10.670,09 in 12 Monaten, erreicht die B-Schwelle von 10.000,00"),
        (
            96_400,
            "Umsatz 964,00 in 12 Monaten liegt unter der B-Schwelle von 10.000,00, "
            "und die Wachstumsaussicht beträgt nur 0,08 ± 0,04",
        ),
    ],
)
def test_a_rating_is_read_in_german_with_german_amounts(revenue_cents: int, german: str) -> None:
    rating = rate(
        revenue_cents,
        bounds=RevenueBounds(5_000_000, 1_000_000),
        prospect=Prospect(0.08, 0.04, 0.12, Method.MODEL),
        prospect_bound=0.15,
    )

    assert reason_text(rating.reason, language="de") == german
    assert reason_text(rating.reason, language="en") == rating.reason


@pytest.mark.parametrize(
    ("stored", "german"),
    [
        ("as in the main brand's list", "wie in der Liste der Hauptmarke"),
        ("admitted by Ada: sells 5% of\nthat: fine", "zugelassen von Ada: sells 5% of\nthat: fine"),
        (
            "given by Lina until 2026-12-31: closes 2026-99-99",
            "vergeben von Lina bis 31.12.2026: closes 2026-99-99",
        ),
        ("Grew by 30 % (see visit)", "Grew by 30 % (see visit)"),
        ("", ""),
    ],
)
def test_what_a_person_wrote_stays_as_it_is(stored: str, german: str) -> None:
    assert reason_text(stored, language="de") == german
