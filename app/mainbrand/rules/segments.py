"""The segments of a company."""

from enum import StrEnum


class Segment(StrEnum):
    """A and B belong to the main brand; only C is served here (domain.md section 1)."""

    A = "A"
    B = "B"
    C = "C"
    UNRATED = "unrated"
