"""How long an offer of a special service holds, and whether it can still be taken."""

from datetime import datetime, timedelta
from enum import StrEnum

from app.care.rules.services import OfferState
from app.ordering.rules.states import OrderState


class OfferStanding(StrEnum):
    """How an offer stands for the customer at a moment."""

    OPEN = "open"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def expires_at(offered_at: datetime, *, days: int) -> datetime:
    """The moment from which an offer cannot be taken any more."""
    return offered_at + timedelta(days=days)


def standing(
    state: OfferState, *, expires_at: datetime, order_state: OrderState | None, now: datetime
) -> OfferStanding:
    """How an offer stands; `order_state` is of the order that took it. One that came to nothing frees the offer."""
    if state is OfferState.WITHDRAWN:
        return OfferStanding.WITHDRAWN
    if state is OfferState.TAKEN and order_state is not OrderState.CANCELLED:
        return OfferStanding.TAKEN
    return OfferStanding.EXPIRED if now >= expires_at else OfferStanding.OPEN
