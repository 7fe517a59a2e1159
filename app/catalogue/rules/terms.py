"""What a search word may stand for: itself, its beginning, a part of a compound, or one typing error."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.catalogue.rules.words import RUN

SHORTEST_COMPOUND_PART = 4
SHORTEST_TYPO = 4
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
    for the words one typing error away (a letter wrong, missing, too much, or two swapped). A word that
    stands for nothing is named in `unknown`, and then the query finds nothing.
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
            corrected.append((word, similar[0]))
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


def _similar(word: str, vocabulary: Sequence[str]) -> list[str]:
    if len(word) < SHORTEST_TYPO or word.isdigit():
        return []
    close = process.extract(word, vocabulary, scorer=OSA.distance, score_cutoff=1, limit=MOST_ALTERNATIVES)
    return sorted(other for other, _distance, _place in close)
