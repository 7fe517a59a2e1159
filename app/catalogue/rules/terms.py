"""What the words of a query may stand for: inflections, compounds, part numbers, synonyms, one typing error."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from app.catalogue.rules.synonyms import Phrase, Synonyms
from app.catalogue.rules.vocabulary import Vocabulary
from app.catalogue.rules.words import RUN

SHORTEST_COMPOUND_PART = 4
SHORTEST_PIECE = 3
SHORTEST_PREFIX = 2
MOST_HOLDING = 1_000
MOST_SIMILAR = 40
MOST_SPLITS = 6
MOST_PIECES = 4
MOST_JOINED = 4
ENDINGS = ("e", "n", "s", "en", "er", "es", "ern")
BARE = (("ae", "a"), ("oe", "o"), ("ue", "u"))
NO_SYNONYMS = Synonyms()

T = TypeVar("T")
Every = tuple[tuple[str, ...], ...]
"""Of each of these groups of words one must be in a bundle."""


@dataclass(frozen=True, slots=True)
class Term:
    """What one typed word stands for; one of it must be in a bundle.

    `same` are the word itself, its inflections and its synonyms; `wider` are compounds that hold it and words
    it may have been mistyped from; `prefix` stands for every word that begins with it; `together` for bundles
    that have the pieces of a compound or part number as words of their own.
    """

    same: tuple[str, ...] = ()
    wider: tuple[str, ...] = ()
    prefix: str = ""
    together: tuple[Every, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a query was understood: as any of `ways`, each a list of terms that must all be found.

    `corrected` pairs a typed word with the one it was taken for, `unknown` holds the words that stand for nothing.
    """

    ways: tuple[tuple[Term, ...], ...] = ()
    corrected: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()


def read_query(words: Sequence[str], vocabulary: Vocabulary, synonyms: Synonyms = NO_SYNONYMS) -> Reading:
    """The ways to read the words of a query (see `query_words`).

    A word stands for itself, its inflections, its synonyms, compounds that hold it, and a bundle that has its
    parts as words; the last word also for its continuations. A number without its separators (`62042rs`)
    stands for its pieces; words that make a known one when written together (`kugel lager`, `62 04`) for that.
    What then stands for nothing is taken for the words one typing error away (a letter wrong, missing, too
    much, or two swapped) and for compounds that hold such a word.
    """
    spans = [*_joined(words, vocabulary), *_phrases(words, vocabulary, synonyms)]
    covered = {place for start, end, _term in spans for place in range(start, end)}
    terms: list[Term | None] = []
    corrected: list[tuple[str, str]] = []
    unknown: list[str] = []
    for place, word in enumerate(words):
        term = _known(word, vocabulary, synonyms, is_last=place == len(words) - 1)
        if term is None and place not in covered:
            similar = _similar(word, vocabulary)
            if similar:
                term = Term(wider=tuple(similar))
                corrected.append((word, next(iter(similar.values()))))
            else:
                unknown.append(word)
        terms.append(term)
    ways = [terms, *([*terms[:start], term, *terms[end:]] for start, end, term in spans)]
    whole = [tuple(filter(None, way)) for way in ways if way and all(way)]
    return Reading(tuple(whole), tuple(corrected), tuple(unknown))


def _known(word: str, vocabulary: Vocabulary, synonyms: Synonyms, *, is_last: bool) -> Term | None:
    same = [other for other in _forms(word) if other in vocabulary]
    wider = _holding(word, vocabulary)
    together = list(_splits(word, vocabulary))
    for _length, phrases in synonyms.at([word], 0):
        for other in phrases:
            _add_phrase(other, vocabulary, same=same, wider=wider, together=together)
    prefix = word if is_last and len(word) >= SHORTEST_PREFIX and vocabulary.beginning(word) else ""
    if not (same or wider or prefix):
        together += _pieces(word, vocabulary)
    if not (same or wider or prefix or together):
        return None
    return Term(_once(same), _once(wider), prefix, _once(together))


def _phrases(
    words: Sequence[str], vocabulary: Vocabulary, synonyms: Synonyms
) -> Iterator[tuple[int, int, Term]]:
    """Spans of several words that have synonyms together, each with the term that these make."""
    for place in range(len(words)):
        for length, phrases in synonyms.at(words, place):
            if length > 1:
                same: list[str] = []
                wider: list[str] = []
                together: list[Every] = []
                for other in phrases:
                    _add_phrase(other, vocabulary, same=same, wider=wider, together=together)
                if same or wider or together:
                    yield place, place + length, Term(_once(same), _once(wider), "", _once(together))


def _add_phrase(
    phrase: Phrase, vocabulary: Vocabulary, *, same: list[str], wider: list[str], together: list[Every]
) -> None:
    if len(phrase) == 1:
        same += [form for form in _forms(phrase[0]) if form in vocabulary]
        wider += _holding(phrase[0], vocabulary)
        return
    every = tuple(tuple(form for form in _forms(word) if form in vocabulary) for word in phrase)
    if all(every):
        together.append(every)


def _joined(words: Sequence[str], vocabulary: Vocabulary) -> Iterator[tuple[int, int, Term]]:
    """Spans of words that are a word of the catalogue, or a part of one, when written together."""
    for start in range(len(words)):
        for end in range(start + 2, min(start + MOST_JOINED, len(words)) + 1):
            joined = "".join(words[start:end])
            same = tuple(form for form in _forms(joined) if form in vocabulary)
            wider = tuple(_holding(joined, vocabulary))
            prefix = joined if end == len(words) and vocabulary.beginning(joined) else ""
            if same or wider or prefix:
                yield start, end, Term(same, wider, prefix)


def _forms(word: str) -> dict[str, None]:
    """The word and its usual inflections, whether they exist or not; a part number has none."""
    found = {word: None}
    if not word.isalpha() or len(word) < 3:
        return found
    bare = word
    for pair in BARE:
        bare = bare.replace(*pair)
    for spelling in dict.fromkeys((word, bare)):
        found[spelling] = None
        found.update(dict.fromkeys(spelling + ending for ending in ENDINGS))
        for ending in ENDINGS:
            stem = spelling.removesuffix(ending)
            if stem == spelling or len(stem) < (3 if len(ending) == 1 else 4):
                continue
            found[stem] = None
            if len(stem) >= SHORTEST_COMPOUND_PART:
                found.update(dict.fromkeys(stem + other for other in ENDINGS))
    return found


def _holding(word: str, vocabulary: Vocabulary) -> list[str]:
    # A number inside a longer number is another number; three letters are a part at the end only (`getriebeoel`).
    if word.isdigit() or len(word) < SHORTEST_PIECE:
        return []
    if len(word) >= SHORTEST_COMPOUND_PART:
        found = vocabulary.holding(word)
    else:
        found = (other for other in vocabulary.ending(word) if len(other) >= 2 * len(word))
    return sorted(found, key=lambda other: (len(other), other))[:MOST_HOLDING]


def _splits(word: str, vocabulary: Vocabulary) -> Iterator[Every]:
    """The ways in which a word of letters is made of two known ones, with or without a linking sound."""
    if not word.isalpha():
        return
    for middle in range(SHORTEST_PIECE, len(word) - SHORTEST_PIECE + 1):
        head = tuple(form for form in _forms(word[:middle]) if form in vocabulary)
        tail = tuple(form for form in _forms(word[middle:]) if form in vocabulary) if head else ()
        if head and tail:
            yield head, tail


def _pieces(word: str, vocabulary: Vocabulary) -> list[Every]:
    """The ways in which a part number is made of known words (`62042rs` of `6204` and `2rs`)."""
    if word.isalpha() or word.isdigit():
        return []
    found: list[Every] = [
        tuple((piece,) for piece in pieces) for pieces in islice(_cut(word, vocabulary), MOST_SPLITS)
    ]
    runs = RUN.findall(word)
    meant = [_known(run, vocabulary, NO_SYNONYMS, is_last=False) for run in runs if run != word]
    if meant and all(meant):
        found.append(tuple((*term.same, *term.wider) for term in meant if term))
    return [every for every in found if all(every)]


def _cut(word: str, vocabulary: Vocabulary, most: int = MOST_PIECES) -> Iterator[tuple[str, ...]]:
    if word in vocabulary:
        yield (word,)
    if most > 1:
        for middle in range(len(word) - 1, 0, -1):
            if word[:middle] in vocabulary:
                for rest in _cut(word[middle:], vocabulary, most - 1):
                    yield word[:middle], *rest


def _similar(word: str, vocabulary: Vocabulary) -> dict[str, str]:
    """Words that may have been meant, the whole ones first; each with what of it was taken for the word."""
    found = {other: other for other in vocabulary.close(word)}
    for other, part in vocabulary.holding_close(word).items():
        found.setdefault(other, part)
    return dict(islice(found.items(), MOST_SIMILAR))


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
