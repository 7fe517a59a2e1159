"""The replay of a year in other rhythms: by hand, and against a slow count of every day."""

from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from app.ordering.rules.coach import (
    PastOrder,
    as_bought,
    first_free_day,
    in_rhythm,
    observed_days,
    regular_bundles,
    rhythms,
)
from app.ordering.rules.pricing import ChargeKind
from app.policy.rules.policy import Policy
from tests.ordering.coaching import START, counted_day_by_day, every, good, ordered, terms_of

GOODS = {1: good(1_000), 2: good(250, minimum=4, step=2), 3: good(4_000, most=6)}
POLICY = Policy()


def test_small_orders_pay_the_surcharge_each_time_and_the_fee_inside_the_window() -> None:
    orders = [ordered(0, b1=2), ordered(20, b1=5), ordered(28, b1=2)]

    course = as_bought(orders, GOODS, terms_of(POLICY, GOODS), span_days=29)

    assert course.charges == {ChargeKind.LOW_QUANTITY: 2 * 990, ChargeKind.INTERIM_ORDER: 690}
    assert (course.order_count, course.goods_cents, course.held_cent_days) == (3, 9_000, 0)


def test_an_order_that_could_have_joined_an_open_parcel_is_never_counted_as_interim() -> None:
    orders = [ordered(0, b1=9), ordered(4, b1=9), ordered(8, b1=9), ordered(14, b1=9)]

    joined = as_bought(orders, GOODS, terms_of(POLICY, GOODS, open_days=5), span_days=30)

    assert joined.charges == {ChargeKind.INTERIM_ORDER: 690}


def test_buying_ahead_costs_one_surcharge_and_the_holding_of_the_goods() -> None:
    orders = [ordered(0, b1=2), ordered(20, b1=2), ordered(40, b1=2)]

    course = in_rhythm(
        orders, GOODS, terms_of(POLICY, GOODS), regular=frozenset({1}), every_days=42, span_days=60
    )

    assert course is not None
    assert course.charges == {}
    assert (course.order_count, course.line_count, course.goods_cents) == (1, 1, 6_000)
    assert course.held_cent_days == 2_000 * 20 + 2_000 * 40
    assert course.holding_cents(1_000) == 33  # 120,000 cent days at a tenth a year


def test_what_is_not_regular_keeps_its_day_and_waits_only_for_the_end_of_the_window() -> None:
    orders = [
        ordered(0, b1=6, b2=10),
        ordered(21, b1=6),
        ordered(25, b2=20),
        ordered(40, b1=6),
        ordered(41, b3=2),
    ]

    course = in_rhythm(
        orders, GOODS, terms_of(POLICY, GOODS), regular=frozenset({1}), every_days=42, span_days=100
    )

    # Day 0 brings 12 of bundle 1 and lasts until day 42; day 41 is normal again, and brings day 42 forward.
    assert course is not None
    assert course.order_count == 3
    assert course.charges == {}
    assert course.goods_cents == 18_000 + 7_500 + 8_000


def test_a_bundle_whose_most_of_one_order_is_too_little_rules_a_rhythm_out() -> None:
    orders = every(14, until=56, b3=3)
    terms = terms_of(POLICY, GOODS)

    assert in_rhythm(orders, GOODS, terms, regular=frozenset({3}), every_days=28, span_days=70) is not None
    assert in_rhythm(orders, GOODS, terms, regular=frozenset({3}), every_days=42, span_days=70) is None


def test_regular_is_what_was_bought_on_three_days_and_is_still_sold() -> None:
    orders = [*every(30, until=90, b1=1, b9=1), ordered(100, b2=1), ordered(100, b2=1), ordered(101, b2=1)]

    assert regular_bundles(orders, {**GOODS, 9: type(GOODS[1])(500)}) == {1}


def test_the_rhythms_are_whole_weeks_between_the_window_and_the_longest_need() -> None:
    terms = terms_of(Policy(rhythm_days=10, coach_longest_days=40), GOODS)

    assert list(rhythms(terms, longest_days=365)) == [14, 21, 28, 35]
    assert list(rhythms(terms, longest_days=20)) == [14]
    assert list(rhythms(terms_of(Policy(rhythm_days=90), GOODS), longest_days=365)) == []


def test_three_orders_thirty_days_apart_are_enough_for_ninety_days() -> None:
    orders = every(30, until=60, b1=1)

    assert observed_days(orders, START + timedelta(days=61)) == 90
    assert observed_days(orders, START + timedelta(days=120)) == 120


def test_the_best_day_is_today_unless_the_window_asks_for_the_fee() -> None:
    orders = [ordered(0, b1=1), ordered(30, b1=1)]
    terms = terms_of(POLICY, GOODS, open_days=3)
    day = START + timedelta(days=30)

    assert first_free_day(orders, terms, today=day + timedelta(days=2)) == day + timedelta(days=2)
    assert first_free_day(orders, terms, today=day + timedelta(days=3)) == day + timedelta(days=14)
    assert first_free_day(orders, terms, today=day + timedelta(days=20)) == day + timedelta(days=20)
    assert first_free_day([], terms, today=day) == day


DAYS = st.lists(
    st.tuples(
        st.integers(0, 120), st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(1, 5), min_size=1)
    ),
    min_size=1,
    max_size=9,
).map(
    lambda found: [
        PastOrder(START + timedelta(days=day), wanted)
        for day, wanted in sorted(found, key=lambda one: one[0])
    ]
)


@settings(max_examples=100, deadline=None)
@given(DAYS, st.sampled_from([14, 21, 35, 63]), st.integers(0, 6), st.integers(0, 50))
def test_a_replay_sells_the_same_goods_and_costs_what_a_slow_count_of_the_days_costs(
    orders: list[PastOrder], every_days: int, open_days: int, more_days: int
) -> None:
    goods = {one: good(cents) for one, cents in ((1, 1_000), (2, 250), (3, 4_000))}
    terms = terms_of(POLICY, goods, open_days=open_days)
    span = (orders[-1].on - orders[0].on).days + 1 + more_days

    course = in_rhythm(orders, goods, terms, regular=frozenset(goods), every_days=every_days, span_days=span)

    assert course is not None
    assert course.goods_cents == as_bought(orders, goods, terms, span_days=course.days).goods_cents
    days, charges, holding, count = counted_day_by_day(orders, goods, every_days, POLICY, span_days=span)
    assert (course.days, course.charges.total(), course.order_count) == (days, charges, count)
    assert abs(course.holding_cents(POLICY.coach_holding_bp) - holding) <= Fraction(1, 2)


@settings(max_examples=60, deadline=None)
@given(DAYS, st.sampled_from([14, 28, 56]), st.frozensets(st.sampled_from([1, 2, 3])), st.integers(0, 6))
def test_no_replay_with_a_rhythm_pays_an_interim_fee_or_sells_more_than_was_bought(
    orders: list[PastOrder], every_days: int, regular: frozenset[int], open_days: int
) -> None:
    goods = {one: good(cents) for one, cents in ((1, 1_000), (2, 250), (3, 4_000))}
    terms = terms_of(POLICY, goods, open_days=open_days)

    course = in_rhythm(orders, goods, terms, regular=regular, every_days=every_days, span_days=200)

    assert course is not None
    assert course.charges[ChargeKind.INTERIM_ORDER] == 0
    before = as_bought(orders, goods, terms, span_days=course.days)
    assert course.goods_cents <= before.goods_cents
    assert course.held_cent_days >= 0
    assert course.order_count <= before.order_count
