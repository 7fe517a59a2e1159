"""Comparing an applicant with main accounts: each signal's evidence, and one score."""

from collections.abc import Iterable, Sequence

from app.customers.rules.likeness import (
    SAME_PERSON,
    Strength,
    domain_strength,
    features,
    phone_strength,
    same_name_strength,
    strength,
    together,
)
from app.customers.rules.matching import Applicant, Candidate, Evidence, Match, MatchField
from app.customers.rules.name_likeness import NOTHING, NameLikeness, compare_names, is_same_name
from app.customers.rules.place_likeness import PlaceLikeness, compare_places
from app.mainbrand.rules.addresses import address_parts, place_code
from app.mainbrand.rules.match_keys import KeyKind, house_key
from app.mainbrand.rules.names import name_parts
from app.mainbrand.rules.people import person_key
from app.mainbrand.rules.rarity import Rarity

MAXIMUM_MATCHES = 20
REVIEW_FROM_SCORE = 50
LEAST_ALIKE = 0.2
HARD_SHARE = 10.0
MOST_ALIKE = NameLikeness(shared=1.0, contained=1.0, rarest=1.0, written=1.0)

Share = tuple[MatchField, str, str, float]
"""A piece of evidence before its points are known: field, both values, and its part in the score."""


def find_matches(
    applicant: Applicant,
    candidates: Sequence[Candidate],
    *,
    rarity: Rarity | None = None,
    review_from_score: int = REVIEW_FROM_SCORE,
) -> list[Match]:
    """The candidates that a person should see: those of an equal hard identifier first, then by score.

    Left out is who scores less than `review_from_score`. At most 20 matches.
    """
    comparison = Comparison(applicant, rarity or Rarity())
    matches = (comparison.with_candidate(candidate, least=review_from_score) for candidate in candidates)
    found = [match for match in matches if match is not None]
    found.sort(key=lambda match: (not match.is_hard, -match.score, -len(match.evidence), match.account_id))
    return found[:MAXIMUM_MATCHES]


class Comparison:
    """One applicant, taken apart once, beside many candidates."""

    def __init__(self, applicant: Applicant, rarity: Rarity) -> None:
        self._applicant = applicant
        self._rarity = rarity
        self._name = name_parts(applicant.company_name or applicant.name_key)
        self._address = address_parts(applicant.street, applicant.postal_code, applicant.city)
        house = house_key(self._address)
        self._neighbours = rarity.count(*house) if house else 1
        self._best_scores: dict[PlaceLikeness, int] = {}

    def with_candidate(self, candidate: Candidate, *, least: int) -> Match | None:
        """The match with one candidate; None where it scores less than `least` and no hard identifier is equal."""
        hard = self._hard(candidate)
        signs = [*self._domains(candidate), *self._phone(candidate), *self._people(candidate)]
        place = self._place(candidate)
        if not hard and not signs and self._best_score(place) < least and not self._has_same_name(candidate):
            return None
        name, is_first, other_name = self._best_name(candidate)
        likeness = strength(name, place, neighbour_count=self._neighbours)
        same = self._same_name() if name.is_same else 0.0
        total = 1.0 if hard else together(likeness.total, same, *(value for *_, value in signs))
        score = 100 if hard else min(99, round(100 * total))
        if score < least:
            return None
        alike = self._alike(candidate, name, place, likeness, same, is_first=is_first, other_name=other_name)
        return Match(
            candidate.account_id,
            candidate.account_number,
            candidate.company_name,
            candidate.segment,
            tuple(_with_points([*hard, *signs, *alike], score)),
            score=score,
            strength=total,
        )

    def features(self, candidate: Candidate) -> tuple[dict[str, float], float]:
        """What the weights of the likeness are fitted on, and what an equal name says by itself."""
        place = self._place(candidate)
        name, _, _ = self._best_name(candidate)
        same = self._same_name() if name.is_same else 0.0
        return features(name, place, self._neighbours), same

    def _place(self, candidate: Candidate) -> PlaceLikeness:
        other = address_parts(candidate.street, candidate.postal_code, candidate.city)
        return compare_places(self._address, other)

    def _best_score(self, place: PlaceLikeness) -> int:
        """The score that no name but the very same can exceed in this place: most candidates need no more."""
        known = self._best_scores.get(place)
        if known is None:
            best = strength(MOST_ALIKE, place, neighbour_count=self._neighbours).total
            known = self._best_scores[place] = round(100 * best)
        return known

    def _has_same_name(self, candidate: Candidate) -> bool:
        if self._applicant.name_key and self._applicant.name_key == candidate.name_key:
            return True
        names = (name_parts(text) for text in (candidate.company_name, *candidate.other_names))
        return any(is_same_name(self._name, name) for name in names)

    def _hard(self, candidate: Candidate) -> Iterable[Share]:
        own = self._applicant
        found: list[Share] = []
        if own.vat_id and own.vat_id == candidate.vat_id:
            found.append((MatchField.VAT_ID, own.vat_id, candidate.vat_id, HARD_SHARE))
        if own.register_key and own.register_key == candidate.register_key:
            found.append((MatchField.REGISTER, own.register_key, candidate.register_key, HARD_SHARE))
        return found

    def _domains(self, candidate: Candidate) -> Iterable[Share]:
        domains = {
            MatchField.EMAIL_DOMAIN: candidate.email_domain,
            MatchField.WEB_DOMAIN: candidate.web_domain,
        }
        for field, domain in domains.items():
            if domain and domain in self._applicant.email_domains:
                yield field, domain, domain, domain_strength(self._rarity.count(KeyKind.DOMAIN, domain))
                # The same domain in both fields is one sign, not two.
                return

    def _phone(self, candidate: Candidate) -> Iterable[Share]:
        own, other = self._applicant.phone, candidate.phone
        if own and other and own.rstrip("0") == other.rstrip("0"):
            count = self._rarity.count(KeyKind.PHONE, own.rstrip("0"))
            yield MatchField.PHONE, own, other, phone_strength(count)

    def _people(self, candidate: Candidate) -> Iterable[Share]:
        person = person_key(candidate.contact_name)
        if person and person in self._applicant.people:
            yield MatchField.CONTACT_PERSON, person, candidate.contact_name, SAME_PERSON

    def _best_name(self, candidate: Candidate) -> tuple[NameLikeness, bool, str]:
        """The name of the candidate that is most alike, whether it is its present one, and how it is written."""
        own = self._applicant
        if own.name_key and own.name_key == candidate.name_key:
            return compare_names(self._name, self._name, self._rarity), True, candidate.company_name
        best, is_first, written = NOTHING, True, candidate.company_name
        for at, text in enumerate((candidate.company_name, *candidate.other_names)):
            found = compare_names(self._name, name_parts(text), self._rarity)
            if at == 0 or (found.is_same, found.shared, found.contained) > (
                best.is_same,
                best.shared,
                best.contained,
            ):
                best, is_first, written = found, at == 0, text
        return best, is_first, written

    def _same_name(self) -> float:
        count = self._rarity.count(KeyKind.NAME, self._applicant.name_key)
        return same_name_strength(count, weight=sum(map(self._rarity.weight, self._name.stems)))

    def _alike(
        self,
        candidate: Candidate,
        name: NameLikeness,
        place: PlaceLikeness,
        likeness: Strength,
        same: float,
        *,
        is_first: bool,
        other_name: str,
    ) -> Iterable[Share]:
        """The evidence of name and place. Their shares are log-odds, brought to the scale of the other signs."""
        own = self._applicant
        parts = likeness.name + likeness.place + likeness.address
        scale = likeness.total / parts if parts > 0 else 0.0
        place_share = likeness.place * scale
        is_name = name.is_same or name.shared >= LEAST_ALIKE or name.contained >= 2 * LEAST_ALIKE
        is_code_same = place_code(own.postal_code) == place_code(candidate.postal_code) != ""
        if own.name_key and own.name_key == candidate.name_key and is_code_same:
            own_text, other = (
                f"{own.name_key}, {own.postal_code}",
                f"{candidate.name_key}, {candidate.postal_code}",
            )
            share = likeness.name * scale + same + place_share
            place_share = 0.0
            yield MatchField.NAME_AND_POSTAL_CODE, own_text, other, share
        elif is_name:
            field = MatchField.NAME if is_first else MatchField.OTHER_NAME
            yield field, own.company_name or own.name_key, other_name, likeness.name * scale + same
        if place.house > 0 or place.street > 0:
            texts = _address_text(own), _address_text(candidate)
            yield MatchField.ADDRESS, *texts, likeness.address * scale + place_share
        elif is_name and place_share > 0:
            # The same town alone is no evidence: a name or an address makes it one.
            texts = (
                f"{own.postal_code} {own.city}".strip(),
                f"{candidate.postal_code} {candidate.city}".strip(),
            )
            yield MatchField.TOWN, *texts, place_share


def _address_text(side: Applicant | Candidate) -> str:
    return ", ".join(part for part in (side.street, f"{side.postal_code} {side.city}".strip()) if part)


def _with_points(shares: Sequence[Share], score: int) -> Iterable[Evidence]:
    """The score divided over its evidence by their shares; the rest point goes to the largest."""
    total = sum(share for *_, share in shares)
    if not shares or total <= 0:
        return [Evidence(field, own, other) for field, own, other, _ in shares]
    points = [round(score * share / total) for *_, share in shares]
    largest = max(range(len(shares)), key=lambda at: shares[at][3])
    points[largest] += score - sum(points)
    return [
        Evidence(field, own, other, given)
        for (field, own, other, _), given in zip(shares, points, strict=True)
    ]
