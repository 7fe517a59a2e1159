"""Which language a person reads."""

import pytest

from app.core.i18n import choose_language


@pytest.mark.parametrize(
    ("chosen", "accept", "language"),
    [
        ("en", "de", "en"),
        (None, "en-GB,en;q=0.9,de;q=0.5", "en"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr,en;q=0.3", "en"),
        (None, "fr", "de"),
        (None, "", "de"),
        ("xx", "en", "en"),
        (None, "en;q=nonsense,,;q=", "de"),
        (None, "de;q=0,en;q=0.1", "en"),
    ],
)
def test_the_choice_wins_then_the_browser_then_german(chosen: str | None, accept: str, language: str) -> None:
    assert choose_language(chosen=chosen, accept_language=accept) == language
