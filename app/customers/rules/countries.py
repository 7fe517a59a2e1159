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
EXPORT_COUNTRIES = ("CH", "LI", "NO")
"""ISO codes outside the European Union where goods go too: exports (§ 4 no. 1 a, § 6 UStG)."""

COUNTRIES = ("DE", "AT", "CH", "LI", *(code for code in EU if code not in ("DE", "AT")), "NO")
"""ISO 3166-1 codes of where companies may apply from and goods may go: the neighbours that speak German first."""

OUTSIDE_THE_VAT_AREA = {
    "DE": r"27498|78266",
    "ES": r"(35|38|51|52)\d{3}",
    "FI": r"22\d{3}",
    "FR": r"97\d{3}|98[46-8]\d{2}",
    "GR": r"630 ?86",
    "IT": r"23041|22061",
}
"""Postal codes of member states where the EU's VAT law does not hold (Article 6 of Directive 2006/112/EC, § 1 (2)
UStG): Helgoland, Büsingen, the Canaries, Ceuta, Melilla, Åland, overseas departments, Athos, Livigno, Campione."""

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
    "CH": (r"[1-9]\d{3}", "8005"),
    "LI": (r"94(8[5-9]|9[0-8])", "9490"),
    "NO": (r"\d{4}", "0150"),
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
                "Please choose one of the countries that we deliver to. They are those of the EU, Switzerland,"
                " Liechtenstein and Norway."
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


def is_outside_vat_area(country: str, postal_code: str = "") -> bool:
    """Whether goods that go there leave the area in which the EU's VAT law holds."""
    if country not in EU:
        return True
    pattern = OUTSIDE_THE_VAT_AREA.get(country)
    return bool(pattern and re.fullmatch(pattern, postal_code.strip()))


def fault_of_destination(postal_code: str, *, country: str, is_export_sold: bool) -> FieldError | None:
    """What is wrong with where goods shall go, or None: the address itself, or an export where none is sold."""
    fault = fault_of_address(postal_code, country=country)
    if fault is None and not is_export_sold and is_outside_vat_area(country, postal_code):
        return FieldError(
            "country" if country not in EU else "postal_code",
            N_(
                "At present we deliver only to where the VAT law of the EU holds. Please choose another address."
            ),
        )
    return fault


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
