"""The recapitulative statement: what is summed, how it is rounded, and what is flagged."""

from datetime import date

import pytest

from app.invoices.rules.document import DocumentKind
from app.invoices.rules.recapitulative import ReportedDocument, SupplyKind, month_of, statement
from app.ordering.rules.vat import VatCase

INVOICE, PREPAYMENT, CORRECTION = DocumentKind.INVOICE, DocumentKind.PREPAYMENT, DocumentKind.CORRECTION
GOODS, SERVICES = VatCase.INTRA_COMMUNITY, VatCase.REVERSE_CHARGE


def document(kind=INVOICE, case=GOODS, vat_id="ATU12345675", net_cents=10_000, is_proven=True):
    return ReportedDocument(kind, case, vat_id, net_cents, is_proven)


def test_each_vat_id_and_kind_is_one_sum_less_its_corrections():
    rows = statement(
        [
            document(net_cents=10_000),
            document(PREPAYMENT, net_cents=5_000),
            document(CORRECTION, net_cents=2_000),
            document(case=SERVICES, net_cents=700),
            document(vat_id="GR123456783", net_cents=300),
        ]
    )

    assert [(row.country, row.number, row.kind, row.net_cents, row.document_count) for row in rows] == [
        ("AT", "U12345675", SupplyKind.GOODS, 13_000, 3),
        ("AT", "U12345675", SupplyKind.SERVICES, 700, 1),
        ("EL", "123456783", SupplyKind.GOODS, 300, 1),
    ]


@pytest.mark.parametrize(
    "cents, euros",
    [([49], 0), ([50], 1), ([149], 1), ([150], 2), ([30, 30], 1), ([49, 49, 49], 1)],
)
def test_whole_euros_are_rounded_once_on_the_sum(cents, euros):
    assert [row.euros for row in statement(document(net_cents=one) for one in cents)] == [euros]


def test_a_month_with_more_corrections_than_sales_is_below_zero():
    assert statement([document(CORRECTION, net_cents=12_345)])[0].euros == -123


@pytest.mark.parametrize("case", [VatCase.DOMESTIC, VatCase.EXPORT, VatCase.OUTSIDE])
def test_what_is_taxed_at_home_and_what_goes_outside_the_eu_is_not_reported(case):
    assert statement([document(case=case)]) == []


def test_one_document_without_a_proof_flags_the_whole_sum():
    rows = statement([document(), document(is_proven=False), document(vat_id="ITU1"), document(vat_id="")])

    assert {row.number: row.is_proven for row in rows} == {"U12345675": False, "U1": True, "": False}


@pytest.mark.parametrize(
    "text, before",
    [("2026-11", date(2026, 12, 1)), ("2026-12", date(2027, 1, 1))],
)
def test_a_month_goes_to_the_first_day_of_the_next(text, before):
    assert month_of(text) == (before.replace(year=2026, month=int(text[-2:])), before)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "2026-1",
        "26-11",
        "2026-11-01",
        "\u0662\u0660\u0662\u0666-11",
        "9999-12",
    ],
)
def test_what_is_no_month_is_none(text):
    assert month_of(text) is None
