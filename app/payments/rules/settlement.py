"""Whether an authorised payment may be taken, and what is wrong with it if not."""

from enum import StrEnum

from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.facts import IntentFacts


class ReleaseReason(StrEnum):
    """Why a reserved amount is given back and not taken."""

    FOREIGN = "foreign"
    AMOUNT_DIFFERS = "amount_differs"
    ALREADY_PAID = "already_paid"
    ORDER_CANCELLED = "order_cancelled"
    NOT_ADMITTED = "not_admitted"
    GOODS_KEPT_OUT = "goods_kept_out"
    OUT_OF_STOCK = "out_of_stock"
    SERVICE_IMPOSSIBLE = "service_impossible"
    AUTHORISATION_LOST = "authorisation_lost"
    CARD_REFUSED = "card_refused"
    HOLD_LAPSED = "hold_lapsed"
    CARD_NOT_KEPT = "card_not_kept"


CANCELLING: dict[ReleaseReason, CancelReason] = {
    ReleaseReason.NOT_ADMITTED: CancelReason.NOT_ADMITTED,
    ReleaseReason.GOODS_KEPT_OUT: CancelReason.BY_STAFF,
    ReleaseReason.OUT_OF_STOCK: CancelReason.BY_STAFF,
    ReleaseReason.SERVICE_IMPOSSIBLE: CancelReason.BY_STAFF,
    ReleaseReason.AMOUNT_DIFFERS: CancelReason.AMOUNT_DIFFERS,
    ReleaseReason.CARD_REFUSED: CancelReason.BY_STAFF,
    ReleaseReason.HOLD_LAPSED: CancelReason.BY_STAFF,
}
"""The reasons that end the order too; after the others it can still be paid, is paid, or has ended before."""

NEEDING_STAFF = frozenset(
    {
        ReleaseReason.NOT_ADMITTED,
        ReleaseReason.GOODS_KEPT_OUT,
        ReleaseReason.OUT_OF_STOCK,
        ReleaseReason.AMOUNT_DIFFERS,
        ReleaseReason.FOREIGN,
        ReleaseReason.HOLD_LAPSED,
    }
)
"""The reasons that a person of the staff has to see."""


def objection(
    intent: IntentFacts,
    *,
    order_number: str,
    attempt: str,
    gross_cents: int,
    asked_cents: int,
    currency: str,
    state: OrderState,
    is_paid_elsewhere: bool,
    is_admitted: bool,
    has_kept_out_goods: bool,
    is_out_of_stock: bool = False,
) -> ReleaseReason | None:
    """None when the money may be taken for the order; else the first reason why it must be released.

    Three amounts must be one: what Stripe reserved, what the attempt asked for, and the order's gross.
    `has_kept_out_goods`: a block of the order is dangerous or restricted by now and must not leave.
    `is_out_of_stock`: what is counted is not enough for the paid orders and this one.
    """
    if (intent.order_number, intent.attempt) != (order_number, attempt):
        return ReleaseReason.FOREIGN
    if not intent.amount_cents == asked_cents == gross_cents or intent.currency.upper() != currency.upper():
        return ReleaseReason.AMOUNT_DIFFERS
    if is_paid_elsewhere or state in (OrderState.ACCEPTED, OrderState.DISPATCHED):
        return ReleaseReason.ALREADY_PAID
    if state is not OrderState.RECEIVED:
        return ReleaseReason.ORDER_CANCELLED
    if not is_admitted:
        return ReleaseReason.NOT_ADMITTED
    if has_kept_out_goods:
        return ReleaseReason.GOODS_KEPT_OUT
    if is_out_of_stock:
        return ReleaseReason.OUT_OF_STOCK
    return None
