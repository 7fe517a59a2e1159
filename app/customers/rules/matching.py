"""Comparing an applicant with the main brand's accounts, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.customers.rules.admission import ScreeningState
from app.mainbrand.rules.segments import Segment
from app.policy.rules.policy import UnknownCompany

MAXIMUM_MATCHES = 20
MAIN_BRAND = frozenset({Segment.A, Segment.B})


class MatchField(StrEnum):
    """What two companies have in common. The first two are hard identifiers: one legal person, one value."""

    VAT_ID = "vat_id"
    REGISTER = "register_key"
    EMAIL_DOMAIN = "email_domain"
    NAME_AND_POSTAL_CODE = "name_and_postal_code"


HARD = frozenset({MatchField.VAT_ID, MatchField.REGISTER})


class Because(StrEnum):
    """Why a comparison ended as it did."""

    MAIN_BRAND_ACCOUNT = "main_brand_account"
    C_ACCOUNT = "c_account"
    UNRATED_ACCOUNT = "unrated_account"
    CONFLICT = "conflict"
    SEVERAL_ACCOUNTS = "several_accounts"
    LIKENESS = "likeness"
    FOREIGN_VAT_ID = "foreign_vat_id"
    KNOWN_CUSTOMER = "known_customer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is compared of a customer; the domains are those of its people, free-mail left out."""

    vat_id: str | None
    register_key: str | None
    email_domains: frozenset[str]
    name_key: str
    postal_code: str
    is_vat_id_foreign: bool = False
    main_account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A main account with its keys."""

    account_id: int
    account_number: str
    company_name: str
    segment: Segment
    vat_id: str | None
    register_key: str | None
    email_domain: str | None
    name_key: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing in common, as both sides wrote it."""

    field: MatchField
    own: str
    other: str


@dataclass(frozen=True, slots=True)
class Match:
    """A main account that has something in common with the applicant."""

    account_id: int
    account_number: str
    company_name: str
    segment: Segment
    evidence: tuple[Evidence, ...]

    @property
    def fields(self) -> frozenset[MatchField]:
        return frozenset(found.field for found in self.evidence)

    @property
    def is_hard(self) -> bool:
        return not HARD.isdisjoint(self.fields)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, the main account to link to (only for a C account), and why."""

    state: ScreeningState
    because: Because
    main_account_id: int | None = None


def find_matches(applicant: Applicant, candidates: Sequence[Candidate]) -> list[Match]:
    """What each candidate has in common with the applicant: hard identifiers first, at most 20 matches."""
    found = [match for candidate in candidates if (match := _match(applicant, candidate)).evidence]
    found.sort(key=lambda match: (not match.is_hard, -len(match.evidence), match.account_id))
    return found[:MAXIMUM_MATCHES]


def judge(
    applicant: Applicant,
    matches: Sequence[Match],
    *,
    unknown: UnknownCompany,
    is_known_here: bool = False,
) -> Verdict:
    """What follows from the matches (domain.md section 2).

    Only a hard identifier decides by itself: A or B is blocked, C is admitted and linked. Everything
    doubtful goes to a person: likeness, unrated accounts, two identifiers that point to different accounts,
    another account than the linked one, a VAT id from another country, a company that applied here before
    (`is_known_here`). A company without any match is treated as the policy says.
    """
    verdict = _judge(applicant, matches, unknown=unknown)
    if verdict.state is ScreeningState.CLEAR and is_known_here:
        return Verdict(ScreeningState.REVIEW, Because.KNOWN_CUSTOMER)
    return verdict


def judge_again(
    applicant: Applicant,
    matches: Sequence[Match],
    *,
    unknown: UnknownCompany,
    present: ScreeningState,
    seen: frozenset[int],
    is_known_here: bool = False,
) -> Verdict | None:
    """What a comparison after an import changes for a company that was compared before; None for nothing.

    An admitted company stays admitted on evidence that was there when it was admitted (`seen`, account ids)
    and on its own linked account, whose segment the gate reads by itself.
    """
    if present is not ScreeningState.CLEAR:
        return judge(applicant, matches, unknown=unknown, is_known_here=is_known_here)
    news = [
        match
        for match in matches
        if match.account_id != applicant.main_account_id and (match.account_id not in seen or match.is_hard)
    ]
    new_hard = [match for match in news if match.is_hard]
    if new_hard and all(match.segment in MAIN_BRAND for match in new_hard) and not _is_conflict(new_hard):
        return Verdict(ScreeningState.BLOCKED, Because.MAIN_BRAND_ACCOUNT)
    news = [match for match in news if match.account_id not in seen]
    if not news:
        return None
    return judge(applicant, news, unknown=unknown)


def _judge(applicant: Applicant, matches: Sequence[Match], *, unknown: UnknownCompany) -> Verdict:
    hard = [match for match in matches if match.is_hard]
    if _is_conflict(hard):
        return Verdict(ScreeningState.REVIEW, Because.CONFLICT)
    if hard and all(match.segment in MAIN_BRAND for match in hard):
        return Verdict(ScreeningState.BLOCKED, Because.MAIN_BRAND_ACCOUNT)
    if len(hard) > 1:
        return Verdict(ScreeningState.REVIEW, Because.SEVERAL_ACCOUNTS)
    if hard and hard[0].segment is not Segment.C:
        return Verdict(ScreeningState.REVIEW, Because.UNRATED_ACCOUNT)
    if applicant.is_vat_id_foreign:
        return Verdict(ScreeningState.REVIEW, Because.FOREIGN_VAT_ID)
    if hard:
        if any(
            _is_same_name(match) and match.segment in MAIN_BRAND for match in matches if not match.is_hard
        ):
            return Verdict(ScreeningState.REVIEW, Because.SEVERAL_ACCOUNTS)
        if applicant.main_account_id not in (None, hard[0].account_id):
            return Verdict(ScreeningState.REVIEW, Because.SEVERAL_ACCOUNTS)
        return Verdict(ScreeningState.CLEAR, Because.C_ACCOUNT, hard[0].account_id)
    if matches:
        return Verdict(ScreeningState.REVIEW, Because.LIKENESS)
    is_admitted = unknown is UnknownCompany.ADMIT
    return Verdict(ScreeningState.CLEAR if is_admitted else ScreeningState.REVIEW, Because.UNKNOWN)


def _match(applicant: Applicant, candidate: Candidate) -> Match:
    evidence = []
    if applicant.vat_id and applicant.vat_id == candidate.vat_id:
        evidence.append(Evidence(MatchField.VAT_ID, applicant.vat_id, candidate.vat_id))
    if applicant.register_key and applicant.register_key == candidate.register_key:
        evidence.append(Evidence(MatchField.REGISTER, applicant.register_key, candidate.register_key))
    if candidate.email_domain and candidate.email_domain in applicant.email_domains:
        evidence.append(Evidence(MatchField.EMAIL_DOMAIN, candidate.email_domain, candidate.email_domain))
    has_same_place = _place(applicant.postal_code) == _place(candidate.postal_code) != ""
    if applicant.name_key and applicant.name_key == candidate.name_key and has_same_place:
        own = f"{applicant.name_key}, {applicant.postal_code}"
        other = f"{candidate.name_key}, {candidate.postal_code}"
        evidence.append(Evidence(MatchField.NAME_AND_POSTAL_CODE, own, other))
    return Match(
        candidate.account_id,
        candidate.account_number,
        candidate.company_name,
        candidate.segment,
        tuple(evidence),
    )


def _place(postal_code: str) -> str:
    return "".join(postal_code.split()).upper()


def _is_conflict(hard: Sequence[Match]) -> bool:
    by_vat_id = {match.account_id for match in hard if MatchField.VAT_ID in match.fields}
    by_register = {match.account_id for match in hard if MatchField.REGISTER in match.fields}
    return bool(by_vat_id and by_register and by_vat_id.isdisjoint(by_register))


def _is_same_name(match: Match) -> bool:
    return MatchField.NAME_AND_POSTAL_CODE in match.fields
