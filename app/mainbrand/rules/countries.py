"""The two-letter code of a country, from its code, its number-plate letters or its German or English name."""

import functools

from babel.core import Locale

from app.mainbrand.rules.keys import fold

PLATES = {"d": "DE", "a": "AT", "f": "FR", "i": "IT", "b": "BE", "l": "LU", "e": "ES", "p": "PT", "s": "SE"}
OTHER_NAMES = {
    "uk": "GB",
    "england": "GB",
    "grossbritannien": "GB",
    "holland": "NL",
    "usa": "US",
    "tschechische republik": "CZ",
}


def country_code(text: str) -> str | None:
    """The ISO 3166 code: `Deutschland`, `Germany`, `D` and `de` give `DE`; None for what is no country."""
    return _codes().get(fold(text).strip(" .-"))


@functools.cache
def _codes() -> dict[str, str]:
    codes = PLATES | OTHER_NAMES
    for language in ("de", "en"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "UN", "ZZ", "EZ"):
                codes[fold(name)] = code
                codes[code.lower()] = code
    return codes
