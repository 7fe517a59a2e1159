"""How much goes back to the card for a part of an order: to the cent, and never more than was paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.money import divide_half_up
from app.ordering.rules.pricing import TaxPart
from app.payments.rules.facts import RefundFacts, RefundStatus


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line of a paid order with its net cents at each VAT rate, and what went back for it before."""

    line_id: int
    quantity: int
    net_by_rate: Mapping[int, int]
    refunded_quantity: int = 0
    refunded_cents: int = 0

    @property
    def left_quantity(self) -> int:
        return self.quantity - self.refunded_quantity


@dataclass(frozen=True, slots=True)
class LineRefund:
    """So many of a line go back for these cents, VAT included."""

    line_id: int
    quantity: int
    amount_cents: int


def gross_of_lines(lines: Sequence[PaidLine], taxes: Sequence[TaxPart]) -> dict[int, int]:
    """The gross cents of each line by its id: with those of the charges they sum up exactly to the order's.

    VAT stands on the order's sum per rate, so each line takes its share of it in proportion to its net amount;
    running sums are rounded half up, so that no share is off by a cent or more at a rate, and none is negative.
    What the lines leave of a rate belongs to the charges.
    """
    gross = {line.line_id: sum(line.net_by_rate.values()) for line in lines}
    for tax in taxes:
        if not tax.net_cents:
            continue
        running_cents = reached_cents = 0
        for line in lines:
            running_cents += line.net_by_rate.get(tax.vat_rate_bp, 0)
            share_cents = divide_half_up(tax.vat_cents * running_cents, tax.net_cents) - reached_cents
            reached_cents += share_cents
            gross[line.line_id] += share_cents
    return gross


def refund_of_lines(
    lines: Sequence[PaidLine],
    taxes: Sequence[TaxPart],
    wanted: Mapping[int, int],
    *,
    left_cents: int,
) -> list[LineRefund]:
    """What goes back for so many (`wanted`, by line id) of some lines; `lines` are all of the order.

    After it exactly the share of the pieces that went back so far has been paid back for each line, however they
    were divided before. Never more than `left_cents`, what is left of the payment. Raises ValueError for an unknown
    line, for nothing, and for more pieces than are left of a line.
    """
    by_id = {line.line_id: line for line in lines}
    if not wanted or not wanted.keys() <= by_id.keys():
        raise ValueError("a refund needs lines of the order")
    gross = gross_of_lines(lines, taxes)
    found = []
    for line_id, quantity in sorted(wanted.items()):
        line = by_id[line_id]
        if not 0 < quantity <= line.left_quantity:
            raise ValueError(f"{quantity} of line {line_id} cannot go back, {line.left_quantity} are left")
        due_cents = divide_half_up(gross[line_id] * (line.refunded_quantity + quantity), line.quantity)
        amount_cents = min(max(0, due_cents - line.refunded_cents), left_cents)
        left_cents -= amount_cents
        found.append(LineRefund(line_id, quantity, amount_cents))
    return found


def refund_of_order(*, paid_cents: int, refunded_cents: int) -> int:
    """What is left to pay back of a whole order, its charges included; 0 when all went back before."""
    return max(0, paid_cents - refunded_cents)


def is_lost_refund(facts: RefundFacts, mark: str, *, amount_cents: int) -> bool:
    """Whether this one at Stripe is ours though we never read its answer; one that failed moved no money."""
    is_ours = facts.mark.startswith(mark) and facts.amount_cents == amount_cents
    return is_ours and facts.status is not RefundStatus.FAILED
