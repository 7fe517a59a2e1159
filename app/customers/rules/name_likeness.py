"""How alike two company names are: rare words count, and words need not be spelled alike."""

from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from app.mainbrand.rules.names import NameParts, is_initial_of, sound, stem
from app.mainbrand.rules.rarity import Rarity

LEAST_LIKE = 0.75
LIKE_BY_SOUND = 0.86
INITIAL, ABBREVIATED, LAST_PART, FIRST_PART = 0.5, 0.75, 0.6, 0.55


@dataclass(frozen=True, slots=True)
class NameLikeness:
    """Each from 0 to 1. `shared`: the common words' weight in both names together; `contained`: in the shorter
    of them; `rarest`: weight of the rarest common word; `unlike`: weight of the rarest word that each has alone;
    `written`: likeness of the letters; `is_same`: the same words, or the same letters written together.
    """

    shared: float = 0.0
    contained: float = 0.0
    rarest: float = 0.0
    unlike: float = 0.0
    written: float = 0.0
    is_same: bool = False


NOTHING = NameLikeness()


def compare_names(own: NameParts, other: NameParts, rarity: Rarity) -> NameLikeness:
    """What two names have in common; nothing where one of them has no words."""
    if not own.stems or not other.stems:
        return NOTHING
    if is_same_name(own, other):
        return NameLikeness(1.0, 1.0, max(map(rarity.weight, own.stems)), 0.0, 1.0, is_same=True)
    pairing = _Pairing(own, other, rarity)
    pairing.pair_equal()
    pairing.pair_joined(own.stems, pairing.own_left, pairing.other_left)
    pairing.pair_joined(other.stems, pairing.other_left, pairing.own_left)
    pairing.pair_alike()
    own_total, other_total = (sum(map(rarity.weight, stems)) for stems in (own.stems, other.stems))
    union, smaller = own_total + other_total - pairing.common, min(own_total, other_total)
    return NameLikeness(
        shared=min(1.0, pairing.common / union) if union > 0 else 0.0,
        contained=min(1.0, pairing.common / smaller) if smaller > 0 else 0.0,
        rarest=pairing.rarest,
        unlike=min(pairing.heaviest(pairing.own_left), pairing.heaviest(pairing.other_left)),
        written=fuzz.ratio(own.compact, other.compact) / 100,
    )


def is_same_name(own: NameParts, other: NameParts) -> bool:
    """Whether two names have the same words in any order, or the same letters written together."""
    if not own.stems or not other.stems:
        return False
    if own.compact == other.compact:
        return True
    return len(own.stems) == len(other.stems) and set(own.stems) == set(other.stems)


class _Pairing:
    """Which word of one name stands for which of the other, and how much these words weigh."""

    def __init__(self, own: NameParts, other: NameParts, rarity: Rarity) -> None:
        self.rarity = rarity
        self.own_left, self.other_left = list(own.stems), list(other.stems)
        self.common = self.rarest = 0.0

    def heaviest(self, stems: list[str]) -> float:
        return max(map(self.rarity.weight, stems), default=0.0)

    def pair_equal(self) -> None:
        for word in [word for word in self.own_left if word in self.other_left]:
            self.own_left.remove(word)
            self.other_left.remove(word)
            self._count(self.rarity.weight(word))

    def pair_joined(self, stems: tuple[str, ...], left: list[str], whole_left: list[str]) -> None:
        """Words that the other name writes together: "Facility Management" and "Facilitymanagement"."""
        if len(stems) < 2 or not left or not whole_left:
            return
        for parts in _neighbours(stems):
            joined = "".join(parts)
            for whole in whole_left:
                if abs(len(joined) - len(whole)) > 2 or len(whole) < 4 or not _is_joined(joined, whole):
                    continue
                if any(part in left for part in parts):
                    self._count(min(self.rarity.weight(whole), sum(map(self.rarity.weight, parts))))
                    left[:] = [word for word in left if word not in parts]
                    whole_left.remove(whole)
                    break

    def pair_alike(self) -> None:
        """Words that are spelled, sound or begin alike, the heaviest pairs first."""
        pairs = []
        for word in self.own_left:
            for other in self.other_left:
                likeness = word_likeness(word, other)
                if likeness > 0:
                    weight = min(self.rarity.weight(word), self.rarity.weight(other))
                    pairs.append((likeness * weight, likeness, word, other))
        for weight, likeness, word, other in sorted(pairs, reverse=True):
            if word in self.own_left and other in self.other_left:
                self.own_left.remove(word)
                self.other_left.remove(other)
                self._count(weight, rarest=weight * likeness)

    def _count(self, weight: float, *, rarest: float | None = None) -> None:
        self.common += weight
        self.rarest = max(self.rarest, weight if rarest is None else rarest)


def word_likeness(word: str, other: str) -> float:
    """From 0 to 1 how likely two different words mean the same: typing slips, sound, initials, abbreviations."""
    short, long = (word, other) if len(word) <= len(other) else (other, word)
    if len(short) <= 2:
        return INITIAL if len(short) == 1 and is_initial_of(short, long) else 0.0
    spelled = Levenshtein.normalized_similarity(word, other, score_cutoff=0.55)
    sounds_alike = spelled > 0 and bool(sound(word)) and sound(word) == sound(other)
    found = spelled if spelled >= LEAST_LIKE and len(short) >= 4 else 0.0
    if sounds_alike:
        found = max(found, LIKE_BY_SOUND)
    if found:
        return found
    if len(short) >= 4 and is_initial_of(short, long):
        return ABBREVIATED
    if len(short) >= 5 and long.endswith(short):
        return LAST_PART
    beginning = _common_beginning(short, long) if len(short) >= 6 else 0
    return FIRST_PART if beginning >= 5 and beginning >= 0.6 * len(short) else 0.0


def _neighbours(stems: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [stems[at : at + size] for size in (2, 3) for at in range(len(stems) - size + 1)]


def _is_joined(joined: str, whole: str) -> bool:
    return (
        joined == whole
        or stem(joined) == stem(whole)
        or (len(whole) >= 8 and Levenshtein.distance(joined, whole) <= 2)
    )


def _common_beginning(short: str, long: str) -> int:
    return next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
