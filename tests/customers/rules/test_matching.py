from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules.admission import ScreeningState
from app.customers.rules.comparison import find_matches
from app.customers.rules.matching import (
    Applicant,
    Because,
    Candidate,
    MatchField,
    Verdict,
    judge,
    judge_again,
)
from app.mainbrand.rules.segments import Segment
from app.policy.rules.policy import UnknownCompany

A, B, C, UNRATED = Segment.A, Segment.B, Segment.C, Segment.UNRATED
CLEAR, REVIEW, BLOCKED = ScreeningState.CLEAR, ScreeningState.REVIEW, ScreeningState.BLOCKED
APPLICANT = Applicant(
    vat_id="DE900000014",
    register_key="leipzig HRB 12345",
    email_domains=frozenset({"brunner.example"}),
    name_key="brunner zweiradtechnik",
    postal_code="04177",
)


def account(account_id: int, segment: Segment, *common: str) -> Candidate:
    """A main account that has nothing in common with APPLICANT but what is named."""
    return Candidate(
        account_id=account_id,
        account_number=f"M-{account_id}",
        company_name=f"Konto {account_id}",
        segment=segment,
        vat_id="DE900000014" if "vat" in common else "DE900000022",
        register_key="leipzig HRB 12345" if "register" in common else None,
        email_domain="brunner.example" if "domain" in common else None,
        name_key="brunner zweiradtechnik" if "name" in common else f"konto {account_id}",
        postal_code="04177" if "place" in common else "99999",
    )


def verdict(
    *candidates: Candidate, unknown: UnknownCompany = UnknownCompany.ADMIT, **changes: object
) -> Verdict:
    applicant = replace(APPLICANT, **changes)  # type: ignore[arg-type]
    return judge(applicant, find_matches(applicant, candidates), unknown=unknown)


BORDERS = [
    ([account(1, A, "vat")], BLOCKED, Because.MAIN_BRAND_ACCOUNT, None),
    ([account(1, B, "register")], BLOCKED, Because.MAIN_BRAND_ACCOUNT, None),
    (
        [account(1, A, "vat", "register", "domain", "name", "place")],
        BLOCKED,
        Because.MAIN_BRAND_ACCOUNT,
        None,
    ),
    ([account(1, A, "vat"), account(2, B, "vat")], BLOCKED, Because.MAIN_BRAND_ACCOUNT, None),
    ([account(1, C, "vat")], CLEAR, Because.C_ACCOUNT, 1),
    ([account(7, C, "register")], CLEAR, Because.C_ACCOUNT, 7),
    ([account(1, C, "vat"), account(2, A, "domain")], CLEAR, Because.C_ACCOUNT, 1),
    ([account(1, C, "vat"), account(2, A, "name", "place")], REVIEW, Because.SEVERAL_ACCOUNTS, None),
    ([account(1, C, "vat"), account(2, C, "vat")], REVIEW, Because.SEVERAL_ACCOUNTS, None),
    ([account(1, C, "vat"), account(2, A, "vat")], REVIEW, Because.SEVERAL_ACCOUNTS, None),
    ([account(1, C, "vat"), account(2, C, "register")], REVIEW, Because.CONFLICT, None),
    ([account(1, A, "vat"), account(2, A, "register")], REVIEW, Because.CONFLICT, None),
    ([account(1, UNRATED, "vat")], REVIEW, Because.UNRATED_ACCOUNT, None),
    ([account(1, C, "domain")], REVIEW, Because.LIKENESS, None),
    ([account(1, A, "domain")], REVIEW, Because.LIKENESS, None),
    ([account(1, A, "name", "place")], REVIEW, Because.LIKENESS, None),
    ([account(1, A, "name")], REVIEW, Because.LIKENESS, None),
    ([account(1, C, "vat"), account(2, A, "name")], CLEAR, Because.C_ACCOUNT, 1),
    ([account(1, A, "place")], CLEAR, Because.UNKNOWN, None),
    ([], CLEAR, Because.UNKNOWN, None),
]


@pytest.mark.parametrize("candidates, state, because, link", BORDERS)
def test_only_a_hard_identifier_decides_by_itself(
    candidates: list[Candidate], state: ScreeningState, because: Because, link: int | None
) -> None:
    assert verdict(*candidates) == Verdict(state, because, link)


def test_an_unknown_company_waits_for_a_person_where_the_policy_says_so() -> None:
    assert verdict(unknown=UnknownCompany.REVIEW) == Verdict(REVIEW, Because.UNKNOWN)


def test_a_foreign_vat_id_never_admits_and_never_hides_the_main_brand() -> None:
    assert verdict(is_vat_id_foreign=True) == Verdict(REVIEW, Because.FOREIGN_VAT_ID)
    assert verdict(account(1, C, "vat"), is_vat_id_foreign=True) == Verdict(REVIEW, Because.FOREIGN_VAT_ID)
    assert verdict(account(1, A, "vat"), is_vat_id_foreign=True).state is BLOCKED


def test_empty_keys_have_nothing_in_common() -> None:
    nobody = Applicant(None, None, frozenset(), "", "")
    nothing = replace(account(1, A), vat_id=None, name_key="", postal_code="")

    assert find_matches(nobody, [nothing]) == []


def test_a_match_keeps_each_field_and_both_values_hard_ones_first() -> None:
    matches = find_matches(APPLICANT, [account(1, C, "name", "place", "domain"), account(2, A, "vat")])

    assert [match.account_number for match in matches] == ["M-2", "M-1"]
    assert [(found.field, found.own, found.other) for found in matches[1].evidence] == [
        (MatchField.EMAIL_DOMAIN, "brunner.example", "brunner.example"),
        (
            MatchField.NAME_AND_POSTAL_CODE,
            "brunner zweiradtechnik, 04177",
            "brunner zweiradtechnik, 04177",
        ),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Segment)),
            st.sets(st.sampled_from(["vat", "register", "domain", "name", "place"])),
        ),
        max_size=5,
    ),
    st.sampled_from(list(UnknownCompany)),
)
def test_nobody_is_blocked_on_a_likeness_and_nobody_admitted_beside_an_a_or_b_identifier(
    drawn: list[tuple[Segment, set[str]]], unknown: UnknownCompany
) -> None:
    candidates = [account(number, segment, *common) for number, (segment, common) in enumerate(drawn)]

    found = verdict(*candidates, unknown=unknown)

    hard = [segment for segment, common in drawn if common & {"vat", "register"}]
    if found.state is BLOCKED:
        assert hard
        assert set(hard) <= {A, B}
    if found.state is CLEAR:
        assert not {A, B, UNRATED} & set(hard)
        assert (found.main_account_id is not None) == bool(hard)


def again(*candidates: Candidate, linked: int | None = None, seen: tuple[int, ...] = ()) -> Verdict | None:
    applicant = replace(APPLICANT, main_account_id=linked)
    return judge_again(
        applicant,
        find_matches(applicant, candidates),
        unknown=UnknownCompany.ADMIT,
        present=CLEAR,
        seen=frozenset(seen),
    )


@pytest.mark.parametrize(
    "candidates, linked, seen, expected",
    [
        ([], None, (), None),
        ([account(1, A, "vat")], None, (), Verdict(BLOCKED, Because.MAIN_BRAND_ACCOUNT)),
        ([account(1, A, "vat")], None, (1,), Verdict(BLOCKED, Because.MAIN_BRAND_ACCOUNT)),
        ([account(1, A, "vat")], 1, (1,), None),
        ([account(1, C, "vat")], None, (), Verdict(CLEAR, Because.C_ACCOUNT, 1)),
        ([account(1, C, "vat")], 1, (), None),
        ([account(1, C, "vat"), account(2, C, "register")], 1, (), Verdict(REVIEW, Because.SEVERAL_ACCOUNTS)),
        ([account(1, A, "domain")], None, (1,), None),
        ([account(1, A, "domain")], None, (), Verdict(REVIEW, Because.LIKENESS)),
        ([account(1, A, "domain"), account(2, A, "domain")], None, (1,), Verdict(REVIEW, Because.LIKENESS)),
    ],
)
def test_an_admitted_company_is_touched_only_by_what_is_new_or_by_an_a_or_b_identifier(
    candidates: list[Candidate], linked: int | None, seen: tuple[int, ...], expected: Verdict | None
) -> None:
    assert again(*candidates, linked=linked, seen=seen) == expected
