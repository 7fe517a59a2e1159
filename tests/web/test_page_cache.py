"""Kept pages: slots, bounds, expiry."""

import pytest

from app.web.page_cache import PageCache, SlotMarkers, SlottedPage


def page(size: int) -> SlottedPage:
    return SlottedPage((b"x" * size,), ())


def test_a_page_is_cut_at_its_markers_and_filled_for_each_visitor() -> None:
    markers = SlotMarkers("count", "token")
    text = f"<b>{markers['count']}</b> ü {markers['token']} and {markers['count']}"

    cut = markers.cut(text)

    assert cut.slots == ("count", "token", "count")
    assert cut.fill({"count": b"3", "token": b"abc"}).decode() == "<b>3</b> ü abc and 3"
    assert cut.fill({"count": b"4", "token": b"xyz"}).decode() == "<b>4</b> ü xyz and 4"


def test_a_page_without_markers_is_one_part() -> None:
    assert SlotMarkers("count").cut("plain").fill({}) == b"plain"


def test_markers_of_one_process_mean_nothing_in_another() -> None:
    mine, other = SlotMarkers("count"), SlotMarkers("count")

    assert mine["count"] != other["count"]
    assert mine.cut(other["count"]).slots == ()


def test_a_value_that_no_slot_got_is_an_error_not_an_empty_place() -> None:
    markers = SlotMarkers("count")

    with pytest.raises(KeyError):
        markers.cut(markers["count"]).fill({})


def test_a_page_is_found_until_it_would_say_something_wrong() -> None:
    cache = PageCache()
    cache.put("key", page(10), good_until=100.0)

    assert cache.get("key", now=99.9) == page(10)
    assert cache.get("key", now=100.0) is None
    assert (len(cache), cache.byte_count) == (0, 0)


def test_the_page_not_asked_for_longest_makes_room() -> None:
    cache = PageCache(most_entries=2)
    cache.put("a", page(1), good_until=9)
    cache.put("b", page(1), good_until=9)
    assert cache.get("a", now=0)

    cache.put("c", page(1), good_until=9)

    assert [bool(cache.get(key, now=0)) for key in "abc"] == [True, False, True]


def test_the_bytes_of_all_pages_stay_within_bounds() -> None:
    cache = PageCache(most_bytes=1_000)
    for number in range(100):
        cache.put(number, page(45), good_until=9)
        assert cache.byte_count <= 1_000

    assert (len(cache), cache.byte_count) == (22, 990)


def test_one_huge_page_does_not_push_out_all_others() -> None:
    cache = PageCache(most_bytes=1_000)
    cache.put("small", page(10), good_until=9)

    cache.put("huge", page(51), good_until=9)

    assert (cache.get("huge", now=0), cache.get("small", now=0)) == (None, page(10))


def test_a_page_put_twice_counts_once() -> None:
    cache = PageCache()
    cache.put("a", page(10), good_until=9)
    cache.put("a", page(7), good_until=9)

    assert (len(cache), cache.byte_count) == (1, 7)
