"""Comparing an applicant with the main brand's accounts, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.customers.rules.admission import ScreeningState
from app.mainbrand.rules.segments import Segment
from app.policy.rules.policy import UnknownCompany

MAIN_BRAND = frozenset({Segment.A, Segment.B})


class MatchField(StrEnum):
    """What two companies have in common. The first two are hard identifiers: one legal person, one value."""

    VAT_ID = "vat_id"
    REGISTER = "register_key"
    EMAIL_DOMAIN = "email_domain"
    WEB_DOMAIN = "web_domain"
    PHONE = "phone"
    NAME_AND_POSTAL_CODE = "name_and_postal_code"
    NAME = "similar_name"
    OTHER_NAME = "other_name"
    ADDRESS = "address"
    TOWN = "town"
    CONTACT_PERSON = "contact_person"


HARD = frozenset({MatchField.VAT_ID, MatchField.REGISTER})
NAMES = frozenset({MatchField.NAME, MatchField.OTHER_NAME})
PLACES = frozenset({MatchField.ADDRESS, MatchField.TOWN})


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
    """What is compared of a customer; the domains are those of its people, free-mail left out.

    `phone` is in the form of E.164; `people` are keys of its people's names.
    """

    vat_id: str | None
    register_key: str | None
    email_domains: frozenset[str]
    name_key: str
    postal_code: str
    is_vat_id_foreign: bool = False
    main_account_id: int | None = None
    company_name: str = ""
    street: str = ""
    city: str = ""
    phone: str = ""
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A main account with its keys; `other_names` are its trade names and earlier names."""

    account_id: int
    account_number: str
    company_name: str
    segment: Segment
    vat_id: str | None
    register_key: str | None
    email_domain: str | None
    name_key: str
    postal_code: str
    street: str = ""
    city: str = ""
    phone: str = ""
    web_domain: str | None = None
    other_names: tuple[str, ...] = ()
    contact_name: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing in common, as both sides wrote it, and its points: the evidence's points add up to the score."""

    field: MatchField
    own: str
    other: str
    points: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """A main account that has something in common with the applicant.

    `score` is from 0 to 100 (100: a hard identifier is equal); `strength` the same without rounding, 0 to 1.
    """

    account_id: int
    account_number: str
    company_name: str
    segment: Segment
    evidence: tuple[Evidence, ...]
    score: int = 0
    strength: float = 0.0

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
    and on its own linked account, whose segment the gate reads by itself. That it resembles a C account closes
    nothing either: if it were that company, it would be let in.
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
    news = [
        match
        for match in news
        if match.account_id not in seen and (match.is_hard or match.segment is not Segment.C)
    ]
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


def _is_conflict(hard: Sequence[Match]) -> bool:
    by_vat_id = {match.account_id for match in hard if MatchField.VAT_ID in match.fields}
    by_register = {match.account_id for match in hard if MatchField.REGISTER in match.fields}
    return bool(by_vat_id and by_register and by_vat_id.isdisjoint(by_register))


def _is_same_name(match: Match) -> bool:
    """The name in the same place: a hard identifier of another account does not explain that away."""
    if MatchField.NAME_AND_POSTAL_CODE in match.fields:
        return True
    return not NAMES.isdisjoint(match.fields) and not PLACES.isdisjoint(match.fields)
