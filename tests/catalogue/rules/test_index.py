"""Which bundles the index finds, in which order, and how many each facet has."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.rules.index import Entry, Hits, SearchIndex
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.terms import read_query
from app.catalogue.rules.words import index_words, query_words

SPARE, CARE = Kind.SPARE_PART, Kind.CARE_PRODUCT


def entry(
    bundle_id: int, name: str, rest: str = "", kind: Kind = SPARE, category: int | None = None
) -> Entry:
    names, words = index_words(name), index_words(f"{name} {rest}")
    return Entry(bundle_id, kind, category, " ".join(names), " ".join(words))


def find(index: SearchIndex, query: str, **wanted: Any) -> Hits:
    reading = read_query(query_words(query), index.vocabulary)
    return index.find(reading, **{"kind": None, "category_id": None, "first": 0, "most": 24} | wanted)


SHELF = SearchIndex(
    [
        entry(11, "Brille", "mit Filter", SPARE, 1),
        entry(12, "Filterkorb", "", SPARE, 2),
        entry(13, "Kasten", "fuer den Luftfilter", CARE, 1),
        entry(14, "Luftfilter", "Filter", CARE, 2),
        entry(15, "Zusatz Filter", "", SPARE),
    ]
)


def test_the_very_word_in_the_name_comes_first_then_wider_ones_then_the_rest() -> None:
    assert find(SHELF, "filter").bundle_ids == (15, 12, 14, 11, 13)


def test_each_facet_counts_what_choosing_it_would_show() -> None:
    everything = find(SHELF, "filter")
    spare, shelf_1 = find(SHELF, "filter", kind=SPARE), find(SHELF, "filter", category_id=1)

    assert everything.of_kind == {SPARE: 3, CARE: 2}
    assert everything.of_category == {1: 2, 2: 2}
    assert (spare.count, spare.of_kind, spare.of_category) == (3, {SPARE: 3, CARE: 2}, {1: 1, 2: 1})
    assert (shelf_1.count, shelf_1.of_kind, shelf_1.of_category) == (2, {SPARE: 1, CARE: 1}, {1: 2, 2: 2})
    assert find(SHELF, "filter", kind=CARE, category_id=2).bundle_ids == (14,)
    assert find(SHELF, "filter", category_id=77) == Hits(total=5, of_category={1: 2, 2: 2})


@pytest.mark.parametrize("first, most, ids", [(0, 2, (15, 12)), (2, 2, (14, 11)), (4, 2, (13,)), (5, 2, ())])
def test_a_page_of_the_result_is_cut_from_the_ranking(first: int, most: int, ids: tuple[int, ...]) -> None:
    page = find(SHELF, "filter", first=first, most=most)

    assert (page.bundle_ids, page.count) == (ids, 5)


def test_without_a_query_the_whole_list_is_found_in_its_order() -> None:
    found = SHELF.find(None, kind=SPARE, category_id=None, first=1, most=2)

    assert (found.bundle_ids, found.count, found.of_category) == ((12, 15), 3, {1: 1, 2: 1})


def test_all_words_must_be_in_one_bundle_and_an_empty_index_finds_nothing() -> None:
    assert find(SHELF, "brille korb").count == 0
    assert find(SHELF, "brille filter").bundle_ids == (11,)
    assert find(SearchIndex([]), "filter") == Hits()


def test_asking_for_a_word_does_not_make_it_known() -> None:
    index = SearchIndex([entry(1, "Besen")])

    assert [find(index, "eimer").count, find(index, "eimer").count] == [0, 0]
    assert "eimer" not in index.vocabulary


NAMES = st.lists(st.lists(st.sampled_from(["aaa", "bbb", "ccc", "ddd"]), max_size=3), max_size=30)


@given(NAMES, st.sampled_from(["aaa", "aaa bbb", "ccc aaa ddd"]), st.integers(0, 5))
def test_the_sets_of_bits_find_what_a_look_at_every_bundle_finds(
    names: list[list[str]], query: str, first: int
) -> None:
    index = SearchIndex([entry(place, " ".join(words)) for place, words in enumerate(names)])

    expected = [place for place, words in enumerate(names) if set(query.split()) <= set(words)]

    found = find(index, query, first=first, most=3)
    assert (found.bundle_ids, found.count) == (tuple(expected[first : first + 3]), len(expected))
