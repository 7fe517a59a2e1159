"""A rhythm on trial: it pays where the need is steady, and costs what nobody needed where it is not."""

from datetime import timedelta

from app.ordering.rules.coach import PastOrder
from app.ordering.rules.coach_advice import Silence, advise
from app.ordering.rules.coach_proof import Shelf, proven_saving
from app.policy.rules.policy import Policy
from tests.ordering.coaching import START, every, good, ordered, terms_of

GOODS = {1: good(1_000), 2: good(250)}
POLICY = Policy()


def proven(orders: list[PastOrder], every_days: int) -> int:
    today = orders[-1].on + timedelta(days=20)
    return proven_saving(
        orders, GOODS, terms_of(POLICY, GOODS), every_days=every_days, learn_days=3, today=today
    )


def test_a_steady_need_pays_each_second_order_less() -> None:
    orders = every(21, until=357, b1=3)

    # From day 189 on nine orders of 30.00 become five of 60.00, the last of them not used up: 30.00 for 21 days,
    # four times, and for 20 days, at a tenth a year.
    assert proven(orders, 42) == 9 * 990 - 85


def test_a_need_that_ends_leaves_goods_that_count_as_lost() -> None:
    orders = [*every(21, until=252, b1=3), *(ordered(day, b2=4) for day in range(273, 360, 21))]
    terms, today = terms_of(POLICY, GOODS), START + timedelta(days=370)

    assert proven_saving(orders, GOODS, terms, every_days=84, learn_days=3, today=today) < 0
    advice = advise(orders, GOODS, terms, today=today, least_saving_cents=1)
    assert advice.silence is Silence.CHANGING


def test_what_was_ordered_later_never_changes_what_the_trial_ordered_before() -> None:
    orders = every(21, until=357, b1=3)
    more = [*orders[:-1], PastOrder(orders[-1].on, {1: 3, 2: 500})]

    # The 500 of bundle 2 save the last surcharge in both worlds, and nothing else.
    assert proven(more, 42) == proven(orders, 42) - 990 + 0


def test_too_few_orders_prove_nothing() -> None:
    assert proven(every(21, until=42, b1=3), 42) == 0


def test_a_shelf_gives_the_oldest_first_and_knows_what_lay_there() -> None:
    shelf = Shelf()
    shelf.put(1, 3, on=START, cents=100)
    shelf.put(1, 2, on=START + timedelta(days=10), cents=200)

    missing = shelf.take(1, 4, on=START + timedelta(days=20))

    assert (missing, shelf.held_cent_days) == (0, 3 * 100 * 20 + 200 * 10)
    assert shelf.left(until=START + timedelta(days=30)) == (200, 200 * 20)
    assert shelf.left(until=START + timedelta(days=30), before=START + timedelta(days=10)) == (0, 0)
    assert shelf.take(1, 5, on=START + timedelta(days=30)) == 4
    assert shelf.take(2, 1, on=START) == 1
