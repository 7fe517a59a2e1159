"""The states of an order and which may follow which."""

from enum import StrEnum


class OrderKind(StrEnum):
    """What an order brings: goods that are sold, a special service, or goods again after a complaint."""

    GOODS = "goods"
    SERVICE = "service"
    REPLACEMENT = "replacement"


class OrderState(StrEnum):
    """`received` is not yet accepted; `accepted` is charged and binding; the other two are ends."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why an order ended without delivery."""

    NOT_ADMITTED = "not_admitted"
    AMOUNT_DIFFERS = "amount_differs"
    UNPAID = "unpaid"
    REPLACED = "replaced"
    BY_CUSTOMER = "by_customer"
    BY_STAFF = "by_staff"


FOLLOWING: dict[OrderState, frozenset[OrderState]] = {
    OrderState.RECEIVED: frozenset({OrderState.ACCEPTED, OrderState.CANCELLED}),
    # Called off, once all that was paid goes back before the goods have left.
    OrderState.ACCEPTED: frozenset({OrderState.DISPATCHED, OrderState.CANCELLED}),
    OrderState.DISPATCHED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}


IN_PARCELS = (OrderKind.GOODS, OrderKind.REPLACEMENT)
"""The kinds that leave with a dispatch run."""

OPEN = (OrderState.RECEIVED, OrderState.ACCEPTED)
"""The states in which an order still needs its goods."""

BINDING = (OrderState.ACCEPTED, OrderState.DISPATCHED)
"""The states of an order that was charged and is not called off."""


def may_follow(present: OrderState, following: OrderState) -> bool:
    """Whether an order in `present` may become `following`."""
    return following in FOLLOWING[present]
