from datetime import UTC, datetime, timedelta

import pytest

from app.customers.rules.application import LegalForm
from app.customers.rules.reviewing import (
    STANDARD_REASONS,
    Act,
    Wait,
    Why,
    faults_of,
    is_sole_trader,
    is_waiting_for_proof,
    median_seconds,
    seconds_at_work,
    usual_wait,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWN_REASON = "It sells weapons, as its page says."


@pytest.mark.parametrize("act", list(Act))
def test_every_act_needs_a_reason_and_a_standard_one_is_enough(act: Act) -> None:
    first = next(iter(STANDARD_REASONS[act]))

    assert faults_of(act, Why("  "), legal_form="GmbH")
    assert faults_of(act, Why(code=first), legal_form="GmbH") == []


def test_a_reason_of_another_act_is_not_taken() -> None:
    assert faults_of(Act.ADMIT, Why(code="no_business"), legal_form="GmbH")
    assert faults_of(Act.PROOF, Why("whatever you have"), legal_form="GmbH")


@pytest.mark.parametrize("form", [LegalForm.SOLE_TRADER, LegalForm.FREELANCER, LegalForm.SOLE_MERCHANT])
def test_a_sole_trader_is_refused_only_for_a_reason_in_own_words(form: LegalForm) -> None:
    assert is_sole_trader(form)
    assert [fault.field for fault in faults_of(Act.REFUSE, Why(code="no_business"), legal_form=form)] == [
        "reason"
    ]
    assert faults_of(Act.REFUSE, Why("too short", "no_business"), legal_form=form)
    assert faults_of(Act.REFUSE, Why(OWN_REASON), legal_form=form) == []
    assert faults_of(Act.ADMIT, Why(code="called"), legal_form=form) == []


def test_own_words_stand_before_the_standard_sentence() -> None:
    assert Why("He said so.", "called").sentence(Act.ADMIT) == "He said so."
    assert Why("", "called").sentence(Act.ADMIT) == "Telephoned: a small business of its own."


@pytest.mark.parametrize(
    "asked, arrived, due, waits",
    [
        (None, None, None, False),
        (NOW, None, NOW + timedelta(days=1), True),
        (NOW, NOW, NOW + timedelta(days=1), False),
        (NOW, None, NOW, False),
    ],
)
def test_a_case_rests_until_the_proof_comes_or_the_time_is_over(
    asked: datetime | None, arrived: datetime | None, due: datetime | None, waits: bool
) -> None:
    assert is_waiting_for_proof(asked_at=asked, arrived_at=arrived, due_at=due, now=NOW) is waits


@pytest.mark.parametrize("seconds, measured", [(0, 0), (59, 59), (1800, 1800), (1801, None), (-1, None)])
def test_absence_is_not_measured(seconds: int, measured: int | None) -> None:
    assert seconds_at_work(opened_at=NOW - timedelta(seconds=seconds), now=NOW) == measured


def test_one_slow_decision_does_not_move_the_median() -> None:
    assert median_seconds([30, 40, 50, 1700, 35]) == 40
    assert median_seconds([]) is None


def test_the_usual_wait_is_measured_once_there_is_enough_to_measure() -> None:
    hour = timedelta(hours=1)

    assert usual_wait([hour] * 4, policy_days=2) == Wait(None, 2)
    assert usual_wait([hour, hour, 30 * hour, 31 * hour, 90 * hour], policy_days=2) == Wait(30, 2)
    assert usual_wait([hour / 60] * 9, policy_days=2) == Wait(1, 2)
