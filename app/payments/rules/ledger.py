"""The money events of an order, as its ledger tells them."""

from enum import StrEnum


class MoneyKind(StrEnum):
    """What happened to money; `amount_cents` is how much was reserved, taken, given back …, always above zero.

    What we hold changes by `captured`, `dispute_won` (up) and `refunded`, `disputed`, `fee` (down). `refund_failed`
    takes a `refunded` back. `authorised`, `released` and `dispute_lost` change nothing that we hold.
    """

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    RELEASED = "released"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    FEE = "fee"


SIGNS = {
    MoneyKind.AUTHORISED: 0,
    MoneyKind.CAPTURED: 1,
    MoneyKind.RELEASED: 0,
    MoneyKind.REFUNDED: -1,
    MoneyKind.REFUND_FAILED: 1,
    MoneyKind.DISPUTED: -1,
    MoneyKind.DISPUTE_WON: 1,
    MoneyKind.DISPUTE_LOST: 0,
    MoneyKind.FEE: -1,
}
"""By how many times its amount each event changes what we hold."""


def held_cents(kind: MoneyKind, amount_cents: int) -> int:
    """By how many cents an event changes what we hold of an order's money."""
    return SIGNS[kind] * amount_cents
