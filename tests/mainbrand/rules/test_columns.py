"""Columns are found under their English and German names."""

import pytest

from app.mainbrand.rules.columns import ACCOUNT_COLUMNS, PURCHASE_COLUMNS, Column, WrongHeader, find_columns


@pytest.mark.parametrize("columns", [ACCOUNT_COLUMNS, PURCHASE_COLUMNS])
def test_no_name_stands_for_two_columns(columns: tuple[Column, ...]) -> None:
    names = [name for column in columns for name in (column.name, *column.other_names)]

    assert len(names) == len(set(names))


def test_case_umlauts_hyphens_and_marks_do_not_matter() -> None:
    header = find_columns(["\ufeffKUNDEN-NR.", "Firma", "Straße", "Lieblingsfarbe"], ACCOUNT_COLUMNS)

    assert header.places == {"account_number": 0, "company_name": 1, "street": 2}
    assert header.unread == ("Lieblingsfarbe",)


def test_missing_columns_are_all_named_at_once() -> None:
    with pytest.raises(WrongHeader) as wrong:
        find_columns(["Menge", "Rechnung"], PURCHASE_COLUMNS)

    assert wrong.value.missing == ("stock_code", "invoice_ts", "unit_price", "customer_id")
