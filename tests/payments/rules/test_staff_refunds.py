"""What staff pay back: borders by hand, laws by property."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Refused
from app.ordering.rules.pricing import TaxPart
from app.payments.rules.refunding import PaidLine
from app.payments.rules.staff_refunds import (
    PaidCharge,
    Payable,
    RefundReason,
    RefundScope,
    RefundWish,
    faults_of_wish,
    gross_of_charges,
    needs_second_person,
    work_out,
)
from tests.payments.rules.test_refunding import ORDERS, gross_of

# 3 × 25.00 at 19 % and 2 × 10.00 at 7 %, and 9.90 that follow the goods: 115.96 with VAT.
LINES = [PaidLine(1, 3, {1900: 7_500}), PaidLine(2, 2, {700: 2_000})]
CHARGES = [PaidCharge(5, 990, None)]
TAXES = [TaxPart(1900, 8_282, 1_574), TaxPart(700, 2_208, 155)]
GROSS = 12_219


def wish(scope: RefundScope | None = RefundScope.WHOLE, **values: object) -> RefundWish:
    return RefundWish(scope, RefundReason.GOODWILL, "They asked.", **values)  # type: ignore[arg-type]


def out(asked: RefundWish, *, left_cents: int = GROSS, **values: object) -> Payable:
    given_ = {"lines": LINES, "charges": CHARGES, "taxes": TAXES, "gross_cents": GROSS, **values}
    return work_out(asked, left_cents=left_cents, **given_)  # type: ignore[arg-type]


def test_the_whole_is_all_that_is_left_with_its_pieces_and_charges() -> None:
    found = out(wish())

    assert found.amount_cents == GROSS
    assert [(line.line_id, line.quantity) for line in found.lines] == [(1, 3), (2, 2)]
    assert sum(line.amount_cents for line in found.lines) + sum(cents for _, cents in found.charges) == GROSS
    assert out(wish(), left_cents=500).amount_cents == 500


def test_pieces_and_charges_go_back_at_what_was_paid_for_them() -> None:
    found = out(wish(RefundScope.PARTS, quantities={1: 1}, charge_ids=frozenset({5})))

    assert [(line.line_id, line.quantity, line.amount_cents) for line in found.lines] == [(1, 1, 2_975)]
    assert found.charges == ((5, 1_154),)
    assert found.amount_cents == 4_129


@pytest.mark.parametrize(
    "asked, left_cents",
    [
        (wish(), 0),
        (wish(RefundScope.AMOUNT, amount_cents=501), 500),
        (wish(RefundScope.PARTS, quantities={2: 3}), GROSS),
    ],
)
def test_never_more_than_is_left(asked: RefundWish, left_cents: int) -> None:
    with pytest.raises(Refused) as refusal:
        out(asked, left_cents=left_cents)

    assert refusal.value.code == "refund.nothing_left"


def test_a_charge_goes_back_once() -> None:
    back = [PaidCharge(5, 990, None, refunded_cents=1_154)]

    with pytest.raises(Refused):
        out(wish(RefundScope.PARTS, charge_ids=frozenset({5})), charges=back)
    assert out(wish(), charges=back, left_cents=11_065).charges == ()


@pytest.mark.parametrize("strange", [{"quantities": {9: 1}}, {"charge_ids": frozenset({9})}])
def test_a_line_or_charge_of_another_order_is_no_wish(strange: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        out(wish(RefundScope.PARTS, **strange))


def test_a_form_that_lacks_something_names_each_field() -> None:
    assert [one.field for one in faults_of_wish(RefundWish(None, None))] == ["scope", "reason", "note"]
    assert [one.field for one in faults_of_wish(wish(RefundScope.PARTS))] == ["scope"]
    assert [one.field for one in faults_of_wish(wish(RefundScope.AMOUNT))] == ["amount_cents"]
    assert faults_of_wish(wish()) == []


def test_small_refunds_of_one_order_count_together_for_the_limit() -> None:
    assert not needs_second_person(5_000, granted_alone_cents=5_000, limit_cents=10_000)
    assert needs_second_person(5_001, granted_alone_cents=5_000, limit_cents=10_000)


@settings(max_examples=80, deadline=None)
@given(ORDERS, st.lists(st.integers(1, 5_000), max_size=3))
def test_lines_and_charges_together_are_the_order_to_the_cent(
    made: tuple[list[PaidLine], list[TaxPart]], nets: list[int]
) -> None:
    lines, taxes = made
    gross_cents = gross_of(taxes)
    charges = [PaidCharge(number, net, None) for number, net in enumerate(nets)]

    shares = gross_of_charges(charges, lines, taxes, gross_cents=gross_cents)
    found = out(
        wish(), lines=lines, charges=charges, taxes=taxes, gross_cents=gross_cents, left_cents=gross_cents
    )

    assert all(share >= 0 for share in shares.values())
    assert found.amount_cents == gross_cents
    parts = sum(one.amount_cents for one in found.lines) + sum(cents for _, cents in found.charges)
    assert parts == gross_cents if charges else parts <= gross_cents
