"""Standing orders: what they may be, and how each run of one goes."""

from enum import StrEnum


class StandingState(StrEnum):
    """A paused standing order asks for nothing; an ended one never again."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class RunState(StrEnum):
    """A run is asked for by e-mail; without an answer it expires, and nothing is ordered."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    SKIPPED = "skipped"
    EXPIRED = "expired"
