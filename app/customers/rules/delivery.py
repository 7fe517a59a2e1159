"""Where goods are to go: an address of the main brand's customers is a matter for a person."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.customers.rules.comparison import find_matches
from app.customers.rules.matching import MAIN_BRAND, Applicant, Candidate, Match
from app.customers.rules.place_likeness import compare_places
from app.mainbrand.rules.addresses import address_parts
from app.mainbrand.rules.keys import name_key
from app.mainbrand.rules.rarity import Rarity


@dataclass(frozen=True, slots=True)
class Destination:
    """Name and address that goods are to go to."""

    company_name: str
    street: str
    postal_code: str
    city: str


def as_applicant(to: Destination) -> Applicant:
    """A destination as a comparison sees it: nothing but its name and place."""
    return Applicant(
        vat_id=None,
        register_key=None,
        email_domains=frozenset(),
        name_key=name_key(to.company_name),
        postal_code=to.postal_code,
        company_name=to.company_name,
        street=to.street,
        city=to.city,
    )


def is_at_home(to: Destination, *, home: Destination) -> bool:
    """Whether goods go to the company itself: the same name in the same house, which was compared already."""
    own, other = (address_parts(one.street, one.postal_code, one.city) for one in (to, home))
    if name_key(to.company_name) != name_key(home.company_name):
        return False
    return own == other or (compare_places(own, other).house == 1.0 and own.letter == other.letter)


def doubts(
    applicant: Applicant,
    candidates: Sequence[Candidate],
    *,
    rarity: Rarity,
    review_from_score: int,
    cleared: frozenset[int],
) -> list[Match]:
    """The A- and B-rated accounts at a destination: in the same house, or alike enough for a review.

    An account that a person has looked at for this company and found to be another one (`cleared`, account
    ids) is no doubt any more.
    """
    own = address_parts(applicant.street, applicant.postal_code, applicant.city)
    same_house = {
        one.account_id
        for one in candidates
        if compare_places(own, address_parts(one.street, one.postal_code, one.city)).house == 1.0
    }
    return [
        match
        for match in find_matches(applicant, candidates, rarity=rarity, review_from_score=0)
        if match.segment in MAIN_BRAND
        and match.account_id not in cleared
        and (match.score >= review_from_score or match.account_id in same_house)
    ]
