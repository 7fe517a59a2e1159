"""The states of a payment attempt and which may follow which."""

from enum import StrEnum


class PaymentState(StrEnum):
    """`created`: our intent is written; `open`: the card page exists; `capturing`: decided and about to be
    charged; `held`: reserved, and a person has to decide; `releasing`: decided and about to be given back.
    `captured` and `released` are ends; so is `expired`, unless the customer was faster than our expiring.
    """

    CREATED = "created"
    OPEN = "open"
    HELD = "held"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    RELEASING = "releasing"
    RELEASED = "released"
    EXPIRED = "expired"


class PaymentWay(StrEnum):
    """How an attempt is paid: on Stripe's card page, or with a saved card and nobody present."""

    CARD_PAGE = "card_page"
    OFF_SESSION = "off_session"


class RefundState(StrEnum):
    """An asked refund is on its way to Stripe; a failed one needs a person."""

    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"


FOLLOWING: dict[PaymentState, frozenset[PaymentState]] = {
    PaymentState.CREATED: frozenset({PaymentState.OPEN, PaymentState.EXPIRED}),
    PaymentState.OPEN: frozenset(
        {PaymentState.CAPTURING, PaymentState.HELD, PaymentState.RELEASING, PaymentState.EXPIRED}
    ),
    PaymentState.HELD: frozenset({PaymentState.CAPTURING, PaymentState.RELEASING}),
    PaymentState.CAPTURING: frozenset({PaymentState.CAPTURED, PaymentState.RELEASING, PaymentState.RELEASED}),
    PaymentState.RELEASING: frozenset({PaymentState.RELEASED}),
    PaymentState.CAPTURED: frozenset(),
    PaymentState.RELEASED: frozenset(),
    PaymentState.EXPIRED: frozenset({PaymentState.CAPTURING, PaymentState.HELD, PaymentState.RELEASING}),
}


def may_follow(present: PaymentState, following: PaymentState) -> bool:
    """Whether an attempt in `present` may become `following`."""
    return following in FOLLOWING[present]
