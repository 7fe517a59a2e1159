"""A German or foreign address taken apart for comparison: street, house numbers, PO box, place."""

import functools
import re
from dataclasses import dataclass

from app.mainbrand.rules.keys import fold

NUMBER = re.compile(
    r"(?<![a-z0-9])(\d{1,5})\s?([a-z](?![a-z]))?(?:\s?(?:-|/|bis|u|und|\+|,)\s?(\d{1,5})\s?([a-z](?![a-z]))?)?"
)
PO_BOX = re.compile(r"\b(?:postfach|post box|p\s*o\s*box|postf|pf)\b[\s:.-]*(?:nr\W*)?([\d ]{2,})")
DATE = re.compile(r"\b(\d{1,2})\.\s?(?=[a-z]{3})")
DISTRICT = re.compile(r"\b(?:ot|ortsteil|gewerbegebiet|industriegebiet)\b.*")
STREET_WORD = re.compile(r"(?:strasse|strase|str|st)\b")
FIRST_OF_TWO = frozenset(
    {"bad", "sankt", "neu", "gross", "klein", "am", "im", "in", "an", "der", "den", "hohen"}
)
AFTER_TOWN = re.compile(
    r"\s*[(,/].*|\b(?:ot|ortsteil|am|an der|an dem|im|in der|i|a|bei|b|ob der|vor der|unter)\b.*"
)


@dataclass(frozen=True, slots=True)
class AddressParts:
    """An address in comparable parts; what is not known is empty or 0.

    `street` is written together, with "strasse" as "str". `first` and `last` are the house numbers
    (12-16: 12 and 16), `letter` the one after the first. `town` is its first words, without "am Main".
    """

    street: str
    first: int
    last: int
    letter: str
    po_box: str
    postal_code: str
    town: str


@functools.lru_cache(maxsize=20_000)
def address_parts(street: str, postal_code: str, city: str) -> AddressParts:
    """An address taken apart: "Hauptstr. 12-16", "D-04177", "Leipzig (Plagwitz)"."""
    text = re.sub(r"[.'`´’]", " ", DATE.sub(r"x\1", fold(street)))
    box = PO_BOX.search(text)
    po_box = re.sub(r"\D", "", box[1]) if box else ""
    if box:
        text = text[: box.start()] + text[box.end() :]
    name, first, last, letter = _numbered(DISTRICT.sub("", text))
    return AddressParts(name, first, last, letter, po_box, place_code(postal_code), town_key(city))


def town_key(city: str) -> str:
    """A town as one word: "Weiden i.d.OPf" → "weiden", "Frankfurt am Main" → "frankfurt"."""
    text = re.sub(r"[.'`´’]", " ", fold(city))
    text = re.sub(r"\bst\b", "sankt", re.sub(r"^[a-z]?\W*\d{4,5}\s+", "", text)).strip()
    main = text if AFTER_TOWN.match(text) else AFTER_TOWN.sub("", text)
    words = re.findall(r"[a-z0-9]+", main)
    return "".join(words[: 2 if words[:1] and words[0] in FIRST_OF_TWO else 1])


def place_code(postal_code: str) -> str:
    """A postal code without spaces and country letters: "D-04177" → "04177"."""
    return re.sub(r"^(?:D|DE|A|AT|CH|L|LU)(?=\d)", "", re.sub(r"[\s-]", "", postal_code).upper())


def _numbered(text: str) -> tuple[str, int, int, str]:
    """The street written together, its house numbers and letter; Mannheim's squares ("O4, 4") keep theirs."""
    found = None
    for found in NUMBER.finditer(text):
        if found.start() > 0:
            break
    if found is None:
        return _street(text), 0, 0, ""
    first = int(found[1])
    last = int(found[3]) if found[3] else first
    # 1-3 and 35/37 are ranges; 12/4 is a door behind number 12.
    last = last if first <= last <= first + 40 else first
    rest = text[: found.start()] if found.start() > 0 else text[found.end() :]
    return _street(rest), first, last, found[2] or ""


def _street(text: str) -> str:
    words = "".join(re.findall(r"[a-z0-9]+", STREET_WORD.sub("str", text)))
    return re.sub(r"(?:str)+", "str", words)
