"""The card page's lines sum up to the order, to the cent."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.payments.rules.facts import CardItem
from app.payments.rules.items import GREATEST_ITEM_COUNT, NetItem, card_items

NETS = st.lists(st.integers(1, 10**7), min_size=1, max_size=150)


def test_the_gross_amount_is_shared_by_the_net_amounts() -> None:
    items = [NetItem("3 × Seal pack", 7_500), NetItem("2 × Oil", 2_000), NetItem("Surcharge", 990)]

    shared = card_items(items, gross_cents=12_243, rest_name="Further items")

    assert shared == (
        CardItem("3 × Seal pack", 8_753),
        CardItem("2 × Oil", 2_335),
        CardItem("Surcharge", 1_155),
    )


@given(NETS, st.integers(0, 1_900))
def test_items_always_sum_up_and_are_never_negative(nets: list[int], rate_bp: int) -> None:
    gross_cents = sum(nets) + sum(nets) * rate_bp // 10_000
    items = [NetItem(str(n), net) for n, net in enumerate(nets)]

    shared = card_items(items, gross_cents=gross_cents, rest_name="rest")

    assert sum(item.gross_cents for item in shared) == gross_cents
    assert min(item.gross_cents for item in shared) >= 0
    assert len(shared) == min(len(nets), GREATEST_ITEM_COUNT)
    if len(nets) <= GREATEST_ITEM_COUNT:
        exact = [Fraction(gross_cents * net, sum(nets)) for net in nets]
        assert all(abs(item.gross_cents - share) <= 1 for item, share in zip(shared, exact, strict=True))


def test_what_does_not_fit_on_the_card_page_becomes_one_line() -> None:
    shared = card_items(
        [NetItem(str(n), 100) for n in range(101)], gross_cents=10_100, rest_name="Further items"
    )

    assert len(shared) == 100
    assert shared[-1] == CardItem("Further items", 200)
