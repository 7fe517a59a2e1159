"""What a person of the staff pays back: all, some lines and charges, or an amount; never more than is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.errors import N_, FieldError, Refused
from app.core.money import split
from app.ordering.rules.pricing import TaxPart
from app.payments.rules.refunding import LineRefund, PaidLine, gross_of_lines, refund_of_lines

LONGEST_NOTE = 400


class RefundReason(StrEnum):
    """Why staff pay money back without a complaint."""

    NOT_DELIVERED = "not_delivered"
    FAULTY = "faulty"
    WRONG_PRICE = "wrong_price"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    FRAUD = "fraud"
    GOODWILL = "goodwill"


FOR_US = frozenset({RefundReason.NOT_DELIVERED, RefundReason.FAULTY, RefundReason.WRONG_PRICE})
"""The reasons that are faults of ours: such a refund never counts against the customer."""


FOR_THEM = frozenset({RefundReason.DUPLICATE, RefundReason.WITHDRAWN})
"""The reasons that are the customer's own doing: the time of it counts against them."""
TOLD_REASONS = frozenset(RefundReason) - {RefundReason.FRAUD}
"""The reasons that the customer reads."""


class RefundScope(StrEnum):
    """How much: all that is left, some pieces and charges, or an amount."""

    WHOLE = "whole"
    PARTS = "parts"
    AMOUNT = "amount"


class RequestState(StrEnum):
    """`waiting` for a second person; `granted` has a refund; `declined` never gets one."""

    WAITING = "waiting"
    GRANTED = "granted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class RefundWish:
    """What a person wants paid back; `quantities` by line id, `charge_ids` of the order's charges."""

    scope: RefundScope | None
    reason: RefundReason | None
    note: str = ""
    quantities: Mapping[int, int] = field(default_factory=dict)
    charge_ids: frozenset[int] = frozenset()
    amount_cents: int | None = None

    def as_json(self) -> dict[str, object]:
        """The wish as a request keeps it, in one order."""
        return {
            "scope": str(self.scope),
            "quantities": {str(one): count for one, count in sorted(self.quantities.items())},
            "charge_ids": sorted(self.charge_ids),
            "amount_cents": self.amount_cents,
        }


@dataclass(frozen=True, slots=True)
class PaidCharge:
    """A charge of a paid order: its net amount, its own rate or None where it follows the goods, what went back."""

    charge_id: int
    net_cents: int
    vat_rate_bp: int | None
    refunded_cents: int = 0


@dataclass(frozen=True, slots=True)
class Payable:
    """What goes back in the end, with the pieces and the charges (id and gross cents) of it."""

    amount_cents: int
    lines: tuple[LineRefund, ...] = ()
    charges: tuple[tuple[int, int], ...] = ()


def faults_of_wish(wish: RefundWish) -> list[FieldError]:
    """What is wrong with the form, field by field."""
    found = []
    if wish.scope is None:
        found.append(FieldError("scope", N_("Please choose how much is paid back.")))
    if wish.reason is None:
        found.append(FieldError("reason", N_("Please choose a reason.")))
    if not 1 <= len(wish.note) <= LONGEST_NOTE:
        found.append(FieldError("note", N_("Please say why, in at most 400 characters.")))
    if wish.scope is RefundScope.PARTS and not wish.quantities and not wish.charge_ids:
        found.append(FieldError("scope", N_("Please say how many of which line, or which charge.")))
    if wish.scope is RefundScope.AMOUNT and (wish.amount_cents is None or wish.amount_cents <= 0):
        found.append(FieldError("amount_cents", N_("Please enter an amount such as 12.50.")))
    return found


def gross_of_charges(
    charges: Sequence[PaidCharge],
    lines: Sequence[PaidLine],
    taxes: Sequence[TaxPart],
    *,
    gross_cents: int,
) -> dict[int, int]:
    """The gross cents of each charge by its id: with those of the lines they sum up exactly to the order's."""
    if not charges:
        return {}
    lines_gross = sum(gross_of_lines(lines, taxes).values())
    lines_net = sum(sum(line.net_by_rate.values()) for line in lines)
    following_bp = 10_000 * lines_gross // lines_net if lines_net else 10_000
    known = {tax.vat_rate_bp for tax in taxes}
    weights = [
        charge.net_cents
        * (following_bp if charge.vat_rate_bp not in known else 10_000 + (charge.vat_rate_bp or 0))
        for charge in charges
    ]
    shares = split(gross_cents - lines_gross, weights)
    return {charge.charge_id: share for charge, share in zip(charges, shares, strict=True)}


def work_out(
    wish: RefundWish,
    *,
    lines: Sequence[PaidLine],
    charges: Sequence[PaidCharge],
    taxes: Sequence[TaxPart],
    gross_cents: int,
    left_cents: int,
) -> Payable:
    """What goes back for a wish, to the cent. Raises Refused `refund.nothing_left` for more than is left.

    `left_cents` is what is left of the payment. Raises ValueError for a line or charge that is not the order's.
    """
    if not left_cents:
        raise nothing_left()
    if wish.scope is RefundScope.AMOUNT:
        if (wish.amount_cents or 0) > left_cents:
            raise nothing_left()
        return Payable(wish.amount_cents or 0)
    gross = gross_of_charges(charges, lines, taxes, gross_cents=gross_cents)
    if wish.scope is RefundScope.WHOLE:
        wanted = {line.line_id: line.left_quantity for line in lines if line.left_quantity > 0}
        chosen = [one for one in charges if gross[one.charge_id] > one.refunded_cents]
    else:
        wanted = dict(wish.quantities)
        chosen = [one for one in charges if one.charge_id in wish.charge_ids]
        if len(chosen) != len(wish.charge_ids):
            raise ValueError("a refund needs charges of the order")
        _check_left(wanted, lines, chosen)
    back = refund_of_lines(lines, taxes, wanted, left_cents=left_cents) if wanted else []
    rest_cents = left_cents - sum(line.amount_cents for line in back)
    of_charges = []
    for charge in chosen:
        cents = min(gross[charge.charge_id] - charge.refunded_cents, rest_cents)
        if cents > 0:
            of_charges.append((charge.charge_id, cents))
            rest_cents -= cents
    is_whole = wish.scope is RefundScope.WHOLE
    amount_cents = left_cents if is_whole else left_cents - rest_cents
    if not amount_cents:
        raise nothing_left()
    return Payable(amount_cents, tuple(back), tuple(of_charges))


def needs_second_person(amount_cents: int, *, granted_alone_cents: int, limit_cents: int) -> bool:
    """Whether one person may not pay this back alone; several small refunds of one order count together."""
    return granted_alone_cents + amount_cents > limit_cents


def nothing_left() -> Refused:
    """What a refund gets that would pay back more than is left."""
    return Refused(
        N_("So much is not left of the payment: other refunds took it meanwhile."), code="refund.nothing_left"
    )


def _check_left(wanted: Mapping[int, int], lines: Sequence[PaidLine], charges: Sequence[PaidCharge]) -> None:
    by_id = {line.line_id: line for line in lines}
    for line_id, quantity in wanted.items():
        if line_id not in by_id:
            raise ValueError("a refund needs lines of the order")
        if quantity > by_id[line_id].left_quantity:
            raise nothing_left()
    if any(one.refunded_cents for one in charges):
        raise nothing_left()
