"""The month that a document belongs to, by its case and its days."""

from datetime import date

import pytest

from app.invoices.rules.document import DocumentKind
from app.invoices.rules.taxed_on import taxed_on
from app.ordering.rules.vat import VatCase

MAY, JUNE, JULY, AUGUST = (date(2026, month, 20) for month in (5, 6, 7, 8))


@pytest.mark.parametrize(
    "case, paid_on, supplied_on, issued_on, month",
    [
        (VatCase.DOMESTIC, MAY, JUNE, JULY, 5),
        (VatCase.DOMESTIC, JULY, JUNE, JULY, 6),
        (VatCase.INTRA_COMMUNITY, MAY, JUNE, JUNE, 6),
        (VatCase.INTRA_COMMUNITY, MAY, JUNE, JULY, 7),
        (VatCase.INTRA_COMMUNITY, MAY, JUNE, AUGUST, 7),
        (VatCase.INTRA_COMMUNITY, MAY, JUNE, MAY, 6),
        (VatCase.INTRA_COMMUNITY, MAY, None, JUNE, 6),
        (VatCase.REVERSE_CHARGE, MAY, JUNE, JULY, 6),
        (VatCase.EXPORT, MAY, JUNE, JULY, 6),
        (VatCase.OUTSIDE, MAY, None, JULY, 5),
    ],
)
def test_each_case_has_its_own_month(
    case: VatCase, paid_on: date, supplied_on: date | None, issued_on: date, month: int
) -> None:
    found = taxed_on(
        DocumentKind.INVOICE, case, issued_on=issued_on, supplied_on=supplied_on, paid_on=paid_on
    )
    assert found.month == month


def test_a_year_ends_between_supply_and_a_late_invoice() -> None:
    found = taxed_on(
        DocumentKind.INVOICE,
        VatCase.INTRA_COMMUNITY,
        issued_on=date(2027, 3, 1),
        supplied_on=date(2026, 12, 31),
        paid_on=None,
    )
    assert found == date(2027, 1, 31)
