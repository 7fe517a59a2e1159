"""How long an offer holds, and what a field visit needs before it may be offered."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from app.care.rules.offers import OfferStanding, expires_at, standing
from app.care.rules.services import OfferState, VisitState
from app.care.rules.visits import MissingPart, faults_of_request, missing_parts
from app.ordering.rules.states import OrderState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
END = expires_at(NOW, days=14)


@pytest.mark.parametrize(
    ("state", "order_state", "after", "stands"),
    [
        (OfferState.OPEN, None, timedelta(days=14, seconds=-1), OfferStanding.OPEN),
        (OfferState.OPEN, None, timedelta(days=14), OfferStanding.EXPIRED),
        (OfferState.WITHDRAWN, None, timedelta(0), OfferStanding.WITHDRAWN),
        (OfferState.TAKEN, OrderState.RECEIVED, timedelta(0), OfferStanding.TAKEN),
        (OfferState.TAKEN, OrderState.ACCEPTED, timedelta(days=99), OfferStanding.TAKEN),
        (OfferState.TAKEN, OrderState.CANCELLED, timedelta(days=1), OfferStanding.OPEN),
        (OfferState.TAKEN, OrderState.CANCELLED, timedelta(days=14), OfferStanding.EXPIRED),
    ],
)
def test_an_offer_stands_until_it_ends_is_taken_or_withdrawn(
    state: OfferState, order_state: OrderState | None, after: timedelta, stands: OfferStanding
) -> None:
    assert standing(state, expires_at=END, order_state=order_state, now=NOW + after) is stands


def test_a_field_visit_is_complete_only_with_reason_contribution_price_and_approval() -> None:
    for reason, cents, price, state in product(
        ("", "  ", "Big need"), (None, 0, 50_000), (None, 0, 39_000), (None, *VisitState)
    ):
        missing = missing_parts(
            reason=reason, expected_contribution_cents=cents, price_cents=price, state=state
        )

        assert (MissingPart.REASON in missing) is (not reason.strip())
        assert (MissingPart.CONTRIBUTION in missing) is (not cents)
        assert (MissingPart.PRICE in missing) is (not price)
        assert (MissingPart.APPROVAL in missing) is (state is not VisitState.APPROVED)


def test_a_request_names_each_missing_part_at_once() -> None:
    faults = faults_of_request(reason="", expected_contribution_cents=None, price_cents=None)

    assert [fault.field for fault in faults] == ["reason", "expected_contribution_cents", "price_cents"]
    assert faults_of_request(reason="Big", expected_contribution_cents=1, price_cents=1) == []


def test_a_request_has_bounds() -> None:
    faults = faults_of_request(reason="x" * 1001, expected_contribution_cents=10**9, price_cents=10**9)

    assert [fault.field for fault in faults] == ["reason", "expected_contribution_cents", "price_cents"]
