"""The levels of effort on which a customer can stand (domain.md section 6)."""

from enum import StrEnum


class EffortLevel(StrEnum):
    """Each level is announced before the next; `fee` adds the effort fee to orders, `refused` ends the service."""

    NORMAL = "normal"
    WARNED = "warned"
    FEE = "fee"
    REFUSED = "refused"
