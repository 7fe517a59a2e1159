"""What customers read of orders of kind service, where the words for goods do not fit."""

from app.core.errors import N_
from app.ordering.rules.states import OrderState

SERVICE_STATES = {
    OrderState.ACCEPTED: (N_("Paid, in progress"), "ok"),
    OrderState.DISPATCHED: (N_("Done"), "ok"),
}
SERVICE_EVENTS = {
    "accepted": N_("Paid by card, accepted"),
    "dispatched": N_("Done"),
}
