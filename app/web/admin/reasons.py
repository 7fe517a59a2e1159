"""Why a company has its segment, in the reader's language: what the program wrote is kept in English."""

import contextlib
import re
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from app.catalogue.service_margins import BELOW_FLOOR
from app.core.i18n import translate
from app.core.rendering import LOCALES
from app.customers.service_screening import REASONS
from app.flows.change_blocks import BULK, NOW_KEPT_OUT
from app.flows.decide_screening import ADMITTED_BY
from app.flows.override_rating import GIVEN
from app.flows.save_block import NOW_HAZARDOUS, NOW_RESTRICTED
from app.imports.service_blocks import BY_IMPORT, MARKED, UNMARKED
from app.mainbrand.rules.rating import LISTED, REACHES_A, REACHES_B, UNCOUNTED, WILL_GROW, WILL_STAY

SENTENCES = (
    BELOW_FLOOR,
    *REASONS.values(),
    ADMITTED_BY,
    GIVEN,
    LISTED,
    UNCOUNTED,
    REACHES_A,
    REACHES_B,
    WILL_GROW,
    WILL_STAY,
    NOW_HAZARDOUS,
    NOW_RESTRICTED,
    NOW_KEPT_OUT,
    BULK,
    BY_IMPORT,
    MARKED,
    UNMARKED,
)
DAY = re.compile(r"2\d{3}-\d\d-\d\d")
AMOUNT = re.compile(r"-?\d{1,3}(,\d{3})*\.\d\d")


def reason_text(stored: str, *, language: str) -> str:
    """A stored reason translated with its amounts; what a person wrote comes back as it is."""
    for sentence, pattern in _PATTERNS.items():
        found = pattern.fullmatch(stored)
        if found:
            # What stands inside may be a sentence of ours again: a standard reason of the review desk.
            values = {
                name: translate(language, _amount(text, language)) for name, text in found.groupdict().items()
            }
            return translate(language, sentence, **values)
    return stored


def _amount(text: str, language: str) -> str:
    if DAY.fullmatch(text):
        # Only the program writes a day there; a person's words that look like one may be none.
        with contextlib.suppress(ValueError):
            return format_date(date.fromisoformat(text), locale=LOCALES[language])
    if not AMOUNT.fullmatch(text):
        return text
    return format_decimal(Decimal(text.replace(",", "")), format="#,##0.00", locale=LOCALES[language])


def pattern_of(sentence: str) -> re.Pattern[str]:
    """What a sentence with its placeholders filled in looks like; each placeholder is a group of its name."""
    parts = re.split(r"%\((\w+)\)s", sentence)
    marks = [re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)]
    return re.compile("".join(marks), re.DOTALL)


_PATTERNS = {sentence: pattern_of(sentence) for sentence in SENTENCES}
