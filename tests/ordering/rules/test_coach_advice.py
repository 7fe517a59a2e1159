"""What the coach says: figures by hand, and no better rhythm or cover found by trying all of them."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ordering.rules.coach import (
    Good,
    PastOrder,
    as_bought,
    best_rhythm,
    in_rhythm,
    observed_days,
    regular_bundles,
    rhythms,
)
from app.ordering.rules.coach_advice import (
    Advice,
    Rhythm,
    Silence,
    advise,
    proposed_order,
)
from app.ordering.rules.coach_order import covering_quantity, rational_quantities
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.quantities import QuantityRule, check_quantity
from app.policy.rules.policy import Policy
from tests.ordering.coaching import START, TODAY, counted_day_by_day, every, good, ordered, terms_of

POLICY = Policy()
GOODS = {1: good(1_000), 2: good(250, minimum=4, step=2), 3: good(4_000)}


def said(orders: list[PastOrder], *, least: int = 500, today=TODAY, policy: Policy = POLICY) -> Advice:
    return advise(orders, GOODS, terms_of(policy, GOODS), today=today, least_saving_cents=least)


def test_a_company_that_buys_thirty_euros_every_three_weeks_is_told_what_six_weeks_save() -> None:
    orders = every(21, b1=3)  # 18 orders of 30.00, each with the surcharge of 9.90

    advice = said(orders)

    assert advice.silence is None
    rhythm = advice.rhythm
    assert rhythm is not None
    assert (rhythm.bought_every_days, rhythm.every_days) == (21, 42)
    assert (rhythm.order_count_before, rhythm.order_count_after) == (17, 9)
    assert (rhythm.size_before_cents, rhythm.size_after_cents) == (3_000, 6_000)
    # 18 surcharges of 9.90 in 378 days fall away; 3 pieces wait 21 days nine times at a tenth a year.
    assert rhythm.saved == {ChargeKind.LOW_QUANTITY: 18 * 990 * 365 // 378}
    assert rhythm.holding_cents == 150
    assert rhythm.saving_cents == 17_207 - 150


@pytest.mark.parametrize(
    "orders, silence, every_days",
    [
        ([], Silence.FEW_ORDERS, None),
        ([ordered(300, b1=1)], Silence.FEW_ORDERS, None),
        ([ordered(300, b1=1), ordered(300, b1=1)], Silence.FEW_ORDERS, None),
        ([ordered(250, b1=1), ordered(350, b1=1)], Silence.FEW_ORDERS, 100),
        (every(100, until=200, b1=1), Silence.FEW_ORDERS, 100),
        (every(14, until=42, b1=1), Silence.SHORT_TIME, 14),
        (every(28, until=200, b1=1), Silence.PAUSED, 28),
        ([ordered(90 * n, **{f"b{n % 3 + 1}": 1}) for n in range(5)], Silence.CHANGING, 90),
        (every(30, b1=8), Silence.RATIONAL, 30),
    ],
)
def test_the_coach_is_silent_with_a_reason(
    orders: list[PastOrder], silence: Silence, every_days: int | None
) -> None:
    advice = said(orders)

    assert (advice.silence, advice.bought_every_days) == (silence, every_days)
    assert (advice.rhythm is not None) == (silence is Silence.RATIONAL)


def test_no_saving_below_the_bound_is_worth_a_word() -> None:
    orders = every(21, b1=3)

    saving = 17_207 - 150
    assert said(orders, least=saving).rhythm is not None
    assert said(orders, least=saving + 1).silence is Silence.RATIONAL


def test_dear_holding_ends_the_advice() -> None:
    orders = every(100, b1=4)
    cheap = Policy(coach_longest_days=182, low_quantity_surcharge_cents=500, coach_holding_bp=1_000)
    dear = Policy(coach_longest_days=182, low_quantity_surcharge_cents=500, coach_holding_bp=10_000)

    # Four surcharges of 5.00 against 40.00 that wait 100 days twice: 2.19, or 21.92.
    assert said(orders, policy=cheap).rhythm is not None
    assert said(orders, policy=dear).silence is Silence.RATIONAL


MANY = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4), st.integers(0, 3)), min_size=6, max_size=12)


@settings(max_examples=60, deadline=None)
@given(MANY, st.integers(0, 10_000), st.integers(0, 8_000))
def test_no_rhythm_in_whole_weeks_is_cheaper_than_the_one_that_is_told(
    found: list[tuple[int, int, int]], holding_bp: int, minimum_cents: int
) -> None:
    orders, day = [], 0
    for gap, one, two in found:
        orders.append(PastOrder(START + timedelta(days=day), {1: one, **({2: two} if two else {})}))
        day += 12 + gap
    goods = {1: good(1_000), 2: good(250)}
    if sum(2 in order.quantities for order in orders) < 3:
        del goods[2]
        orders = [PastOrder(order.on, {1: order.quantities[1]}) for order in orders]
    policy = Policy(coach_holding_bp=holding_bp, minimum_order_value_cents=minimum_cents)
    terms, today = terms_of(policy, goods), orders[-1].on

    span = observed_days(orders, today)
    found = best_rhythm(orders, goods, terms, regular=frozenset(goods), span_days=span)

    spared = {}
    for every_days in rhythms(terms, longest_days=span // 2):
        days, charges, holding, _ = counted_day_by_day(orders, goods, every_days, policy, span_days=span)
        before = as_bought(orders, goods, terms, span_days=days).charges.total()
        spared[every_days] = before - charges - holding
    assert (found is None) == (not spared)
    if found is None:
        return
    assert spared[found.every_days] >= max(spared.values()) - 1  # the holding of each is rounded to a cent
    if regular_bundles(orders, goods) != goods.keys():
        return
    advice = advise(orders, goods, terms, today=today, least_saving_cents=1)
    yearly = spared[found.every_days] * 365 / span
    if advice.rhythm:
        assert yearly - 12 < advice.rhythm.saving_cents <= yearly + 6
    elif advice.silence is Silence.RATIONAL:
        assert yearly < 12


def test_the_rational_order_covers_the_rhythm_and_takes_what_is_due_with_it() -> None:
    orders = [*every(21, until=336, b1=3, b2=4), ordered(357, b1=3)]
    today = START + timedelta(days=378)

    order = proposed_order(
        {1: 3},
        orders,
        GOODS,
        terms_of(POLICY, GOODS),
        advice=Advice(rhythm=rhythm_of(42)),
        today=today,
    )

    # 54 of bundle 1 and 68 of bundle 2 in 378 days; the four of bundle 2 of day 336 are long used up.
    assert order.quantities == {1: 6, 2: 8}
    assert order.best_on == today


def rhythm_of(days: int) -> Rhythm:
    return Rhythm(days, days, {}, 0, 9, 9, 6_000, 6_000)


def test_who_is_rational_already_is_reminded_only_of_an_order_that_falls_behind() -> None:
    orders, terms = every(42, b1=6), terms_of(POLICY, GOODS)
    today = orders[-1].on + timedelta(days=42)
    advice = advise(orders, GOODS, terms, today=today, least_saving_cents=1)
    dear = {**GOODS, 1: good(9_000)}

    def proposed(cart: int, goods: dict[int, Good] = GOODS) -> dict[int, int]:
        order = proposed_order({1: cart}, orders, goods, terms_of(POLICY, goods), advice=advice, today=today)
        return dict(order.quantities)

    assert (advice.silence, advice.rhythm and advice.rhythm.every_days) == (Silence.RATIONAL, 42)
    assert proposed(3) == {1: 6}  # 30.00 would carry the surcharge
    assert proposed(5) == {}  # 50.00 does not, and lasts 35 days
    assert proposed(1, dear) == {1: 6}  # one piece lasts a week: the next order would be an interim order
    assert proposed(2, dear) == {}


def test_what_is_still_there_is_taken_off_and_what_lasts_beyond_the_next_order_is_left_out() -> None:
    orders = [ordered(0, b1=3, b2=40), ordered(28, b1=3, b3=1), ordered(56, b1=3, b2=40), ordered(84, b1=3, b3=1),
              ordered(112, b1=3, b2=40, b3=1)]  # fmt: skip
    today = START + timedelta(days=140)

    quantities = rational_quantities(
        {1: 3}, orders, GOODS, terms_of(POLICY, GOODS), every_days=28, today=today
    )

    # 40 of bundle 2 last 46 days, 18 of them are left; the later half needed 40 in 70 days, so ten days need 6.
    assert quantities == {2: 6, 3: 1}


def test_the_order_covers_more_weeks_where_that_spares_the_surcharge() -> None:
    orders = every(21, until=357, b1=2)
    policy = Policy(coach_longest_days=63)
    today = START + timedelta(days=378)

    quantities = rational_quantities(
        {1: 1}, orders, GOODS, terms_of(policy, GOODS), every_days=42, today=today
    )

    assert quantities == {1: 5}  # 42 days need 4, which are 40.00; 49 days need 5


def test_a_size_far_beyond_the_longest_need_is_never_added_but_may_stay() -> None:
    goods = {1: good(1_000), 2: good(250, minimum=48)}
    orders = every(28, until=336, b1=5, b2=1)
    terms, today = terms_of(POLICY, goods), START + timedelta(days=364)

    assert rational_quantities({1: 5}, orders, goods, terms, every_days=56, today=today) == {1: 10}
    assert rational_quantities({2: 48}, orders, goods, terms, every_days=28, today=today) == {1: 5}


@pytest.mark.parametrize(
    "least, rule, size",
    [
        (1, QuantityRule(48, 24), 48),
        (49, QuantityRule(48, 24), 72),
        (50, QuantityRule(1, 1, 30), 30),
        (50, QuantityRule(1, 8, None, 45), 40),
        (5, QuantityRule(8, 8, None, 7), None),
        (9, QuantityRule(10, 4), 12),
    ],
)
def test_a_need_is_covered_by_the_smallest_size_or_the_most_there_is(
    least: int, rule: QuantityRule, size: int | None
) -> None:
    assert covering_quantity(least, rule) == size


RULES = st.builds(
    QuantityRule,
    st.integers(1, 30),
    st.integers(1, 12),
    st.none() | st.integers(1, 90),
    st.none() | st.integers(0, 90),
)


@settings(max_examples=100, deadline=None)
@given(
    RULES, RULES, st.integers(1, 9), st.integers(1, 9), st.sampled_from([14, 28, 84]), st.integers(0, 9_000)
)
def test_each_quantity_can_be_ordered_is_no_less_than_the_cart_and_no_cover_is_cheaper(
    one: QuantityRule, two: QuantityRule, need_one: int, need_two: int, every_days: int, minimum_cents: int
) -> None:
    goods = {1: Good(700, one), 2: Good(90, two)}
    orders = [PastOrder(START + timedelta(days=day), {1: need_one, 2: need_two}) for day in range(0, 100, 14)]
    policy = Policy(minimum_order_value_cents=minimum_cents)
    terms, today = terms_of(policy, goods), orders[-1].on + timedelta(days=14)
    size = covering_quantity(need_one, one)
    cart = {1: size} if size else {}

    quantities = rational_quantities(cart, orders, goods, terms, every_days=every_days, today=today)

    for bundle_id, count in quantities.items():
        rule = goods[bundle_id].rule
        assert rule is not None
        assert check_quantity(count, rule) is None
        assert count > cart.get(bundle_id, 0)
    whole = {**cart, **quantities}
    if whole:
        paid = sum(charge.net_cents for charge in terms.charges_of(whole, "normal"))
        longer = rational_quantities(cart, orders, goods, terms, every_days=84, today=today)
        rest = terms.charges_of({**cart, **longer}, "normal")
        assert paid <= sum(charge.net_cents for charge in rest) + 700 * 90


def test_a_rhythm_adds_up() -> None:
    rhythm = Rhythm(23, 42, {ChargeKind.LOW_QUANTITY: 5_000, ChargeKind.EFFORT_FEE: -10}, 190, 16, 9, 1, 2)

    assert rhythm.saving_cents == 4_800


def test_a_course_in_rhythm_never_costs_less_than_nothing() -> None:
    terms = terms_of(POLICY, GOODS)
    course = in_rhythm(every(21, b1=3), GOODS, terms, regular=frozenset({1}), every_days=84, span_days=378)

    assert course is not None
    assert course.cost_cents(POLICY.coach_holding_bp) == course.holding_cents(1_000) > 0
