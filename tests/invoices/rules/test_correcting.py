"""What refunds take back of an invoice: never more than is left, to the last cent, at every rate."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.invoices.rules.correcting import Piece, left_of
from app.invoices.rules.document import DocumentKind, Original
from app.invoices.rules.supply import CannotBuild
from app.ordering.rules.pricing import PricedLine, RatePart, price_order
from app.ordering.rules.vat import VatCase
from tests.invoices.amounts import check_amounts
from tests.invoices.sales import Sale, a_sale, an_invoice, corrections, some_refunds


def sold(*lines: PricedLine) -> Sale:
    return Sale(VatCase.DOMESTIC, lines, (), price_order(lines))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_every_correction_keeps_the_amount_rules_and_nothing_is_ever_taken_back_twice(seed: int) -> None:
    random = Random(seed)
    original = an_invoice(a_sale(random))

    made = corrections(original, some_refunds(random, original))

    for position, document in enumerate(made):
        check_amounts(document, is_vat_exact=False)
        left = left_of(original, made[: position + 1])
        assert min([*left.items.values(), *left.net.values(), *left.vat.values()]) >= 0
        for rate, net in left.net.items():
            assert sum(cents for (_, at), cents in left.items.items() if at == rate) == net
            assert abs(left.vat[rate] * 10_000 - net * rate) <= 10_000
    if sum(document.gross_cents for document in made) == original.gross_cents:
        assert not any([*left.items.values(), *left.net.values(), *left.vat.values()])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_an_invoice_that_goes_back_cent_by_cent_ends_at_exactly_nothing(seed: int, step: int) -> None:
    original = an_invoice(a_sale(Random(seed)))
    steps = [step] * min(12, (original.gross_cents - 1) // step)
    rest = original.gross_cents - sum(steps)

    made = corrections(original, [(cents, ()) for cents in (*steps, rest)])

    for tax in original.taxes:
        same = [one for document in made for one in document.taxes if one.vat_rate_bp == tax.vat_rate_bp]
        assert sum(one.net_cents for one in same) == tax.net_cents
        assert sum(one.vat_cents for one in same) == tax.vat_cents


def test_a_correction_of_everything_says_what_the_invoice_said() -> None:
    original = an_invoice(sold(PricedLine(3, 3_333, (RatePart(1900, 7), RatePart(700, 3)))))

    (made,) = corrections(original, [(original.gross_cents, ())])

    assert (made.kind, made.lines, made.charges, made.taxes) == (
        DocumentKind.CORRECTION,
        original.lines,
        original.charges,
        original.taxes,
    )
    assert made.original == Original(original.number, original.issued_on)


def test_pieces_come_off_their_own_line_at_its_rate() -> None:
    original = an_invoice(
        sold(PricedLine(4, 1_000, (RatePart(1900, 1),)), PricedLine(2, 500, (RatePart(700, 1),)))
    )

    (made,) = corrections(original, [(535, (Piece("line:2", 1, 535),))])

    (line,) = made.lines
    assert (line.source, line.quantity, line.net_cents) == ("line:2", 1, 500)
    assert [(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in made.taxes] == [(700, 500, 35)]


def test_an_amount_off_the_price_says_so_and_is_divided_over_the_rates() -> None:
    original = an_invoice(
        sold(PricedLine(1, 10_000, (RatePart(1900, 1),)), PricedLine(1, 10_000, (RatePart(700, 1),)))
    )

    (made,) = corrections(original, [(2_260, ())])

    assert [(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in made.taxes] == [
        (1900, 1_000, 190),
        (700, 1_000, 70),
    ]
    assert [line.name for line in made.lines] == [
        "Preisnachlass: Paket Nr. 1 für Öl & Gas",
        "Preisnachlass: Paket Nr. 2 für Öl & Gas",
    ]


def test_more_than_is_left_is_refused() -> None:
    original = an_invoice(sold(PricedLine(1, 1_000, (RatePart(1900, 1),))))

    with pytest.raises(CannotBuild) as refused:
        corrections(original, [(1_000, ()), (191, ())])

    assert refused.value.code == "invoice.over_corrected"


def test_the_last_cents_of_two_halves_go_where_they_exist() -> None:
    # 100.00 + 19.00: twice 9.50 would be 20.00 of VAT when rounded twice.
    original = an_invoice(sold(PricedLine(1, 100, (RatePart(1900, 1),))))

    first, last = corrections(original, [(60, ()), (59, ())])

    assert (first.net_cents, first.vat_cents) == (50, 10)
    assert (last.net_cents, last.vat_cents) == (50, 9)
