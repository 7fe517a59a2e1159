"""Where two spellings of one fact differ: which words, and inside similar words which characters."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.mainbrand.rules.keys import fold

TOKEN = re.compile(r"(?:[^\W_]\.)+[^\W_]?|[^\W_]+|[\W_]")
ALIKE = 0.5
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text as it was written, and whether the other side has nothing like it."""

    text: str
    is_different: bool


@dataclass(frozen=True)
class Differences:
    """Both texts in pieces, and the words of each that differ; of numbers how many characters do instead."""

    own: tuple[Piece, ...]
    other: tuple[Piece, ...]
    own_words: tuple[str, ...] = ()
    other_words: tuple[str, ...] = ()
    character_count: int = 0

    @property
    def are_there(self) -> bool:
        return any(piece.is_different for piece in (*self.own, *self.other))


def by_words(own: str, other: str) -> Differences:
    """Compares names and addresses: case, umlauts as "ue", punctuation and the order of words make no difference.

    A word that the other side does not have is compared character by character with the most similar one that
    is left over there. Texts are cut at 400 characters.
    """
    left, right = TOKEN.findall(own[:LONGEST]), TOKEN.findall(other[:LONGEST])
    only_left, only_right = _unmatched(left, right), _unmatched(right, left)
    pieces_left: dict[int, list[Piece]] = {at: [Piece(left[at], True)] for at in only_left}
    pieces_right: dict[int, list[Piece]] = {at: [Piece(right[at], True)] for at in only_right}
    for at, opposite in _pairs(left, right, only_left, only_right):
        pieces_left[at], pieces_right[opposite] = _by_characters(left[at], right[opposite])
    return Differences(
        _joined(left, pieces_left),
        _joined(right, pieces_right),
        tuple(left[at] for at in only_left),
        tuple(right[at] for at in only_right),
    )


def by_characters(own: str, other: str) -> Differences:
    """Compares numbers and identifiers character by character; spaces make no difference, and two that have little
    in common differ as a whole.
    """
    own, other = own[:LONGEST], other[:LONGEST]
    if _likeness(own, other) < ALIKE:
        left, right = [Piece(own, True)], [Piece(other, True)]
    else:
        left, right = _by_characters(own, other)
    counts = [
        sum(len("".join(piece.text.split())) for piece in pieces if piece.is_different)
        for pieces in (left, right)
    ]
    return Differences(tuple(left), tuple(right), character_count=max(counts))


def _unmatched(tokens: Sequence[str], others: Sequence[str]) -> list[int]:
    """The places of the words that the other side does not have as often."""
    left_over = Counter(_key(token) for token in others if _is_word(token))
    found = []
    for at, token in enumerate(tokens):
        if not _is_word(token):
            continue
        key = _key(token)
        if left_over[key]:
            left_over[key] -= 1
        else:
            found.append(at)
    return found


def _pairs(
    left: Sequence[str], right: Sequence[str], only_left: Sequence[int], only_right: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Words that are alike, the most similar first, each once."""
    likeness = [
        (_likeness(left[at], right[opposite]), at, opposite)
        for at in only_left[:20]
        for opposite in only_right[:20]
    ]
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    for ratio, at, opposite in sorted(likeness, key=lambda one: (-one[0], one[1], one[2])):
        if ratio < ALIKE:
            return
        if at not in taken_left and opposite not in taken_right:
            taken_left.add(at)
            taken_right.add(opposite)
            yield at, opposite


def _by_characters(own: str, other: str) -> tuple[list[Piece], list[Piece]]:
    left, right = list(own), list(other)
    left_keys = [fold(letter) for letter in left if not letter.isspace()]
    right_keys = [fold(letter) for letter in right if not letter.isspace()]
    same_left: set[int] = set()
    same_right: set[int] = set()
    for block in SequenceMatcher(None, left_keys, right_keys, autojunk=False).get_matching_blocks():
        same_left.update(range(block.a, block.a + block.size))
        same_right.update(range(block.b, block.b + block.size))
    return _marked(left, same_left), _marked(right, same_right)


def _marked(letters: Sequence[str], same: set[int]) -> list[Piece]:
    """Letters in pieces; `same` counts without spaces, which never differ."""
    pieces: list[Piece] = []
    at = 0
    for letter in letters:
        is_different = False
        if not letter.isspace():
            is_different = at not in same
            at += 1
        pieces.append(Piece(letter, is_different))
    return _merged(pieces)


def _joined(tokens: Sequence[str], marked: dict[int, list[Piece]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for at, token in enumerate(tokens):
        pieces.extend(marked.get(at, [Piece(token, False)]))
    return tuple(_merged(pieces))


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].is_different == piece.is_different:
            merged[-1] = Piece(merged[-1].text + piece.text, piece.is_different)
        else:
            merged.append(piece)
    return merged


def _is_word(token: str) -> bool:
    return token[0].isalnum()


def _key(word: str) -> str:
    return fold(word).replace(".", "")


def _likeness(own: str, other: str) -> float:
    """From 0 (nothing in common) to 1."""
    return SequenceMatcher(None, _key(own), _key(other), autojunk=False).ratio()
