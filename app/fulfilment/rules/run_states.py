"""The states of a dispatch run."""

from enum import StrEnum


class RunState(StrEnum):
    """A closed run takes no further order."""

    OPEN = "open"
    CLOSED = "closed"
