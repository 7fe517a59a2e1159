"""The order rhythm: what is a further order, what it can join, and that joining never makes anything faster."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fulfilment.calendar import work_calendar
from app.ordering.rules.promise import Promise, add_working_days, delivery_promise, run_of_week
from app.ordering.rules.rhythm import (
    EarlierOrder,
    Place,
    Rhythm,
    RhythmChoice,
    Traveller,
    leaving,
    order_rhythm,
)
from app.ordering.rules.states import OrderState
from app.policy.rules.policy import Policy

SAXONY = work_calendar("SN", "Europe/Berlin")
HOME = Place("Probst Werkstatt GmbH", "Gartenweg 3", "04109", "Leipzig", "DE")
POLICY = Policy()
# A Thursday; with the demo's policy an order of now leaves on 17 March.
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
TODAY = date(2026, 3, 5)
FIRST = EarlierOrder(
    id=7,
    number="S-FIRST",
    rhythm=RhythmChoice.NORMAL,
    accepted_on=date(2026, 3, 2),
    is_waiting=True,
    is_joined=False,
    dispatch_on=date(2026, 3, 17),
    promised_on=date(2026, 3, 19),
    place=HOME,
)


def promise(at: datetime, policy: Policy = POLICY, lead_time_days: int = 2) -> Promise:
    return delivery_promise(policy, SAXONY, ordered_at=at, main_brand_lead_time_days=lead_time_days)


def rhythm(*earlier: EarlierOrder, place: Place | None = HOME, now: datetime = NOW, days: int = 14) -> Rhythm:
    today = now.astimezone(SAXONY.zone).date()
    return order_rhythm(
        earlier, rhythm_days=days, today=today, now=now, place=place, promise_at=lambda at: promise(at)
    )


def choices(found: Rhythm) -> list[RhythmChoice]:
    return [option.choice for option in found.options]


def test_the_first_order_of_a_company_is_normal_and_has_no_choice() -> None:
    found = rhythm()

    assert choices(found) == [RhythmChoice.NORMAL]
    assert (found.last, found.free_from_on) == (None, None)
    assert found.option(None).promise == promise(NOW)


def test_a_further_order_joins_the_waiting_parcel_for_its_dates_or_goes_by_itself() -> None:
    found = rhythm(FIRST)

    joined, interim = found.options
    assert (joined.choice, interim.choice) == (RhythmChoice.JOINED, RhythmChoice.INTERIM)
    assert (joined.joins, joined.promise.dispatch_on, joined.promise.promised_on) == (
        FIRST,
        date(2026, 3, 17),
        date(2026, 3, 19),
    )
    assert interim.promise == promise(NOW)
    assert (found.last, found.free_from_on) == (FIRST, date(2026, 3, 16))


@pytest.mark.parametrize(
    "accepted_on, expected",
    [
        (TODAY - timedelta(days=13), [RhythmChoice.JOINED, RhythmChoice.INTERIM]),
        (TODAY - timedelta(days=14), [RhythmChoice.NORMAL]),
        (TODAY, [RhythmChoice.JOINED, RhythmChoice.INTERIM]),
    ],
)
def test_the_window_ends_after_the_days_of_the_policy(
    accepted_on: date, expected: list[RhythmChoice]
) -> None:
    assert choices(rhythm(replace(FIRST, accepted_on=accepted_on))) == expected


@pytest.mark.parametrize("kind", [RhythmChoice.JOINED, RhythmChoice.INTERIM])
def test_a_further_order_does_not_begin_another_window(kind: RhythmChoice) -> None:
    further = replace(FIRST, id=8, rhythm=kind, accepted_on=TODAY)

    assert choices(rhythm(replace(FIRST, accepted_on=TODAY - timedelta(days=14)), further)) == [
        RhythmChoice.NORMAL
    ]
    assert rhythm(FIRST, further).free_from_on == date(2026, 3, 16)


@pytest.mark.parametrize(
    "waiting",
    [
        replace(FIRST, is_waiting=False),
        replace(FIRST, is_joined=True),
        replace(FIRST, place=replace(HOME, street="Gartenweg 4")),
        replace(FIRST, place=replace(HOME, company_name="Probst Filiale GmbH")),
        replace(FIRST, dispatch_on=date(2026, 3, 10), promised_on=date(2026, 3, 12)),
        replace(FIRST, promised_on=date(2026, 3, 18)),
    ],
    ids=["dispatched", "joined itself", "another street", "another name", "an earlier run", "an earlier day"],
)
def test_what_cannot_be_joined_leaves_the_interim_order_only(waiting: EarlierOrder) -> None:
    found = rhythm(waiting)

    assert choices(found) == [RhythmChoice.INTERIM]
    assert found.option(RhythmChoice.JOINED).choice is RhythmChoice.INTERIM


def test_an_address_is_the_same_whatever_its_case_and_spaces() -> None:
    typed = Place(" probst  werkstatt GMBH", "gartenweg 3 ", "04109", "LEIPZIG", "DE")

    assert choices(rhythm(replace(FIRST, place=typed)))[0] is RhythmChoice.JOINED
    assert choices(rhythm(FIRST, place=None)) == [RhythmChoice.INTERIM]


def test_of_several_waiting_orders_the_first_to_leave_is_joined() -> None:
    slow = replace(FIRST, id=5, dispatch_on=date(2026, 3, 24), promised_on=date(2026, 3, 26))

    assert rhythm(slow, FIRST, replace(FIRST, id=9)).options[0].joins == FIRST


def test_a_parcel_can_be_joined_until_its_own_run_takes_no_more() -> None:
    until_at = rhythm(FIRST).options[0].promise.cut_off_at

    assert choices(rhythm(FIRST, now=until_at - timedelta(seconds=1), days=30))[0] is RhythmChoice.JOINED
    assert choices(rhythm(FIRST, now=until_at, days=30)) == [RhythmChoice.INTERIM]


@pytest.mark.parametrize(
    "dispatch_on, is_run_closed, expected",
    [
        (date(2026, 3, 10), False, (date(2026, 3, 10), date(2026, 3, 13))),
        (date(2026, 3, 3), False, (date(2026, 3, 10), date(2026, 3, 13))),
        (date(2026, 3, 10), True, (date(2026, 3, 17), date(2026, 3, 19))),
    ],
    ids=["as promised", "its run has gone", "its run was closed"],
)
def test_an_order_that_is_still_here_leaves_with_the_first_run_that_is_open(
    dispatch_on: date, is_run_closed: bool, expected: tuple[date, date]
) -> None:
    calendar = replace(SAXONY, is_run_closed=lambda day: is_run_closed and day == date(2026, 3, 10))

    found = leaving(POLICY, calendar, dispatch_on=dispatch_on, promised_on=date(2026, 3, 13), now=NOW)

    assert found == expected


def test_who_was_handed_over_together_travelled_together_whatever_day_each_should_have_left() -> None:
    late = Traveller(OrderState.DISPATCHED, date(2026, 3, 16), NOW, HOME)
    joined = replace(late, run_on=date(2026, 3, 17))

    assert joined.travels_with(late)
    assert joined.travels_with(
        replace(late, run_on=date(2026, 3, 17), dispatched_at=NOW - timedelta(hours=1))
    )
    assert not joined.travels_with(replace(late, dispatched_at=NOW - timedelta(hours=1)))
    assert not joined.travels_with(replace(joined, state=OrderState.CANCELLED))


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
POLICIES = st.builds(
    Policy,
    dispatch_weekday=st.integers(1, 6),
    cut_off_weekday=st.integers(1, 7),
    cut_off_hour=st.integers(0, 23),
    handling_days=st.integers(0, 8),
    transit_days=st.integers(0, 8),
    later_than_main_brand_days=st.integers(1, 20),
    rhythm_days=st.integers(1, 60),
)


@settings(max_examples=150)
@given(MOMENTS, POLICIES, st.integers(0, 30), st.integers(0, 30), st.integers(0, 60 * 24 * 60))
def test_an_order_that_joins_keeps_every_condition_of_its_own_promise(
    first_at: datetime, policy: Policy, first_lead: int, lead: int, later_minutes: int
) -> None:
    """Never before the cut-off is missed, never earlier than the main brand plus the delay, whatever waits."""
    now = first_at + timedelta(minutes=later_minutes)
    today = now.astimezone(SAXONY.zone).date()
    shown = promise(first_at, policy, first_lead)
    waiting = replace(
        FIRST,
        accepted_on=first_at.astimezone(SAXONY.zone).date(),
        dispatch_on=shown.dispatch_on,
        promised_on=shown.promised_on,
    )

    found = order_rhythm(
        [waiting],
        rhythm_days=policy.rhythm_days,
        today=today,
        now=now,
        place=HOME,
        promise_at=lambda at: promise(at, policy, lead),
    )

    own = promise(now, policy, lead)
    floor_on = add_working_days(today, lead + policy.later_than_main_brand_days, SAXONY)
    is_further = today < waiting.accepted_on + timedelta(days=policy.rhythm_days)
    assert is_further is (found.options[0].choice is not RhythmChoice.NORMAL)
    assert found.options[-1].promise == own
    for option in found.options:
        assert option.promise.dispatch_on >= own.dispatch_on
        assert option.promise.promised_on >= max(own.promised_on, floor_on)
        assert option.promise.cut_off_at > now
        if option.joins:
            runs = [
                run_of_week(policy, SAXONY, shown.dispatch_on - timedelta(days=back)) for back in range(15)
            ]
            assert max(run.cut_off_at for run in runs if run.run_on == shown.dispatch_on) > now
            assert option.promise.dispatch_on == shown.dispatch_on
            last = promise(option.promise.cut_off_at - timedelta(seconds=1), policy, lead)
            assert last.dispatch_on <= shown.dispatch_on
