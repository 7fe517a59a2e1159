"""A dispute as the bank tells it: which word is newer, what it means for the money, and when a person must act."""

from datetime import datetime, timedelta
from enum import StrEnum

WARNING = "warning"
"""How the states of a mere inquiry of the bank begin: no money moves."""
WON, LOST = "won", "lost"
RANKS = {
    "warning_needs_response": 0,
    "warning_under_review": 1,
    "warning_closed": 2,
    "needs_response": 3,
    "under_review": 4,
    "appeal_needs_response": 5,
    "appeal_under_review": 6,
    "prevented": 7,
    WON: 7,
    LOST: 7,
}
"""How far each of Stripe's words is (API version 2026-10-28): two reads that overtake each other end alike."""
CLOSED = frozenset({"warning_closed", "prevented", WON, LOST})
TO_ANSWER = frozenset({"warning_needs_response", "needs_response", "appeal_needs_response"})


class Course(StrEnum):
    """What a dispute means for our money: only asked about, taken for now, ours again, or gone."""

    ASKED = "asked"
    TAKEN = "taken"
    WON = "won"
    LOST = "lost"


class WarningDecision(StrEnum):
    """What a person does about an early fraud warning: pay back before the bank takes it, or leave it."""

    REFUND = "refund"
    LEAVE = "leave"


def course_of(status: str) -> Course:
    """What Stripe's word means for the money; a word that is not known yet is taken for the worse."""
    if status.startswith(WARNING):
        return Course.ASKED
    if status in (WON, "prevented"):
        return Course.WON
    return Course.LOST if status == LOST else Course.TAKEN


def is_news(known: str, told: str) -> bool:
    """Whether what was just read counts: a read that began earlier may end later, and must not take us back."""
    if (known, told) == (WON, LOST):
        return False
    return RANKS.get(told, 4) >= RANKS.get(known, 4)


def is_open(status: str) -> bool:
    """Whether the bank has not decided."""
    return status not in CLOSED


def may_answer(status: str, *, due_at: datetime | None, is_submitted: bool, now: datetime) -> bool:
    """Whether evidence can still go to the bank: once, and in time."""
    return status in TO_ANSWER and not is_submitted and (due_at is None or now < due_at)


def must_remind(due_at: datetime | None, *, days: int, now: datetime) -> bool:
    """Whether the day until which we may answer is so near that somebody has to be told."""
    return due_at is not None and now < due_at <= now + timedelta(days=days)
