"""Search words: umlauts, part numbers, and nothing that could speak to a database."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.rules.words import index_words, query_words, sort_key


@pytest.mark.parametrize(
    "text, words",
    [
        ("Straßenbürste", ["strassenbuerste", "strassenburste"]),
        ("Öl", ["oel", "ol"]),
        ("Café crème", ["cafe", "creme"]),
        ("6204-2RS", ["6204", "2rs", "62042rs", "2", "rs"]),
        ("ET1001", ["et1001", "et", "1001"]),
        ("O-Ring", ["o", "ring", "oring"]),
        ("Dichtung, flach", ["dichtung", "flach"]),
    ],
)
def test_a_text_is_found_under_every_usual_spelling(text: str, words: list[str]) -> None:
    assert index_words(text) == words


def test_composed_and_decomposed_umlauts_are_the_same_word() -> None:
    assert query_words("Bu\u0308rste") == query_words("B\u00fcrste") == ["buerste"]


def test_a_query_keeps_at_most_eight_words_each_once() -> None:
    assert query_words("a b a c d e f g h i") == ["a", "b", "c", "d", "e", "f", "g", "h"]


def test_names_sort_like_a_phone_book_and_numbers_by_value() -> None:
    names = ["Schraube M10", "Ölfilter", "Schraube M8", "Oberteil", "Ohrstöpsel"]

    assert sorted(names, key=sort_key) == [
        "Oberteil",
        "Ölfilter",
        "Ohrstöpsel",
        "Schraube M8",
        "Schraube M10",
    ]


@given(st.text(max_size=200))
def test_whatever_is_typed_only_plain_letters_and_digits_are_sought(query: str) -> None:
    for word in [*query_words(query), *index_words(query)]:
        assert re.fullmatch(r"[a-z0-9]{1,40}", word)
