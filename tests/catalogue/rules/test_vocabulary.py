"""Parts, beginnings and near misses: the quick ways find exactly what a look at every word finds."""

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from app.catalogue.rules.vocabulary import Vocabulary

WORDS = st.sets(st.text("abc1", min_size=1, max_size=9), max_size=40)
WORD = st.text("abc1", min_size=1, max_size=9)


@given(WORDS, WORD)
def test_beginnings_parts_and_ends_are_those_of_every_word(words: set[str], sought: str) -> None:
    vocabulary = Vocabulary(words)

    assert vocabulary.beginning(sought) == tuple(sorted(word for word in words if word.startswith(sought)))
    assert list(vocabulary.holding(sought)) == sorted(
        word for word in words if sought in word and word != sought
    )
    assert list(vocabulary.ending(sought)) == sorted(word for word in words if word.endswith(sought))
    assert (sought in vocabulary) == (sought in words)


@given(WORDS, st.text("abc", min_size=4, max_size=9))
def test_no_word_one_typing_error_away_is_overlooked(words: set[str], typed: str) -> None:
    assert Vocabulary(words).close(typed) == sorted(
        word for word in words - {typed} if OSA.distance(word, typed) == 1
    )


def test_the_nearest_words_are_sorted_by_likeness() -> None:
    vocabulary = Vocabulary({"kugellager", "kugellagersatz", "kegellager", "lager", "zange"})

    assert vocabulary.nearest("kuggellagre") == ["kugellager", "kegellager"]
    assert vocabulary.nearest("kegellagr") == ["kegellager", "kugellager"]
    assert vocabulary.nearest("6204") == vocabulary.nearest("xyz") == []
