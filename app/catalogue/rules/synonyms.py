"""Words that staff declare to mean the same: how they are written, and what a typed word also finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.catalogue.rules.words import query_words

MOST_WORDS = 12
LONGEST_PHRASE = 3
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Words or short phrases as staff wrote them. One way: the first also finds the others, never the reverse."""

    words: tuple[str, ...]
    is_one_way: bool = False


@dataclass(frozen=True, slots=True)
class Synonyms:
    """What each phrase (plain words, see `query_words`) also stands for."""

    others: Mapping[Phrase, tuple[Phrase, ...]] = field(default_factory=dict)

    def at(self, words: Sequence[str], place: int) -> list[tuple[int, tuple[Phrase, ...]]]:
        """How many words from `place` on are a phrase with synonyms, the longest first, each with these."""
        found = []
        for length in range(min(LONGEST_PHRASE, len(words) - place), 0, -1):
            phrases = self.others.get(tuple(words[place : place + length]))
            if phrases:
                found.append((length, phrases))
        return found


def read_synonyms(groups: Iterable[Group]) -> Synonyms:
    """The table of all groups: a phrase in several groups stands for the words of each, but not for theirs in turn."""
    others: dict[Phrase, dict[Phrase, None]] = {}
    for group in groups:
        phrases = list(dict.fromkeys(filter(None, map(phrase, group.words))))
        for mine in phrases[:1] if group.is_one_way else phrases:
            also = others.setdefault(mine, {})
            also.update((other, None) for other in phrases if other != mine)
    return Synonyms({mine: tuple(also) for mine, also in others.items() if also})


def phrase(written: str) -> Phrase:
    """The plain words of a synonym as it was written; empty where nothing of it can be sought."""
    return tuple(query_words(written))
