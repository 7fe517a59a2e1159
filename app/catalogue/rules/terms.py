"""What a search word may stand for: itself, its beginning, a part of a compound, or one typing error."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.catalogue.rules.words import RUN

SHORTEST_COMPOUND_PART = 4
SHORTEST_TYPO = 4
SHORTEST_COMPOUND_TYPO = 6
MOST_ALTERNATIVES = 40


@dataclass(frozen=True, slots=True)
class Term:
    """Words of the catalogue of which one must be in a bundle, or any word that begins with `prefix`."""

    words: tuple[str, ...]
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a query was understood: `corrected` pairs a typed word with the one it was taken for."""

    terms: tuple[Term, ...]
    corrected: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()


def read_query(words: Sequence[str], vocabulary: Sequence[str]) -> Reading:
    """The terms for the words of a query (see `query_words`), all of which must be found.

    `vocabulary` holds every word of the catalogue, sorted. A word stands for itself and for compounds that
    hold it, the last word also for its continuations; a number with letters (`nu206`) for its parts; else
    for the words one typing error away (a letter wrong, missing, too much, or two swapped) and for compounds
    that hold such a word. A word that stands for nothing is named in `unknown`, and then the query finds nothing.
    """
    terms: list[Term] = []
    corrected: list[tuple[str, str]] = []
    unknown: list[str] = []
    for index, word in enumerate(words):
        plain = _plain(word, vocabulary, is_last=index == len(words) - 1)
        if plain:
            terms.append(plain)
        elif parts := _parts(word, vocabulary):
            terms.extend(Term((part,)) for part in parts)
        elif similar := _similar(word, vocabulary):
            terms.append(Term(tuple(similar)))
            corrected.append((word, next(iter(similar.values()))))
        else:
            unknown.append(word)
    return Reading(tuple(terms), tuple(corrected), tuple(unknown))


def _plain(word: str, vocabulary: Sequence[str], *, is_last: bool) -> Term | None:
    place = bisect_left(vocabulary, word)
    begins = place < len(vocabulary) and vocabulary[place].startswith(word)
    known = [word] if begins and vocabulary[place] == word else []
    holding = _holding(word, vocabulary)
    has_prefix = is_last and begins
    if not (known or holding or has_prefix):
        return None
    return Term((*known, *holding), prefix=word if has_prefix else "")


def _holding(word: str, vocabulary: Sequence[str]) -> list[str]:
    if len(word) < SHORTEST_COMPOUND_PART:
        return []
    found = [other for other in vocabulary if word in other and other != word]
    return sorted(found, key=lambda other: (len(other), other))[:MOST_ALTERNATIVES]


def _parts(word: str, vocabulary: Sequence[str]) -> list[str]:
    parts = RUN.findall(word)
    is_known = all(_plain(part, vocabulary, is_last=False) for part in parts)
    return parts if len(parts) > 1 and is_known else []


def _similar(word: str, vocabulary: Sequence[str]) -> dict[str, str]:
    """Words that may have been meant, the whole ones first; each with what of it was taken for the word."""
    if len(word) < SHORTEST_TYPO or word.isdigit():
        return {}
    close = process.extract(word, vocabulary, scorer=OSA.distance, score_cutoff=1, limit=MOST_ALTERNATIVES)
    found = {other: other for other in sorted(other for other, _distance, _place in close)}
    if len(word) >= SHORTEST_COMPOUND_TYPO:
        found = found | {
            other: part for other, part in _holding_similar(word, vocabulary).items() if other not in found
        }
    return dict(list(found.items())[:MOST_ALTERNATIVES])


def _holding_similar(word: str, vocabulary: Sequence[str]) -> dict[str, str]:
    """Compounds that hold the word with one typing error, the shortest first, each with the part that was meant."""
    # One error leaves one half of a word as it is, unless it swaps the two letters where the halves meet.
    middle = len(word) // 2
    head, tail = word[:middle], word[middle:]
    swapped = head[:-1] + tail[0] + head[-1] + tail[1:]
    found = {}
    for other in vocabulary:
        if len(other) > len(word) and (head in other or tail in other or swapped in other):
            part = swapped if swapped in other else _after(other, head, tail) or _before(other, head, tail)
            if part:
                found[other] = part
    return dict(sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0])))


def _after(other: str, head: str, tail: str) -> str:
    """What follows `head` in `other` and is one typing error from `tail`, with the head; empty for nothing."""
    place = other.find(head)
    while place >= 0:
        start = place + len(head)
        for length in _lengths(tail):
            part = other[start : start + length]
            if len(part) == length and OSA.distance(part, tail, score_cutoff=1) == 1:
                return head + part
        place = other.find(head, place + 1)
    return ""


def _before(other: str, head: str, tail: str) -> str:
    turned = _after(other[::-1], tail[::-1], head[::-1])
    return turned[::-1]


def _lengths(text: str) -> tuple[int, int, int]:
    return len(text), len(text) + 1, len(text) - 1
