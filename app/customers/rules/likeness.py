"""One number for how likely an applicant is a main account, from everything that the two have in common."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.customers.rules.likeness_weights import BIAS, WEIGHTS
from app.customers.rules.name_likeness import NameLikeness
from app.customers.rules.place_likeness import PlaceLikeness

GREATEST_CROWD = 2.0

# What a signal says by itself, from 0 to 1. Set by hand: the labelled data have no domains, phones and people.
# A domain or phone of one company's own sends it to a person (0.5 is where review begins by default); one that
# several share says less; a person's name never suffices alone.
OWN_DOMAIN, DOMAIN_OF_FEW = 0.55, 3
OWN_PHONE, PHONE_OF_FEW = 0.6, 2
SAME_PERSON = 0.2
SAME_RARE_NAME, SAME_NAME, RARE_NAME_WEIGHT, NAME_OF_FEW = 0.55, 0.3, 0.85, 2


@dataclass(frozen=True, slots=True)
class Strength:
    """How likely two companies are one, from 0 to 1, by name and place; the shares that name, place and
    address have in it (log-odds, without those that speak against it).
    """

    total: float
    name: float
    place: float
    address: float


def strength(name: NameLikeness, place: PlaceLikeness, *, neighbour_count: int) -> Strength:
    """Weighs name and place together (logistic regression, see docs/screening.md).

    `neighbour_count` is the number of main accounts at the applicant's own address: many share a house.
    """
    parts = {key: WEIGHTS[key] * value for key, value in features(name, place, neighbour_count).items()}
    logit = BIAS + sum(parts.values())
    return Strength(
        total=1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, logit)))),
        name=max(0.0, _sum(parts, NAME)),
        place=max(0.0, _sum(parts, PLACE)),
        address=max(0.0, _sum(parts, ADDRESS)),
    )


NAME = ("shared", "specific", "written", "same", "specific_here", "unlike")
PLACE = ("town", "code", "mistyped_code")
ADDRESS = ("house", "street", "crowd")


def features(name: NameLikeness, place: PlaceLikeness, neighbour_count: int) -> dict[str, float]:
    """What the weights are multiplied with, by name."""
    specific = name.contained * name.rarest
    crowd = min(GREATEST_CROWD, math.log2(max(1, neighbour_count))) if place.house > 0 else 0.0
    return {
        "shared": name.shared,
        "specific": specific,
        "written": max(0.0, name.written - 0.5) * 2,
        "same": float(name.is_same),
        "specific_here": specific if place.is_same_place else 0.0,
        "unlike": name.unlike,
        "town": float(place.is_same_town),
        "code": float(place.is_same_code),
        "mistyped_code": float(place.is_mistyped_code),
        "other_town": float(place.is_other_town),
        "far_code": float(place.is_far_code),
        "house": place.house,
        "street": place.street,
        "other_street": float(place.is_other_street),
        "other_number": float(place.is_other_number),
        "crowd": crowd,
    }


def domain_strength(account_count: int) -> float:
    """What an equal domain says that so many main accounts have."""
    return OWN_DOMAIN * min(1.0, DOMAIN_OF_FEW / max(1, account_count))


def phone_strength(account_count: int) -> float:
    """What an equal phone number says that so many main accounts have."""
    return OWN_PHONE * min(1.0, PHONE_OF_FEW / max(1, account_count))


def same_name_strength(account_count: int, *, weight: float) -> float:
    """What the very same name says, wherever the company is: so many main accounts have it, and its words
    weigh so much together. A frequent surname alone is no sign.
    """
    is_rare = account_count <= NAME_OF_FEW and weight >= RARE_NAME_WEIGHT
    return SAME_RARE_NAME if is_rare else SAME_NAME


def together(*strengths: float) -> float:
    """Several signals as one: each takes its share of the doubt that the others leave."""
    return 1.0 - math.prod(1.0 - each for each in strengths)


def _sum(parts: Mapping[str, float], keys: tuple[str, ...]) -> float:
    return sum(parts[key] for key in keys)
