"""How far orders are from the rational size, half-year by half-year."""

from datetime import timedelta

from app.insights.rules.order_sizes import OrderSizes, order_sizes
from app.ordering.rules.coach import PastOrder
from app.ordering.rules.coach_advice import Advice, Silence, advise
from app.policy.rules.policy import Policy
from tests.ordering.coaching import START, every, good, ordered, terms_of

GOODS = {1: good(1_000)}
TODAY = START + timedelta(days=364)


def measured(orders: list[PastOrder]) -> OrderSizes:
    advice = advise(orders, GOODS, terms_of(Policy(), GOODS), today=TODAY, least_saving_cents=500)
    return order_sizes(orders, GOODS, advice, today=TODAY)


def test_orders_of_half_the_rational_size_are_half_away_from_it() -> None:
    sizes = measured(every(21, until=357, b1=3))

    assert (sizes.size_cents, sizes.rational_cents, sizes.every_days) == (3_000, 6_000, 42)
    assert (sizes.distance_bp, sizes.earlier_distance_bp, sizes.change_bp) == (5_000, 5_000, 0)


def test_a_customer_whose_orders_grow_comes_nearer() -> None:
    small = every(21, until=252, b1=3)

    terms = terms_of(Policy(), GOODS)
    advice = advise(small, GOODS, terms, today=small[-1].on, least_saving_cents=1)

    sizes = order_sizes(
        [*small, ordered(294, b1=6), ordered(336, b1=6)], GOODS, Advice(rhythm=advice.rhythm), today=TODAY
    )

    # Since day 182: days 189, 210, 231 and 252 with 30.00 each, and two of 60.00.
    assert (sizes.recent_cents, sizes.earlier_cents, sizes.rational_cents) == (4_000, 3_000, 6_000)
    assert (sizes.distance_bp, sizes.earlier_distance_bp, sizes.change_bp) == (3_333, 5_000, -1_667)


def test_rational_orders_have_no_distance_and_what_is_not_known_has_none_at_all() -> None:
    rational = measured(every(30, b1=8))
    unknown = measured([ordered(300, b1=1)])

    assert (rational.distance_bp, rational.rational_cents, rational.saving_cents) == (0, 8_000, 0)
    assert (unknown.distance_bp, unknown.rational_cents, unknown.change_bp) == (None, None, None)
    assert (unknown.size_cents, unknown.earlier_cents) == (1_000, None)


def test_a_half_without_orders_compares_with_nothing() -> None:
    sizes = order_sizes([ordered(10, b1=4)], GOODS, Advice(Silence.RATIONAL), today=TODAY)

    assert (sizes.recent_cents, sizes.earlier_cents) == (None, 4_000)
    assert (sizes.distance_bp, sizes.change_bp) == (0, None)
