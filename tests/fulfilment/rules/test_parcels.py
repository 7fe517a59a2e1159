from hypothesis import given, settings
from hypothesis import strategies as st

from app.fulfilment.rules.parcels import (
    Held,
    Packing,
    Pick,
    Traveller,
    group_parcels,
    pick_list,
    short_of,
    weight_g,
)

HERE, THERE = ("Gartenweg 3", "Leipzig"), ("Hafen 1", "Kiel")


def test_orders_that_join_travel_in_the_parcel_of_the_one_they_join() -> None:
    orders = [
        Traveller(1, None, HERE),
        Traveller(2, None, THERE),
        Traveller(3, 1, HERE),
        Traveller(4, 3, HERE),
    ]

    assert group_parcels(orders) == [[1, 3, 4], [2]]


def test_an_order_travels_alone_where_the_other_has_left_or_goes_elsewhere() -> None:
    assert group_parcels([Traveller(5, 1, HERE), Traveller(6, None, HERE)]) == [[5], [6]]
    assert group_parcels([Traveller(1, None, HERE), Traveller(3, 1, THERE)]) == [[1], [3]]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(1, 12)), st.sampled_from((HERE, THERE))), max_size=12)
)
def test_each_order_is_in_exactly_one_parcel_and_all_of_a_parcel_go_to_one_address(
    drawn: list[tuple[int | None, tuple[str, ...]]],
) -> None:
    orders = [Traveller(order_id, joins, to) for order_id, (joins, to) in enumerate(drawn, start=1)]

    parcels = group_parcels(orders)

    assert sorted(order_id for parcel in parcels for order_id in parcel) == [o.order_id for o in orders]
    address = {order.order_id: order.address for order in orders}
    assert all(len({address[order_id] for order_id in parcel}) == 1 for parcel in parcels)


def test_the_pick_list_sums_each_block_over_the_orders_by_sku() -> None:
    screws = Packing("SR-2", "Screws", "C62", 4_000, 10)
    oil = Packing("OL-1", "Oil", "LTR", 2_500, 900)

    assert pick_list([[screws, oil, screws], [screws]]) == [
        Pick("OL-1", "Oil", "LTR", 2_500, 1),
        Pick("SR-2", "Screws", "C62", 12_000, 2),
    ]


def test_goods_weigh_their_quantity_times_the_weight_of_one_unit() -> None:
    assert weight_g([Packing("A", "A", "C62", 4_000, 10), Packing("B", "B", "LTR", 2_500, 901)]) == 2_293
    assert weight_g([]) == 0


def test_who_is_packed_first_takes_what_is_there_and_who_is_short_takes_nothing() -> None:
    held = [Held(1, 7, 3_000), Held(2, 7, 5_000), Held(2, 8, 1_000), Held(3, 7, 2_000), Held(3, 8, 1_000)]

    assert short_of(held, {7: 5_500, 8: 1_000}) == {2: {7: 2_500}}


def test_a_block_that_is_counted_below_zero_is_missing_as_a_whole() -> None:
    assert short_of([Held(1, 7, 3_000)], {7: -2_000}) == {1: {7: 3_000}}
    assert short_of([Held(1, 7, 3_000)], {7: 3_000}) == {}
