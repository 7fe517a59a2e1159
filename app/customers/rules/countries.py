"""Countries that we deliver to, and how postal codes and VAT ids look."""

import re

from stdnum.ch import uid
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat
from stdnum.is_ import vsk
from stdnum.no import mva

from app.core.errors import N_, FieldError

EU = tuple(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
COUNTRIES = ("DE", "AT", *(code for code in EU if code not in ("DE", "AT")))
"""ISO 3166-1 codes of where companies may apply from and goods may go: the neighbours that speak German first.

The European Union only: an export would have to be sold without VAT and declared (sections 4 no. 1 a, 6 UStG).
"""

POSTAL_CODES = {
    "DE": (r"\d{5}", "04177"),
    "AT": (r"[1-9]\d{3}", "1010"),
    "BE": (r"[1-9]\d{3}", "1000"),
    "LU": (r"\d{4}", "1210"),
    "DK": (r"\d{4}", "1050"),
    "FR": (r"\d{5}", "75001"),
    "IT": (r"\d{5}", "00118"),
    "ES": (r"\d{5}", "28001"),
    "FI": (r"\d{5}", "00100"),
    "NL": (r"[1-9]\d{3} ?[A-Z]{2}", "1012 AB"),
    "PL": (r"\d{2}-\d{3}", "00-001"),
    "CZ": (r"\d{3} ?\d{2}", "110 00"),
    "SE": (r"\d{3} ?\d{2}", "111 20"),
}
"""For a country how its postal codes are written, and one of them as an example."""


def fault_of_address(postal_code: str, *, country: str) -> FieldError | None:
    """What is wrong with country or postal code of an address, or None.

    Where we do not know the form of a country's postal codes, 2 to 10 letters and digits will do.
    """
    if country not in COUNTRIES:
        return FieldError(
            "country",
            N_(
                "Please choose one of the countries that we deliver to. For now they are those of the EU only."
            ),
        )
    pattern, example = POSTAL_CODES.get(country, (r"[A-Z0-9][A-Z0-9 -]{1,9}", ""))
    if re.fullmatch(pattern, postal_code.upper()):
        return None
    if not example:
        return FieldError("postal_code", N_("Please enter the postal code: 2 to 10 letters and digits."))
    return FieldError(
        "postal_code",
        N_("This is no postal code of the country you chose. There it looks like %(example)s."),
        {"example": example},
    )


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
