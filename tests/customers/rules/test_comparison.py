from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules.comparison import find_matches
from app.customers.rules.matching import Applicant, Candidate, Match, MatchField
from app.mainbrand.rules.keys import name_key
from app.mainbrand.rules.match_keys import KeyKind
from app.mainbrand.rules.names import name_parts
from app.mainbrand.rules.rarity import Rarity
from app.mainbrand.rules.segments import Segment

STREET, CODE, TOWN = "Karl-Heine-Straße 12", "04229", "Leipzig"
FAR = {"street": "Hafenweg 3", "postal_code": "20457", "city": "Hamburg"}


def applicant(name: str = "Brunner Zweiradtechnik GmbH", **values: Any) -> Applicant:
    """A company in Leipzig that shares nothing with anybody yet."""
    plain = Applicant(
        vat_id=None,
        register_key=None,
        email_domains=frozenset(),
        name_key=name_key(name),
        postal_code=CODE,
        company_name=name,
        street=STREET,
        city=TOWN,
    )
    return replace(plain, **values)


def account(name: str = "Odenthal Fördertechnik AG", **values: Any) -> Candidate:
    """An A-account in the same house, unless told otherwise."""
    plain = Candidate(
        account_id=1,
        account_number="M-1",
        company_name=name,
        segment=Segment.A,
        vat_id=None,
        register_key=None,
        email_domain=None,
        name_key=name_key(name),
        postal_code=CODE,
        street=STREET,
        city=TOWN,
    )
    return replace(plain, **values)


def only(own: Applicant, other: Candidate, **values: Any) -> Match | None:
    found = find_matches(own, [other], **values)
    return found[0] if found else None


def fields(match: Match | None) -> list[str]:
    return [found.field.value for found in match.evidence] if match else []


SPELLINGS = [
    ("Brunner Zweiradtechnik GmbH", "Brunner Zweirad Technik GmbH & Co. KG"),
    ("Brunner Zweiradtechnik GmbH", "Bruner Zweiradtechnik"),
    ("Brunner Zweiradtechnik GmbH", "Zweiradtechnik Brunner e.K."),
    ("Brunner Zweiradtechnik GmbH", "Brunner GmbH"),
    ("H. Schenk GmbH", "Horst Schenk Projektentwicklung GmbH"),
    ("G.C.-Facility Management UG", "G.C.-Facilitymanagement GmbH"),
    ("Meyer Kunststofftechnik", "Maier Kunststofftechnik GmbH"),
]


@pytest.mark.parametrize("own, other", SPELLINGS)
def test_a_like_name_in_the_same_town_goes_to_a_person(own: str, other: str) -> None:
    match = only(applicant(own), account(other, street="Anderer Weg 7"))

    assert match is not None
    assert match.evidence[0].field in (MatchField.NAME_AND_POSTAL_CODE, MatchField.NAME)


@pytest.mark.parametrize(
    "street",
    ["Karl-Heine-Str. 12", "KARL HEINE STRASSE 12", "Karl-Heine-Straße 12 - 14", "Karl-Heine-Strasse 12a"],
)
def test_the_same_house_goes_to_a_person_whatever_the_name(street: str) -> None:
    match = only(applicant(), account(street=street))

    assert fields(match) == ["address"]


@pytest.mark.parametrize("street", ["Karl-Heine-Straße 40", "Könneritzstraße 12", ""])
def test_the_same_street_or_town_alone_is_nothing(street: str) -> None:
    assert only(applicant(), account(street=street)) is None


def test_a_house_of_many_companies_says_less() -> None:
    crowd = Rarity(90_000, {(KeyKind.STREET_AND_TOWN, "leipzig karlheinestr 12"): 40})

    assert only(applicant(), account(), rarity=crowd) is None


def test_a_trade_name_and_an_earlier_name_count_like_the_name() -> None:
    known = account(other_names=("Radwelt", "Brunner Zweiradtechnik oHG"), **FAR)

    match = only(applicant(), known)

    assert fields(match) == ["other_name"]
    assert match is not None
    assert match.evidence[0].other == "Brunner Zweiradtechnik oHG"


def test_the_same_rare_name_elsewhere_goes_to_a_person_a_frequent_surname_does_not() -> None:
    many = Rarity(90_000, {(KeyKind.WORD, "fischer"): 400, (KeyKind.NAME, "fischer"): 2})

    assert fields(only(applicant(), account("BRUNNER-Zweiradtechnik KG", **FAR))) == ["similar_name"]
    assert only(applicant("Fischer GmbH"), account("Fischer OHG", **FAR), rarity=many) is None


@pytest.mark.parametrize("count, is_seen", [(1, True), (3, True), (4, False), (400, False)])
def test_a_domain_goes_to_a_person_unless_many_accounts_share_it(count: int, is_seen: bool) -> None:
    rarity = Rarity(90_000, {(KeyKind.DOMAIN, "haus.example"): count})
    own = applicant(email_domains=frozenset({"haus.example"}))

    by_mail = only(own, account(email_domain="haus.example", **FAR), rarity=rarity)
    by_site = only(own, account(web_domain="haus.example", **FAR), rarity=rarity)

    assert fields(by_mail) == (["email_domain"] if is_seen else [])
    assert fields(by_site) == (["web_domain"] if is_seen else [])


def test_an_equal_phone_goes_to_a_person_also_without_its_last_zero() -> None:
    match = only(applicant(phone="+493412312570"), account(phone="+49341231257", **FAR))

    assert fields(match) == ["phone"]


def test_a_persons_name_alone_is_nothing_and_adds_to_other_signs() -> None:
    own = applicant(people=frozenset({"kim probst"}), email_domains=frozenset({"haus.example"}))

    alone = only(own, account(contact_name="Frau Dr. Kim Probst", **FAR))
    match = only(own, account(contact_name="Probst, Kim", email_domain="haus.example", **FAR))

    assert alone is None
    assert fields(match) == ["email_domain", "contact_person"]


def test_nothing_but_a_hard_identifier_reaches_a_hundred() -> None:
    alike = account("Brunner Zweiradtechnik GmbH", phone="+493412312570")
    own = applicant(phone="+493412312570", vat_id="DE900000014")

    soft, hard = only(own, alike), only(own, replace(alike, vat_id="DE900000014"))

    assert soft is not None
    assert hard is not None
    assert (soft.score, soft.is_hard) == (99, False)
    assert (hard.score, hard.is_hard) == (100, True)


def test_the_bound_of_the_policy_decides_who_is_shown() -> None:
    score = find_matches(applicant(), [account()], review_from_score=1)[0].score

    assert only(applicant(), account(), review_from_score=score) is not None
    assert only(applicant(), account(), review_from_score=score + 1) is None


TEXTS = st.sampled_from(
    ["Brunner", "Odenthal", "Technik", "GmbH", "& Co. KG", "Müller", "S + K", "4711", "Ж", ""]
)
NAMES = st.lists(TEXTS, min_size=1, max_size=5).map(" ".join)


@given(NAMES, NAMES, st.sampled_from([STREET, "Hafenweg 3", ""]), st.sampled_from([CODE, "20457", ""]))
def test_points_add_up_to_the_score_and_a_pair_is_judged_alike_from_both_sides(
    own: str, other: str, street: str, code: str
) -> None:
    there = find_matches(
        applicant(own), [account(other, street=street, postal_code=code)], review_from_score=0
    )
    back = find_matches(
        applicant(other, street=street, postal_code=code), [account(own)], review_from_score=0
    )

    assert abs(there[0].strength - back[0].strength) < 1e-9
    if there[0].evidence:
        assert sum(found.points for found in there[0].evidence) == there[0].score
    assert 0 <= there[0].score <= 99


@given(
    NAMES,
    NAMES,
    st.sampled_from([STREET, "Hafenweg 3", ""]),
    st.sampled_from([CODE, "20457", ""]),
    st.sampled_from([TOWN, "Hamburg", ""]),
    st.integers(1, 99),
)
def test_a_candidate_that_is_passed_over_early_would_not_have_reached_the_bound(
    own: str, other: str, street: str, code: str, town: str, least: int
) -> None:
    there = account(other, street=street, postal_code=code, city=town)

    quick = find_matches(applicant(own), [there], review_from_score=least)

    full = find_matches(applicant(own), [there], review_from_score=0)
    assert quick == [match for match in full if match.score >= least]


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts_can_be_compared(own: str, other: str) -> None:
    find_matches(applicant(own), [account(other)], review_from_score=0)
    assert name_parts(own).compact == name_parts(own).compact
