import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules.differences import Piece, by_characters, by_words


def marked(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.is_different else piece.text for piece in pieces)


@pytest.mark.parametrize(
    "own, other, left, right",
    [
        ("Sauter GmbH", "Sauer GmbH", "Sau[t]er GmbH", "Sauer GmbH"),
        ("Anlagen Sauer GmbH", "SAUER, Anlagen AG", "Anlagen Sauer [GmbH]", "SAUER, Anlagen [AG]"),
        ("Müller & Söhne", "Mueller + Soehne", "Müller & Söhne", "Mueller + Soehne"),
        ("Seestraße 1", "Seestr. 1a", "Seestr[aße] 1", "Seestr. 1[a]"),
        ("Kern e.K.", "Kern eK", "Kern e.K.", "Kern eK"),
        ("Kern Kern", "Kern", "Kern [Kern]", "Kern"),
        ("Kern", "Vogt", "[Kern]", "[Vogt]"),
        ("", "Vogt", "", "[Vogt]"),
    ],
)
def test_names_differ_in_the_words_and_characters_that_the_other_side_lacks(
    own: str, other: str, left: str, right: str
) -> None:
    found = by_words(own, other)

    assert (marked(found.own), marked(found.other)) == (left, right)
    assert found.are_there is (("[" in left) or ("[" in right))


def test_the_words_that_differ_are_named_whole() -> None:
    found = by_words("Sauter Anlagen GmbH", "Sauer Anlagen AG")

    assert (found.own_words, found.other_words) == (("Sauter", "GmbH"), ("Sauer", "AG"))


@pytest.mark.parametrize(
    "own, other, left, right, count",
    [
        ("DE 123456789", "DE123456780", "DE 12345678[9]", "DE12345678[0]", 1),
        ("+49 30 23125 555", "+49 30 23125555", "+49 30 23125 555", "+49 30 23125555", 0),
        ("04177", "04179", "0417[7]", "0417[9]", 1),
        ("abc.example", "zyx-w.org", "[abc.example]", "[zyx-w.org]", 11),
    ],
)
def test_numbers_differ_character_by_character_and_foreign_ones_as_a_whole(
    own: str, other: str, left: str, right: str, count: int
) -> None:
    found = by_characters(own, other)

    assert (marked(found.own), marked(found.other), found.character_count) == (left, right, count)


@given(st.text(max_size=120), st.text(max_size=120))
def test_no_character_is_lost_or_added_by_marking(own: str, other: str) -> None:
    for compare in (by_words, by_characters):
        found = compare(own, other)

        assert "".join(piece.text for piece in found.own) == own
        assert "".join(piece.text for piece in found.other) == other


@given(st.text(max_size=120))
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert not by_words(text, text).are_there
    assert not by_characters(text, text).are_there


def test_a_hostile_text_is_cut_before_it_costs_time() -> None:
    found = by_words("ab " * 5_000, "ba " * 5_000)

    assert sum(len(piece.text) for piece in found.own) == 400
