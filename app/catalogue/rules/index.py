"""The list as an inverted index in memory: which bundles a reading of a query finds, best first."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, TypeVar

from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.terms import Every, Reading, Term
from app.catalogue.rules.vocabulary import Vocabulary

MOST_KEPT_SETS = 512
WORTH_KEEPING = 1_000
MOST_NEAREST = 3
ZERO, ONE = b"0", ord("1")
K = TypeVar("K")
Places: TypeAlias = "array[int]"
new_places = partial(array, "I")


@dataclass(frozen=True, slots=True)
class Entry:
    """One bundle of the list: where it stands, and its words (see `index_words`) with a space between each two."""

    bundle_id: int
    kind: Kind
    category_id: int | None
    name_words: str
    all_words: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found: bundles best first up to a limit, their full number, and how many each facet has.

    The counts of the kinds are those in the chosen category, those of the categories are of the chosen kind;
    `total` counts what is found in every kind and category.
    """

    bundle_ids: tuple[int, ...] = ()
    count: int = 0
    total: int = 0
    of_kind: Mapping[Kind, int] = field(default_factory=dict)
    of_category: Mapping[int, int] = field(default_factory=dict)


class SearchIndex:
    """The bundles of the list under each of their words.

    A set of bundles is an integer of one bit a bundle, the first of the list the highest: whole sets are
    united, cut and counted by single machine operations, the same whatever the database.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        """`entries` in the order of the list."""
        self.bundle_ids = array("q")
        anywhere: defaultdict[str, Places] = defaultdict(new_places)
        in_name: defaultdict[str, Places] = defaultdict(new_places)
        kinds: defaultdict[Kind, Places] = defaultdict(new_places)
        categories: defaultdict[int, Places] = defaultdict(new_places)
        for place, entry in enumerate(entries):
            self.bundle_ids.append(entry.bundle_id)
            kinds[entry.kind].append(place)
            if entry.category_id is not None:
                categories[entry.category_id].append(place)
            for word in entry.all_words.split():
                anywhere[word].append(place)
            for word in entry.name_words.split():
                in_name[word].append(place)
        # From here on an unknown word must not become a known one by being asked for.
        anywhere.default_factory = in_name.default_factory = None
        self._anywhere, self._in_name = anywhere, in_name
        self.vocabulary = Vocabulary(self._anywhere.keys())
        self._kept: dict[tuple[bool, tuple[str, ...]], int] = {}
        self._everything = (1 << len(self.bundle_ids)) - 1
        self._kinds = {kind: self._set([kinds[kind]]) for kind in Kind if kind in kinds}
        self._categories = {key: self._set([places]) for key, places in sorted(categories.items())}

    def find(
        self, reading: Reading | None, *, kind: Kind | None, category_id: int | None, first: int, most: int
    ) -> Hits:
        """The bundles of a reading (None: all of the list) from the `first` (counted from 0) on, `most` of them.

        First come those that have the very words in their name, then those that have them or wider ones in
        their name, then the very words anywhere, then the rest; among equals the order of the list decides.
        """
        tiers = [self._everything] if reading is None else self._tiers(reading)
        found = 0
        for tier in tiers:
            found |= tier
        in_category = found if category_id is None else found & self._categories.get(category_id, 0)
        in_kind = found if kind is None else found & self._kinds.get(kind, 0)
        wanted = in_category & in_kind
        return Hits(
            bundle_ids=self._ids([tier & wanted for tier in tiers], first=first, most=most),
            count=wanted.bit_count(),
            total=found.bit_count(),
            of_kind=_counts(self._kinds, in_category),
            of_category=_counts(self._categories, in_kind),
        )

    def nearest_names(self, word: str) -> list[tuple[str, int]]:
        """Up to three words of bundles' names that resemble one that is unknown, each with the id of such a bundle."""
        near = [other for other in self.vocabulary.nearest(word) if other in self._in_name]
        return [(other, self.bundle_ids[self._in_name[other][0]]) for other in near[:MOST_NEAREST]]

    def _tiers(self, reading: Reading) -> list[int]:
        tiers = []
        for is_name, is_wide in ((True, False), (True, True), (False, False), (False, True)):
            tier = 0
            for way in reading.ways:
                tier |= self._all_of(way, is_name=is_name, is_wide=is_wide)
            tiers.append(tier)
        return tiers

    def _all_of(self, terms: Sequence[Term], *, is_name: bool, is_wide: bool) -> int:
        found = self._everything
        for term in terms:
            found &= self._any_of(term, is_name=is_name, is_wide=is_wide)
            if not found:
                break
        return found

    def _any_of(self, term: Term, *, is_name: bool, is_wide: bool) -> int:
        found = self._with_any(term.same, is_name=is_name)
        if is_wide:
            found |= self._with_any(term.wider, is_name=is_name)
            if term.prefix:
                found |= self._with_any(self.vocabulary.beginning(term.prefix), is_name=is_name)
            for every in term.together:
                found |= self._with_every(every, is_name=is_name)
        return found

    def _with_every(self, every: Every, *, is_name: bool) -> int:
        found = self._everything
        for words in every:
            found &= self._with_any(words, is_name=is_name)
        return found

    def _with_any(self, words: tuple[str, ...], *, is_name: bool) -> int:
        kept = self._kept.get((is_name, words))
        if kept is not None:
            return kept
        index = self._in_name if is_name else self._anywhere
        lists = [index[word] for word in words if word in index]
        found = self._set(lists)
        if sum(map(len, lists)) > WORTH_KEEPING:
            if len(self._kept) >= MOST_KEPT_SETS:
                self._kept.clear()
            self._kept[is_name, words] = found
        return found

    def _set(self, lists: Iterable[Places]) -> int:
        bits = None
        for places in lists:
            if bits is None:
                bits = bytearray(ZERO) * len(self.bundle_ids)
            for place in places:
                bits[place] = ONE
        return int(bits, 2) if bits else 0

    def _ids(self, tiers: Iterable[int], *, first: int, most: int) -> tuple[int, ...]:
        found: list[int] = []
        seen = 0
        for tier in tiers:
            new = tier & ~seen
            seen |= tier
            count = new.bit_count()
            if count <= first:
                first -= count
                continue
            bits = format(new, f"0{len(self.bundle_ids)}b")
            place = bits.find("1")
            while place >= 0 and len(found) < most:
                if first:
                    first -= 1
                else:
                    found.append(self.bundle_ids[place])
                place = bits.find("1", place + 1)
            if len(found) >= most:
                break
        return tuple(found)


def _counts(sets: Mapping[K, int], found: int) -> dict[K, int]:
    counts = {key: (members & found).bit_count() for key, members in sets.items()}
    return {key: count for key, count in counts.items() if count}
