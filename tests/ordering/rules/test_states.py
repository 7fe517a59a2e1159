"""The life of an order: every state can be reached, and only delivered and cancelled ones rest."""

from app.ordering.rules.states import FOLLOWING, OrderState, may_follow


def reachable(start: OrderState) -> set[OrderState]:
    found, ahead = {start}, [start]
    while ahead:
        fresh = FOLLOWING[ahead.pop()] - found
        found |= fresh
        ahead += fresh
    return found


def test_every_state_can_be_reached_from_a_received_order() -> None:
    assert reachable(OrderState.RECEIVED) == set(OrderState)


def test_only_dispatched_and_cancelled_orders_rest() -> None:
    ends = {state for state in OrderState if not FOLLOWING[state]}

    assert ends == {OrderState.DISPATCHED, OrderState.CANCELLED}


def test_nothing_is_dispatched_that_was_not_accepted() -> None:
    assert not may_follow(OrderState.RECEIVED, OrderState.DISPATCHED)
    assert not may_follow(OrderState.CANCELLED, OrderState.ACCEPTED)
