"""The order rhythm: one order in a window is normal, a further one joins a parcel or carries a fee."""

from enum import StrEnum


class RhythmChoice(StrEnum):
    """How an order stands to the one before it (domain.md section 4)."""

    NORMAL = "normal"
    JOINED = "joined"
    INTERIM = "interim"
