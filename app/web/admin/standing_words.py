"""What the states of standing orders and of their runs are called at the desk."""

from app.core.errors import N_
from app.ordering.rules.standing import RunState, StandingState

STANDING_STATES = {
    StandingState.ACTIVE: N_("Active"),
    StandingState.PAUSED: N_("Paused"),
    StandingState.ENDED: N_("Ended"),
}
STANDING_RUNS = {
    RunState.ASKED: N_("asked, waits for an answer"),
    RunState.CONFIRMED: N_("confirmed"),
    RunState.SKIPPED: N_("left out"),
    RunState.EXPIRED: N_("not answered"),
}
