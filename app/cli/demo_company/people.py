"""The demo's log-ins, its customers, its staff, and the companies in the main brand's list."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp

from app.cli.demo_company.goods import BlockFacts
from app.cli.demo_company.names import FIRST_CUSTOMER, FIRST_PERSONA, Company, company
from app.cli.demo_company.purchases import (
    LARGE_NEEDS,
    MEDIUM_NEEDS,
    MOST_BUYERS,
    Need,
    add_needs,
    add_purchases,
)
from app.customers.models import BlockedAttempt, Contact, Customer, Screening
from app.customers.queries_screening import matches_as_json
from app.customers.rules.admission import ScreeningState
from app.customers.rules.comparison import find_matches
from app.customers.rules.matching import Applicant, Because, Candidate, Match, Verdict, judge
from app.customers.rules.vat_ids import VatIdStatus
from app.customers.service_screening import REASONS
from app.flows.fill_demo import Buyer, Rows
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.keys import email_domain, name_key, register_key, vat_key
from app.mainbrand.rules.phones import phone_key
from app.mainbrand.rules.prospect import Buying, Judgement, plain_prospect
from app.mainbrand.rules.rating import rate
from app.mainbrand.rules.segments import Segment
from app.mainbrand.rules.shares import RevenueBounds
from app.policy.rules.policy import Policy
from app.staff.models import StaffMember
from app.staff.rules.roles import Role

MOST_ACCOUNTS = 100_000
MOST_CUSTOMERS = 100_000
DOUBTFUL_FORM = "e.K."
JUDGEMENTS = {3: Judgement.HIGH, 11: Judgement.LOW, 17: Judgement.EVEN}
DEMO_MARK = "DEMO"
DEMO_BULK_MARK = "DEMOB"
SALES = (
    "Jule Kessler, vertrieb@kessler.example, +49 30 23125 210",
    "Mats Kessler, vertrieb@kessler.example, +49 30 23125 211",
    "Rieke Kessler, vertrieb@kessler.example, +49 30 23125 212",
)


@dataclass(frozen=True)
class Persona:
    """A customer's log-in: what makes its case, and the revenue of its main account, None without one."""

    email: str
    what: str
    language: str = "de"
    main_revenue_cents: int | None = None
    is_email_verified: bool = True
    is_refused: bool = False
    is_moved_up: bool = False
    is_doubtful: bool = False
    needs: tuple[Need, ...] = ()


PERSONAS = (
    Persona("c@demo.example", "admitted, with past orders", main_revenue_cents=184_250),
    Persona("c2@demo.example", "admitted, another company", language="en"),
    Persona("a@demo.example", "A-customer: stays outside", main_revenue_cents=8_412_900, needs=LARGE_NEEDS),
    Persona("b@demo.example", "B-customer: stays outside", main_revenue_cents=1_968_000, needs=MEDIUM_NEEDS),
    Persona("review@demo.example", "in review", main_revenue_cents=2_730_500, is_doubtful=True),
    Persona("unverified@demo.example", "e-mail address not confirmed", is_email_verified=False),
    Persona("suspended@demo.example", "refused for too much effort", is_refused=True),
    Persona(
        "upgraded@demo.example", "moved up to the main brand", main_revenue_cents=96_400, is_moved_up=True
    ),
    Persona(
        "review2@demo.example",
        "in review, a second case",
        language="en",
        main_revenue_cents=412_800,
        is_doubtful=True,
    ),
    Persona(
        "review3@demo.example", "in review, a third case", main_revenue_cents=6_915_000, is_doubtful=True
    ),
)
STAFF = (
    ("admin@demo.example", "Alma Kessler", Role.ADMIN, "everything"),
    ("ops@demo.example", "Ole Brandt", Role.OPERATIONS, "orders, dispatch, bundles"),
    ("lead@demo.example", "Lina Harms", Role.LEAD, "reviews and exceptions"),
    ("finance@demo.example", "Finn Osterode", Role.FINANCE, "payments and invoices"),
    ("viewer@demo.example", "Vida Marten", Role.VIEWER, "reads only"),
)


def add_staff(rows: Rows, *, password_hash: str, created_at: datetime) -> None:
    """The five accounts with a confirmed second factor; each installation gets its own TOTP secrets."""
    for email, name, role, _ in STAFF:
        rows.add(
            StaffMember, email=email, name=name, role=role, password_hash=password_hash, created_at=created_at
        )
        rows.totp_secrets[email] = pyotp.random_base32(32)


def add_personas(
    rows: Rows, *, policy: Policy, blocks: Mapping[str, BlockFacts], password_hash: str, now: datetime
) -> tuple[list[Buyer], Buyer]:
    """The customers' log-ins, each a company of its own, judged by default rule.

    Returns those that may buy, and the one whose effort will close the shop (demo_company/effort.py).
    """
    buyers = []
    refused = None
    for number, persona in enumerate(PERSONAS):
        firm = company(FIRST_PERSONA + number)
        applied_at = now - timedelta(days=260 - 20 * number)
        if persona.is_doubtful:
            applied_at = now - timedelta(days=1, hours=24 - 2 * number)
        if not persona.is_email_verified:
            # An address that stays unconfirmed for 30 days is forgotten: that company has just applied.
            applied_at = now - timedelta(days=1)
        values = _company_values(firm, is_known=not persona.is_doubtful)
        account = None
        if persona.main_revenue_cents is not None:
            account = add_account(
                rows,
                firm,
                account_number=f"K-{200_001 + number}",
                revenue_cents=persona.main_revenue_cents,
                policy=policy,
                now=now,
            )
            add_needs(rows, account.account_number, needs=persona.needs, blocks=blocks, now=now)
        matches, verdict = _compare(values, persona.email, account, policy)
        state = verdict.state if persona.is_email_verified else ScreeningState.PENDING
        is_clear = state is ScreeningState.CLEAR
        customer_id = rows.add(
            Customer,
            **values,
            number=f"K-{DEMO_MARK}{1001 + number}",
            language=persona.language,
            main_account_id=verdict.main_account_id,
            segment=Segment.C if is_clear else Segment.UNRATED,
            segment_reason=REASONS.get(verdict.because, "") if is_clear else "",
            screening=state,
            business_confirmed_at=applied_at,
            business_verified_at=applied_at + timedelta(minutes=9) if is_clear else None,
            suspended_at=None,
            suspended_reason="",
            moved_up_at=now - timedelta(days=20) if persona.is_moved_up else None,
            created_at=applied_at,
        )
        contact_id = _add_contact(
            rows,
            customer_id,
            email=persona.email,
            name=firm.contact_name,
            language=persona.language,
            password_hash=password_hash,
            verified_at=applied_at + timedelta(minutes=8) if persona.is_email_verified else None,
            created_at=applied_at,
        )
        if persona.is_email_verified:
            _add_screening(rows, customer_id, verdict, matches, at=applied_at + timedelta(minutes=9))
        buyer = _buyer(firm, customer_id, contact_id, persona.language)
        if persona.is_refused:
            refused = buyer
        elif is_clear and not persona.is_moved_up:
            buyers.append(buyer)
    assert refused is not None
    return buyers, refused


def add_customers(rows: Rows, numbers: range, *, password_hash: str, now: datetime) -> list[Buyer]:
    """More admitted companies that the main brand does not know; every fourth reads English."""
    buyers = []
    for number in numbers:
        firm = company(FIRST_CUSTOMER + number)
        language = "en" if number % 4 == 3 else "de"
        applied_at = now - timedelta(days=30 + number % 300, minutes=number % 600)
        customer_id = rows.add(
            Customer,
            **_company_values(firm, is_known=True),
            number=f"K-{DEMO_BULK_MARK}{20_001 + number}",
            language=language,
            main_account_id=None,
            segment=Segment.C,
            segment_reason=REASONS[Because.UNKNOWN],
            screening=ScreeningState.CLEAR,
            business_confirmed_at=applied_at,
            business_verified_at=applied_at + timedelta(minutes=5),
            suspended_at=None,
            suspended_reason="",
            moved_up_at=None,
            created_at=applied_at,
        )
        contact_id = _add_contact(
            rows,
            customer_id,
            email=f"einkauf@{firm.domain}",
            name=firm.contact_name,
            language=language,
            password_hash=password_hash,
            verified_at=applied_at + timedelta(minutes=4),
            created_at=applied_at,
        )
        verdict = Verdict(ScreeningState.CLEAR, Because.UNKNOWN)
        _add_screening(rows, customer_id, verdict, [], at=applied_at + timedelta(minutes=5))
        buyers.append(_buyer(firm, customer_id, contact_id, language))
    return buyers


def add_accounts(
    rows: Rows,
    numbers: range,
    *,
    policy: Policy,
    blocks: Mapping[str, BlockFacts],
    seed: int,
    now: datetime,
) -> None:
    """Companies of the main brand's list with their purchases; few have most of the revenue, as it is in trade."""
    for number in numbers:
        firm, chance = company(number), random.Random(f"{seed}:account:{number}")
        revenue_cents = round(chance.lognormvariate(12.6, 1.7))
        if number < MOST_BUYERS:
            add_purchases(
                rows,
                f"K-{300_001 + number}",
                revenue_cents=revenue_cents,
                blocks=blocks,
                seed=seed,
                now=now,
            )
        add_account(
            rows,
            firm,
            account_number=f"K-{300_001 + number}",
            revenue_cents=revenue_cents,
            policy=policy,
            now=now,
            headcount=max(1, round(chance.lognormvariate(2.6, 1.0))) if number % 3 else None,
            industry=firm.trade,
            judgement=JUDGEMENTS.get(number % 29),
        )


def add_account(
    rows: Rows,
    firm: Company,
    *,
    account_number: str,
    revenue_cents: int,
    policy: Policy,
    now: datetime,
    headcount: int | None = None,
    industry: str = "",
    judgement: Judgement | None = None,
) -> Candidate:
    """One company of the main brand's list with its rating; returns it as a comparison sees it."""
    growth_cents = policy.b_threshold_cents * policy.growth_bound_percent // 100
    rating = rate(
        revenue_cents,
        bounds=RevenueBounds(policy.a_threshold_cents, policy.b_threshold_cents),
        prospect=plain_prospect(
            Buying(), bound_cents=growth_cents, listed_cents=revenue_cents, headcount=None
        ),
        prospect_bound=policy.prospect_bound_percent / 100,
    )
    key, vat, domain = name_key(firm.name), vat_key(firm.vat_id), email_domain(firm.domain)
    register = register_key(firm.register_court, firm.register_number)
    phone = phone_key(firm.phone, country="DE")
    row_id = rows.add(
        MainAccount,
        account_number=account_number,
        company_name=firm.name,
        legal_form=firm.legal_form,
        name_key=key,
        vat_id=vat,
        register_key=register,
        street=firm.street,
        postal_code=firm.postal_code,
        city=firm.city,
        country="DE",
        email_domain=domain,
        phone=firm.phone,
        phone_key=phone,
        contact_name=firm.contact_name,
        sales_contact=SALES[len(account_number + firm.city) % len(SALES)],
        segment=rating.segment,
        segment_reason=rating.reason,
        listed_segment=None,
        revenue_12m_cents=revenue_cents,
        rated_at=None,
        headcount=headcount,
        industry=industry,
        sales_judgement=judgement,
        row_hash="",
        imported_at=now,
    )
    return Candidate(
        account_id=row_id,
        account_number=account_number,
        company_name=firm.name,
        segment=rating.segment,
        vat_id=vat,
        register_key=register,
        email_domain=domain,
        name_key=key,
        postal_code=firm.postal_code,
        street=firm.street,
        city=firm.city,
        phone=phone,
    )


def _company_values(firm: Company, *, is_known: bool) -> dict[str, Any]:
    """A doubtful applicant has another legal form and house number, and gives no number that the main brand has."""
    name = firm.name if is_known else firm.name.removesuffix(firm.legal_form) + DOUBTFUL_FORM
    register = firm.register_number if is_known else "HRA 799321"
    return {
        "company_name": name,
        "legal_form": firm.legal_form if is_known else DOUBTFUL_FORM,
        "name_key": name_key(name),
        "vat_id": vat_key(firm.vat_id) if is_known else None,
        "register_number": register,
        "register_court": firm.register_court,
        "register_key": register_key(firm.register_court, register),
        "street": firm.street if is_known else f"{firm.street} a",
        "postal_code": firm.postal_code,
        "city": firm.city,
        "country": "DE",
        "phone": firm.phone,
        "vat_status": VatIdStatus.UNCHECKED,
        "vat_confirmed_at": None,
    }


def _compare(
    values: dict[str, Any], email: str, account: Candidate | None, policy: Policy
) -> tuple[list[Match], Verdict]:
    domain = email_domain(email)
    applicant = Applicant(
        vat_id=values["vat_id"],
        register_key=values["register_key"],
        email_domains=frozenset({domain} if domain else ()),
        name_key=values["name_key"],
        postal_code=values["postal_code"],
        company_name=values["company_name"],
        street=values["street"],
        city=values["city"],
        phone=phone_key(values["phone"], country="DE"),
    )
    matches = find_matches(applicant, [account] if account else [])
    return matches, judge(applicant, matches, unknown=policy.unknown_company)


def _add_contact(
    rows: Rows,
    customer_id: int,
    *,
    email: str,
    name: str,
    language: str,
    password_hash: str,
    verified_at: datetime | None,
    created_at: datetime,
) -> int:
    return rows.add(
        Contact,
        customer_id=customer_id,
        email=email,
        name=name,
        language=language,
        password_hash=password_hash,
        email_verified_at=verified_at,
        created_at=created_at,
    )


def _add_screening(
    rows: Rows, customer_id: int, verdict: Verdict, matches: list[Match], *, at: datetime
) -> None:
    rows.add(
        Screening,
        customer_id=customer_id,
        trigger="registration",
        outcome=verdict.state,
        matches=matches_as_json(matches),
        screened_at=at,
        reason=verdict.because.value,
    )
    if verdict.state is ScreeningState.BLOCKED:
        rows.add(
            BlockedAttempt, customer_id=customer_id, reason=verdict.because.value, place="screening", at=at
        )


def _buyer(firm: Company, customer_id: int, contact_id: int, language: str) -> Buyer:
    return Buyer(
        customer_id=customer_id,
        contact_id=contact_id,
        language=language,
        company_name=firm.name,
        contact_name=firm.contact_name,
        street=firm.street,
        postal_code=firm.postal_code,
        city=firm.city,
        country="DE",
    )
