"""Countries whose companies may apply, and how their postal codes and VAT ids look."""

import re

from stdnum.ch import uid
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat
from stdnum.is_ import vsk
from stdnum.no import mva

EU = tuple(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
COUNTRIES = ("DE", "AT", "CH", *(code for code in EU if code not in ("DE", "AT")), "GB", "IS", "LI", "NO")
"""ISO 3166-1 codes: the neighbours that speak German first, then the EU, then the others."""

POSTAL_CODES = {
    "DE": r"\d{5}",
    "AT": r"[1-9]\d{3}",
    "CH": r"[1-9]\d{3}",
    "LI": r"94[89]\d",
    "BE": r"[1-9]\d{3}",
    "LU": r"\d{4}",
    "DK": r"\d{4}",
    "NO": r"\d{4}",
    "FR": r"\d{5}",
    "IT": r"\d{5}",
    "ES": r"\d{5}",
    "FI": r"\d{5}",
    "NL": r"[1-9]\d{3} ?[A-Z]{2}",
    "PL": r"\d{2}-\d{3}",
    "CZ": r"\d{3} ?\d{2}",
    "SE": r"\d{3} ?\d{2}",
}


def is_postal_code(text: str, *, country: str) -> bool:
    """Whether a postal code has the form of its country; where we do not know it, 2 to 10 letters and digits."""
    pattern = POSTAL_CODES.get(country, r"[A-Z0-9][A-Z0-9 -]{1,9}")
    return re.fullmatch(pattern, text.upper()) is not None


def country_of_vat_id(key: str) -> str:
    """The ISO country of a normalised VAT id: its prefix, with EL for Greece, XI for the United Kingdom."""
    return {"EL": "GR", "XI": "GB"}.get(key[:2], key[:2])


def is_vat_id(key: str) -> bool:
    """Whether form and check digits of a normalised VAT id are right (offline, python-stdnum).

    Liechtenstein uses Swiss numbers. Existence is not checked: that is VIES' business.
    """
    prefix = key[:2]
    if prefix == "CH":
        return bool(uid.is_valid(key))
    if prefix == "GB":
        return bool(gb_vat.is_valid(key[2:]))
    if prefix == "NO":
        return bool(mva.is_valid(key) or mva.is_valid(key + "MVA"))
    if prefix == "IS":
        return bool(vsk.is_valid(key))
    return bool(eu_vat.is_valid(key))


def belongs_to(key: str, *, country: str) -> bool:
    """Whether a VAT id is one of the country in which the company says it is."""
    issued_by = country_of_vat_id(key)
    return issued_by == country or (country == "LI" and issued_by == "CH")
