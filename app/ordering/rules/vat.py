"""Which VAT an order bears: German rates, or none for a reason that the invoice names."""

from enum import StrEnum


class VatCase(StrEnum):
    """One per order (compliance.md section 0): the category codes of EN 16931 stand in `CATEGORIES`.

    `domestic`: the goods' own rates. `intra_community`: goods to a company in another EU state (§ 4 no. 1 b, § 6 a
    UStG). `reverse_charge`: services to one (§ 13 b UStG). `export`: goods to a country outside (§ 4 no. 1 a, § 6
    UStG). `outside`: services to a company outside the EU, which are not taxable here (§ 3 a (2) UStG).
    """

    DOMESTIC = "domestic"
    INTRA_COMMUNITY = "intra_community"
    REVERSE_CHARGE = "reverse_charge"
    EXPORT = "export"
    OUTSIDE = "outside"


CATEGORIES = {
    VatCase.INTRA_COMMUNITY: "K",
    VatCase.REVERSE_CHARGE: "AE",
    VatCase.EXPORT: "G",
    VatCase.OUTSIDE: "O",
}
"""The category code (UNTDID 5305) of all amounts of an order that bears no German VAT."""


def category(case: VatCase, vat_rate_bp: int) -> str:
    """The category code of an amount: by the order's case, and at home `S`, or `Z` at rate 0."""
    return CATEGORIES.get(case) or ("S" if vat_rate_bp else "Z")
