"""Applicant and candidate side by side: each fact and each piece of evidence with what differs in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from app.core.errors import N_
from app.customers.models import Contact, Customer, Screening
from app.customers.rules.application import LegalForm
from app.customers.rules.differences import Differences, by_characters, by_words
from app.mainbrand.models import MainAccount
from app.mainbrand.queries_desk import find_account
from app.mainbrand.rules.keys import email_domain, fold

Compare = Callable[[str, str], Differences]


@dataclass(frozen=True)
class ComparedField:
    """One fact of applicant and candidate; the label is not translated yet."""

    label: str
    own: str
    other: str
    differences: Differences

    @property
    def is_same(self) -> bool:
        return bool(self.own) and fold(self.own) == fold(self.other)

    @property
    def is_alike(self) -> bool:
        """Whether only case, umlauts, punctuation, spaces or the order of words differ."""
        is_known = bool(self.own) and bool(self.other)
        return is_known and not self.is_same and not self.differences.are_there

    @property
    def is_different(self) -> bool:
        return bool(self.own) and bool(self.other) and not self.is_same and not self.is_alike


@dataclass(frozen=True)
class ShownEvidence:
    """One thing in common, with its share of the score (None from before there were scores)."""

    field: str
    own: str
    other: str
    points: int | None


@dataclass(frozen=True)
class Comparison:
    """One candidate beside the applicant: the evidence as it was found, and the facts as they are now."""

    account_id: int
    company_name: str
    segment_then: str
    is_hard: bool
    score: int | None
    evidence: tuple[ShownEvidence, ...]
    account: MainAccount | None
    fields: tuple[ComparedField, ...]


def compare(
    session: Session, screening: Screening, customer: Customer, people: Sequence[Contact]
) -> list[Comparison]:
    """The candidates of a case: identifiers that decide first, then the highest score, as they were found."""
    found = [_comparison(session, match, customer, people) for match in screening.matches]
    return sorted(found, key=lambda one: (not one.is_hard, -(one.score or 0)))


def _comparison(
    session: Session, match: dict[str, Any], customer: Customer, people: Sequence[Contact]
) -> Comparison:
    account = find_account(session, match["account_id"])
    evidence = [
        ShownEvidence(
            str(one.get("field", "")), str(one.get("own", "")), str(one.get("other", "")), one.get("points")
        )
        for one in match.get("evidence", ())
    ]
    return Comparison(
        account_id=match["account_id"],
        company_name=match.get("company_name", ""),
        segment_then=match.get("segment", ""),
        is_hard=bool(match.get("is_hard")),
        score=match.get("score"),
        evidence=tuple(sorted(evidence, key=lambda one: -(one.points or 0))),
        account=account,
        fields=_fields(customer, people, account) if account is not None else (),
    )


def _fields(customer: Customer, people: Sequence[Contact], account: MainAccount) -> tuple[ComparedField, ...]:
    domains = sorted({domain for person in people if (domain := email_domain(person.email))})
    domain = next((one for one in domains if one == account.email_domain), ", ".join(domains))
    legal_form = "" if customer.legal_form == LegalForm.FOREIGN else customer.legal_form
    rows: tuple[tuple[str, str, str, Compare], ...] = (
        (N_("Company"), customer.company_name, account.company_name, by_words),
        (N_("Legal form"), legal_form, account.legal_form, by_words),
        (N_("Name without legal form"), customer.name_key, account.name_key, by_words),
        (N_("VAT id"), customer.vat_id or "", account.vat_id or "", by_characters),
        (N_("Register entry"), customer.register_key or "", account.register_key or "", by_characters),
        (N_("Street"), customer.street, account.street, by_words),
        (N_("Postal code"), customer.postal_code, account.postal_code, by_characters),
        (N_("Town"), customer.city, account.city, by_words),
        (N_("Country"), customer.country, account.country, by_characters),
        (N_("E-mail domain"), domain, account.email_domain or "", by_characters),
        (N_("Phone"), customer.phone, account.phone, by_characters),
    )
    return tuple(
        ComparedField(label, own, other, how(own, other) if own and other else by_words(own, own))
        for label, own, other, how in rows
    )
