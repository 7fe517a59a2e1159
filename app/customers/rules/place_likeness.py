"""How alike two addresses are: the same house, the same street, the same town, or somewhere else."""

from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from app.mainbrand.rules.addresses import AddressParts

LIKE_STREET = 0.8
LIKE_TOWN = 0.85
OTHER_LETTER = 0.7


@dataclass(frozen=True, slots=True)
class PlaceLikeness:
    """What two addresses have in common, and where they contradict each other; what is missing is neither.

    `house` and `street` are from 0 to 1: the same house number (or PO box) in a street of a like name, and the
    street itself, each in the same town or postal code.
    """

    house: float = 0.0
    street: float = 0.0
    is_same_town: bool = False
    is_same_code: bool = False
    is_mistyped_code: bool = False
    is_other_town: bool = False
    is_far_code: bool = False
    is_other_street: bool = False
    is_other_number: bool = False

    @property
    def is_same_place(self) -> bool:
        return self.is_same_town or self.is_same_code


def compare_places(own: AddressParts, other: AddressParts) -> PlaceLikeness:
    """What two addresses have in common."""
    has_towns, has_codes = bool(own.town and other.town), bool(own.postal_code and other.postal_code)
    is_same_town = has_towns and _is_like(own.town, other.town, LIKE_TOWN) > 0
    is_same_code = has_codes and own.postal_code == other.postal_code
    is_mistyped = has_codes and not is_same_code and _is_mistyped(own.postal_code, other.postal_code)
    likeness = _is_like(own.street, other.street, LIKE_STREET) if own.street and other.street else 0.0
    is_place = is_same_town or is_same_code
    street = likeness if is_place else 0.0
    number = _same_number(own, other)
    house = street * max(number, 0.0)
    if is_place and own.po_box and own.po_box == other.po_box:
        house = 1.0
    return PlaceLikeness(
        house=house,
        street=street,
        is_same_town=is_same_town,
        is_same_code=is_same_code,
        is_mistyped_code=is_mistyped,
        is_other_town=has_towns and not is_same_town and not is_same_code,
        is_far_code=has_codes and not is_mistyped and own.postal_code[:2] != other.postal_code[:2],
        is_other_street=bool(own.street and other.street) and likeness == 0.0,
        is_other_number=street > 0 and number < 0,
    )


def _is_like(own: str, other: str, least: float) -> float:
    return 1.0 if own == other else Levenshtein.normalized_similarity(own, other, score_cutoff=least)


def _is_mistyped(own: str, other: str) -> bool:
    """Two digits exchanged, or one digit wrong."""
    if len(own) != 5 or len(other) != 5:
        return False
    wrong = sum(a != b for a, b in zip(own, other, strict=True))
    return wrong == 1 or sorted(own) == sorted(other)


def _same_number(own: AddressParts, other: AddressParts) -> float:
    """1 for house numbers that are the same or overlap, less for another letter, -1 for others, 0 for none."""
    if not own.first or not other.first:
        return 0.0
    if own.first > other.last or other.first > own.last:
        return -1.0
    return 1.0 if own.letter == other.letter or not (own.letter and other.letter) else OTHER_LETTER
