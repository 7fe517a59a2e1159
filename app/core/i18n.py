"""Languages: message catalogues and which one a person reads."""

import functools
import gettext
import io
from decimal import Decimal
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency

LANGUAGES = ("de", "en")
DEFAULT_LANGUAGE = "de"
LOCALES = Path(__file__).parent.parent / "locales"


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of one language; an untranslated sentence comes back in English."""
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as source:
        messages = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(language: str, message: str, **values: object) -> str:
    """A marked sentence in a language, its named placeholders filled in; whole `…_cents` become amounts in euros."""
    # gettext keeps the catalogue's own header under the empty message.
    text = catalogue(language).gettext(message) if message else ""
    return text % {name: _said(language, name, value) for name, value in values.items()} if values else text


def choose_language(*, chosen: str | None, accept_language: str) -> str:
    """The language of a page: the one chosen, else the browser's preference, else German."""
    if chosen in LANGUAGES:
        return str(chosen)
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), tag.strip().replace("-", "_")))
        except ValueError:
            continue
    preferred = [tag for weight, tag in sorted(wanted, key=lambda pair: pair[0]) if weight < 0 and tag]
    return (negotiate_locale(preferred, LANGUAGES) or DEFAULT_LANGUAGE)[:2]


def _said(language: str, name: str, value: object) -> object:
    if not name.endswith("_cents") or not isinstance(value, int):
        return value
    return format_currency(Decimal(value) / 100, "EUR", locale=language)
