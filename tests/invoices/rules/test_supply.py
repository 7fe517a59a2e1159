"""An order as a document: every amount rule, for random orders of every kind."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.invoices.rules.building import invoice_of
from app.invoices.rules.document import DocumentKind, from_json, to_json
from app.invoices.rules.supply import (
    CannotBuild,
    SoldCharge,
    SoldLine,
    SoldPart,
    apportion,
    supply_of,
    unit_price,
)
from app.ordering.rules.pricing import ChargeKind, TaxPart
from app.ordering.rules.vat import VatCase
from tests.invoices.amounts import check_amounts
from tests.invoices.sales import DAY, a_sale, an_invoice, facts_of


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_every_amount_rule_holds_for_the_invoice_of_any_order_and_its_vat_is_that_of_the_order(
    seed: int,
) -> None:
    sale = a_sale(Random(seed))

    document = an_invoice(sale)

    check_amounts(document)
    expected = [tax for tax in sale.totals.taxes if tax.net_cents]
    assert [(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in document.taxes] == [
        (tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in expected
    ]
    assert document.gross_cents == sale.totals.gross_cents
    assert from_json(to_json(document)) == document


def test_a_bundle_of_two_rates_becomes_a_line_for_each_that_says_which_and_what() -> None:
    line = SoldLine(
        "line:1",
        "Pflegepaket",
        2,
        3_333,
        (SoldPart(700, 1_111, "1 × Tee"), SoldPart(1900, 2_222, "2 × Fett")),
    )

    supply = supply_of(
        [line], [], [TaxPart(1900, 2_222, 422), TaxPart(700, 1_111, 78)], case=VatCase.DOMESTIC, language="de"
    )

    first, second = supply.lines
    assert (first.name, first.description) == ("Pflegepaket (Anteil mit 19 % USt)", "2 × Fett")
    assert (first.price_cents, first.price_quantity, first.net_cents) == (1_111, 1, 2_222)
    assert (second.name, second.description) == ("Pflegepaket (Anteil mit 7 % USt)", "1 × Tee")
    # A half of 11.11 is no price: the price is that of both.
    assert (second.price_cents, second.price_quantity, second.quantity) == (1_111, 2, 2)


def test_a_surcharge_follows_the_goods_and_becomes_a_charge_for_each_rate() -> None:
    line = SoldLine("line:1", "Paket", 1, 10_000, (SoldPart(1900, 7_900, "a"), SoldPart(700, 2_100, "b")))
    charge = SoldCharge("charge:1", ChargeKind.LOW_QUANTITY, "Mindermengenzuschlag", 1_500)
    taxes = [TaxPart(1900, 9_085, 1_726), TaxPart(700, 2_415, 169)]

    supply = supply_of([line], [charge], taxes, case=VatCase.DOMESTIC, language="de")

    assert [(one.net_cents, one.vat_rate_bp, one.category, one.reason_code) for one in supply.charges] == [
        (1_185, 1900, "S", "AEL"),
        (315, 700, "S", "AEL"),
    ]


def test_parts_that_do_not_add_up_to_the_orders_vat_make_no_document() -> None:
    line = SoldLine("line:1", "Paket", 1, 10_000, (SoldPart(1900, 10_000, ""),))

    with pytest.raises(CannotBuild) as refused:
        supply_of([line], [], [TaxPart(1900, 10_001, 1_900)], case=VatCase.DOMESTIC, language="de")

    assert refused.value.code == "invoice.sums"


def test_a_supply_without_vat_needs_the_buyers_vat_id() -> None:
    facts = facts_of(a_sale(Random(1), VatCase.INTRA_COMMUNITY))
    nameless = replace(facts, buyer=replace(facts.buyer, vat_id=""))

    with pytest.raises(CannotBuild) as refused:
        invoice_of(nameless, kind=DocumentKind.INVOICE, number="RE-2026-000001", issued_on=DAY)

    assert refused.value.code == "invoice.no_vat_id"


@given(
    st.lists(st.integers(0, 9_999), max_size=6),
    st.lists(st.integers(0, 9_999), min_size=1, max_size=4),
    st.data(),
)
def test_apportioned_amounts_add_up_by_row_and_by_column_and_none_is_negative(
    rows: list[int], columns: list[int], data: st.DataObject
) -> None:
    rows = [*rows, 0]
    more = sum(columns) - sum(rows)
    rows[-1], columns[-1] = (more, columns[-1]) if more >= 0 else (0, columns[-1] - more)
    wanted = {1900 - position: cents for position, cents in enumerate(columns)}

    cells = apportion(rows, wanted)

    assert [sum(row.values()) for row in cells] == rows
    assert {name: sum(row[name] for row in cells) for name in wanted} == wanted
    assert all(cents >= 0 for row in cells for cents in row.values())


@given(st.integers(0, 10**7), st.integers(1, 9_999))
def test_a_price_and_its_quantity_make_the_net_amount_exactly(net_cents: int, quantity: int) -> None:
    price, of = unit_price(net_cents, quantity)

    assert price * quantity == net_cents * of
