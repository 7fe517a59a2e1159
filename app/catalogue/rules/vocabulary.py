"""All words of a list, kept so that parts, beginnings and near misses of a word are found quickly."""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from itertools import accumulate

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST_TYPO = 4
SHORTEST_COMPOUND_TYPO = 6
LEAST_ALIKE = 0.66


class Vocabulary:
    """Words of a-z and 0-9, in order. It also holds them as one text, in which the C library seeks parts."""

    def __init__(self, words: Collection[str] = ()) -> None:
        self._known = words
        self.words = tuple(sorted(words))
        self._text = "\n".join(["", *self.words, ""])
        self._starts = list(accumulate((len(word) + 1 for word in self.words), initial=1))

    def __contains__(self, word: str) -> bool:
        return word in self._known

    def __len__(self) -> int:
        return len(self.words)

    def beginning(self, start: str) -> tuple[str, ...]:
        """The words that begin with `start`, in order; `start` itself among them."""
        # The brace is the sign after z: no word reaches it.
        return self.words[bisect_left(self.words, start) : bisect_left(self.words, start + "{")]

    def holding(self, part: str) -> Iterator[str]:
        """The words that hold `part` and are longer than it, in order, each once."""
        place = self._text.find(part)
        while place >= 0:
            word, end = self._word_at(place)
            if len(word) > len(part):
                yield word
            place = self._text.find(part, end)

    def close(self, word: str) -> list[str]:
        """The words one typing error away (a letter wrong, missing, too much, or two swapped), in order.

        Numbers are never near each other, and words below four letters are near everything: both have none.
        """
        if len(word) < SHORTEST_TYPO or word.isdigit():
            return []
        head, tail, swapped = halves(word)
        lengths = range(len(word) - 1, len(word) + 2)
        candidates = {other for other in self.beginning(head) if len(other) in lengths}
        candidates.update(other for other in self.ending(tail) if len(other) in lengths)
        if swapped in self:
            candidates.add(swapped)
        candidates.discard(word)
        found = process.extract(word, list(candidates), scorer=OSA.distance, score_cutoff=1, limit=None)
        return sorted(other for other, _distance, _place in found)

    def holding_close(self, word: str) -> dict[str, str]:
        """Compounds that hold the word with one typing error, the shortest first, each with the part that was meant."""
        if len(word) < SHORTEST_COMPOUND_TYPO or word.isdigit():
            return {}
        head, tail, swapped = halves(word)
        candidates = {other for part in (head, tail, swapped) for other in self.holding(part)}
        found = {}
        for other in candidates:
            if len(other) > len(word):
                part = (
                    swapped if swapped in other else _after(other, head, tail) or _before(other, head, tail)
                )
                if part:
                    found[other] = part
        return dict(sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0])))

    def nearest(self, word: str) -> list[str]:
        """Words that somebody may have meant who typed `word`, the most similar first.

        They begin with the same letter or end with the same three, and at most a third of all differs.
        """
        if len(word) < SHORTEST_TYPO or word.isdigit():
            return []
        lengths = range(len(word) - 2, len(word) + 3)
        candidates = {other for other in self.beginning(word[0]) if len(other) in lengths}
        candidates.update(other for other in self.ending(word[-3:]) if len(other) in lengths)
        found = process.extract(
            word, list(candidates), scorer=OSA.normalized_similarity, score_cutoff=LEAST_ALIKE, limit=None
        )
        ordered = sorted(found, key=lambda hit: (-hit[1], hit[0]))
        return [other for other, _similarity, _place in ordered]

    def ending(self, end: str) -> Iterator[str]:
        """The words that end with `end`, in order; `end` itself among them."""
        closed = end + "\n"
        place = self._text.find(closed)
        while place >= 0:
            word, stop = self._word_at(place)
            yield word
            place = self._text.find(closed, stop)

    def _word_at(self, place: int) -> tuple[str, int]:
        """The word that stands at a place of the text, and the place where it ends."""
        index = bisect_left(self._starts, place + 1) - 1
        return self.words[index], self._starts[index + 1] - 1


def halves(word: str) -> tuple[str, str, str]:
    """Both halves of a word and the word with the two letters swapped where they meet.

    One typing error leaves one half as it is, unless it is that very swap.
    """
    middle = len(word) // 2
    head, tail = word[:middle], word[middle:]
    return head, tail, head[:-1] + tail[0] + head[-1] + tail[1:]


def _after(other: str, head: str, tail: str) -> str:
    """What follows `head` in `other` and is one typing error from `tail`, with the head; empty for nothing."""
    place = other.find(head)
    while place >= 0:
        start = place + len(head)
        for length in (len(tail), len(tail) + 1, len(tail) - 1):
            part = other[start : start + length]
            if len(part) == length and OSA.distance(part, tail, score_cutoff=1) == 1:
                return head + part
        place = other.find(head, place + 1)
    return ""


def _before(other: str, head: str, tail: str) -> str:
    turned = _after(other[::-1], tail[::-1], head[::-1])
    return turned[::-1]
