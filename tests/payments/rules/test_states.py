"""The life of a payment attempt: every state can be reached, money rests only where it was taken or given back."""

import pytest

from app.payments.rules.states import FOLLOWING, PaymentState, may_follow


def reachable(start: PaymentState) -> set[PaymentState]:
    found, ahead = {start}, [start]
    while ahead:
        fresh = FOLLOWING[ahead.pop()] - found
        found |= fresh
        ahead += fresh
    return found


def test_every_state_can_be_reached_from_a_new_attempt() -> None:
    assert reachable(PaymentState.CREATED) == set(PaymentState)


def test_only_captured_and_released_are_ends() -> None:
    ends = {state for state in PaymentState if not FOLLOWING[state]}

    assert ends == {PaymentState.CAPTURED, PaymentState.RELEASED}


@pytest.mark.parametrize("state", PaymentState)
def test_every_state_still_leads_to_an_end(state: PaymentState) -> None:
    assert reachable(state) & {PaymentState.CAPTURED, PaymentState.RELEASED, PaymentState.EXPIRED}


def test_taken_money_is_never_called_failed() -> None:
    assert not any(may_follow(PaymentState.CAPTURED, state) for state in PaymentState)


def test_money_is_taken_only_after_it_was_decided() -> None:
    before = {state for state in PaymentState if may_follow(state, PaymentState.CAPTURED)}

    assert before == {PaymentState.CAPTURING}
