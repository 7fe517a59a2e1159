"""When the form takes what: borders by hand, quantities by property."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.care.rules.complaining import (
    LONGEST_TEXT,
    OF_THE_GOODS,
    OrderFacts,
    answer_due,
    fault_of_reason,
    fault_of_text,
    faults_of_lines,
    is_late,
    is_overdue,
    may_complain,
    needs_lines,
    obvious_until,
)
from app.care.rules.complaints import ComplaintReason
from app.fulfilment.calendar import work_calendar
from app.ordering.rules.states import OrderKind, OrderState

PROMISED = date(2026, 3, 12)
SAXONY = work_calendar("SN", "Europe/Berlin")


def order(
    state: OrderState = OrderState.DISPATCHED,
    kind: OrderKind = OrderKind.GOODS,
    expected_on: date | None = None,
) -> OrderFacts:
    return OrderFacts(kind, state, date(2026, 3, 10), PROMISED, expected_on)


@pytest.mark.parametrize(
    ("today", "expected_on", "late"),
    [
        (PROMISED, None, False),
        (PROMISED + timedelta(days=1), None, True),
        (PROMISED - timedelta(days=5), PROMISED + timedelta(days=1), True),
        (PROMISED, PROMISED, False),
    ],
)
def test_an_order_is_late_from_the_day_after_its_promise_or_once_we_say_so(
    today: date, expected_on: date | None, late: bool
) -> None:
    facts = order(expected_on=expected_on)

    assert is_late(facts, today=today) is late
    assert (fault_of_reason(ComplaintReason.LATE, facts, today=today) is None) is late


@pytest.mark.parametrize("reason", list(ComplaintReason))
@pytest.mark.parametrize("days", [1, 400, 4_000])
def test_time_alone_never_speaks_against_a_complaint(reason: ComplaintReason, days: int) -> None:
    assert fault_of_reason(reason, order(), today=PROMISED + timedelta(days=days)) is None


def test_only_something_paid_can_be_complained_of() -> None:
    assert {state for state in OrderState if may_complain(order(state))} == {
        OrderState.ACCEPTED,
        OrderState.DISPATCHED,
    }


@pytest.mark.parametrize("reason", list(ComplaintReason))
def test_what_is_about_pieces_needs_pieces_that_were_sent(reason: ComplaintReason) -> None:
    waiting, service = order(OrderState.ACCEPTED), order(kind=OrderKind.SERVICE)
    after = PROMISED + timedelta(days=1)

    assert (fault_of_reason(reason, waiting, today=after) is None) is (reason not in OF_THE_GOODS)
    assert needs_lines(reason, waiting) is (reason in OF_THE_GOODS)
    assert (fault_of_reason(reason, service, today=after) is None) is (reason is ComplaintReason.OTHER)
    assert not needs_lines(reason, service)


@given(
    bought=st.integers(1, 50),
    complained=st.integers(0, 50),
    wanted=st.integers(-3, 60),
    reason=st.sampled_from(ComplaintReason),
)
@settings(max_examples=60)
def test_no_more_pieces_than_are_left_are_taken(
    bought: int, complained: int, wanted: int, reason: ComplaintReason
) -> None:
    left = bought - (complained if reason in OF_THE_GOODS else 0)

    faults = faults_of_lines(reason, {7: wanted}, bought={7: bought}, complained={7: complained})

    assert (faults == []) is (0 < wanted <= left)
    assert {fault.field for fault in faults} <= {"line_7"}


def test_lines_of_another_order_are_no_lines() -> None:
    faults = faults_of_lines(ComplaintReason.OTHER, {7: 1, 8: 1}, bought={7: 1}, complained={})

    assert [fault.field for fault in faults] == ["lines"]


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("", False),
        ("  nine chr ", False),
        ("ten chars!", True),
        ("x" * LONGEST_TEXT, True),
        ("x" * 2_001, False),
    ],
)
def test_the_words_are_neither_too_few_nor_too_many(text: str, is_right: bool) -> None:
    assert (fault_of_text(text) is None) is is_right


def test_days_are_working_days_of_the_warehouse() -> None:
    # Thursday before Easter 2026: Good Friday, the weekend and Easter Monday do not count.
    thursday = date(2026, 4, 2)

    assert answer_due(thursday, answer_days=3, calendar=SAXONY) == date(2026, 4, 9)
    assert obvious_until(thursday, obvious_days=1, calendar=SAXONY) == date(2026, 4, 7)


@pytest.mark.parametrize(("days", "overdue"), [(-1, False), (0, False), (1, True)])
def test_an_answer_is_overdue_from_the_day_after_it_was_due(days: int, overdue: bool) -> None:
    assert is_overdue(PROMISED, today=PROMISED + timedelta(days=days)) is overdue
