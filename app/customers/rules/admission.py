"""The gate's one rule: may this company see and buy?"""

from dataclasses import dataclass
from enum import StrEnum

from app.mainbrand.rules.segments import Segment


class ScreeningState(StrEnum):
    """How far the comparison with the main brand's list has come for a company."""

    PENDING = "pending"
    CLEAR = "clear"
    REVIEW = "review"
    BLOCKED = "blocked"
    REFUSED = "refused"


class Admission(StrEnum):
    """The gate's answer: `admitted`, or the first reason why not."""

    ADMITTED = "admitted"
    UNVERIFIED = "unverified"
    IN_REVIEW = "in_review"
    MAIN_BRAND = "main_brand"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    MOVED_UP = "moved_up"
    UNRATED = "unrated"


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the gate looks at. `main_segment` is that of the linked main account, None without one."""

    is_email_verified: bool
    is_business_verified: bool
    screening: ScreeningState
    segment: Segment
    main_segment: Segment | None
    is_suspended: bool
    is_moved_up: bool


def admission(standing: Standing) -> Admission:
    """The one answer for a standing; everything that is not plainly allowed is refused (domain.md section 2)."""
    if not standing.is_email_verified:
        return Admission.UNVERIFIED
    if standing.is_moved_up:
        return Admission.MOVED_UP
    if standing.screening is ScreeningState.BLOCKED or not _is_ours(standing.segment, standing.main_segment):
        return Admission.MAIN_BRAND
    if standing.screening is ScreeningState.REFUSED:
        return Admission.REFUSED
    if standing.screening is not ScreeningState.CLEAR or not standing.is_business_verified:
        return Admission.IN_REVIEW
    if standing.is_suspended:
        return Admission.SUSPENDED
    if standing.segment is not Segment.C or standing.main_segment not in (None, Segment.C):
        return Admission.UNRATED
    return Admission.ADMITTED


def _is_ours(segment: Segment, main_segment: Segment | None) -> bool:
    return segment not in (Segment.A, Segment.B) and main_segment not in (Segment.A, Segment.B)
