"""Names of countries, in the reader's language."""

import functools

from babel import Locale

from app.core.rendering import LOCALES
from app.customers.rules.countries import COUNTRIES

NEIGHBOURS = 2


@functools.cache
def country_options(language: str) -> list[tuple[str, str]]:
    """Code and name of where we deliver, for a choice: Germany and Austria first, the others by name."""
    names = Locale.parse(LOCALES[language]).territories
    options = [(code, str(names[code])) for code in COUNTRIES]
    return options[:NEIGHBOURS] + sorted(options[NEIGHBOURS:], key=lambda option: option[1])


def country_name(code: str, *, language: str) -> str:
    """The name of one country; an unknown code comes back as it is."""
    return str(Locale.parse(LOCALES[language]).territories.get(code, code))
