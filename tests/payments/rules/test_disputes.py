"""Stripe's words for a dispute, in whatever order they are read."""

import itertools
import typing
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from app.payments.rules.disputes import (
    CLOSED,
    RANKS,
    Course,
    course_of,
    is_news,
    is_open,
    may_answer,
    must_remind,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_every_word_of_the_installed_sdk_has_its_rank() -> None:
    hint = stripe.Dispute.__annotations__["status"]
    words = {word for part in typing.get_args(hint) for word in typing.get_args(part)}

    assert words == set(RANKS)


@pytest.mark.parametrize("end", ["won", "lost"])
def test_reads_that_overtake_each_other_end_at_the_banks_decision(end: str) -> None:
    for words in itertools.permutations(["needs_response", "under_review", end, end]):
        known = words[0]
        for told in words[1:]:
            known = told if is_news(known, told) else known

        assert known == end


def test_an_inquiry_asks_a_dispute_takes_and_the_bank_decides() -> None:
    assert [course_of(word) for word in ("warning_needs_response", "warning_closed")] == [Course.ASKED] * 2
    assert [course_of(word) for word in ("needs_response", "a word of tomorrow")] == [Course.TAKEN] * 2
    assert [course_of(word) for word in ("won", "prevented", "lost")] == [Course.WON, Course.WON, Course.LOST]
    assert is_news("warning_closed", "needs_response")
    assert not any(is_open(word) for word in CLOSED)


def test_evidence_goes_to_the_bank_once_and_in_time() -> None:
    late = NOW + timedelta(seconds=1)
    assert may_answer("needs_response", due_at=late, is_submitted=False, now=NOW)
    assert may_answer("warning_needs_response", due_at=None, is_submitted=False, now=NOW)
    assert not may_answer("needs_response", due_at=NOW, is_submitted=False, now=NOW)
    assert not may_answer("needs_response", due_at=late, is_submitted=True, now=NOW)
    assert not may_answer("under_review", due_at=late, is_submitted=False, now=NOW)


def test_a_reminder_comes_in_the_last_days_and_not_after_them() -> None:
    assert must_remind(NOW + timedelta(days=3), days=3, now=NOW)
    assert not must_remind(NOW + timedelta(days=3, seconds=1), days=3, now=NOW)
    assert not must_remind(NOW, days=3, now=NOW)
    assert not must_remind(None, days=3, now=NOW)
