"""Writing what a comparison or a person decided inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from app.audit.service import SYSTEM, record
from app.core.errors import N_
from app.customers.models import CARD, BlockedAttempt, Customer, Screening
from app.customers.queries_gate import accounts_that_blocked
from app.customers.queries_screening import matches_as_json
from app.customers.rules.admission import ScreeningState
from app.customers.rules.matching import Because, Match, Verdict
from app.customers.service import write_to
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment

MAIL_KIND = {
    ScreeningState.CLEAR: "decision_admitted",
    ScreeningState.REFUSED: "decision_refused",
    ScreeningState.BLOCKED: "decision_main_brand",
}
BY_ITSELF = "schlicht"
"""Who decided where no person did: a newer comparison replaced the older one."""

DELIVERY = "delivery_address"
"""The trigger of a case about where goods are to go; the company itself is admitted meanwhile."""

REASONS = {
    Because.C_ACCOUNT: N_("is a C-rated main account"),
    Because.UNKNOWN: N_("unknown to the main brand, admitted by policy"),
}


def write_verdict(
    session: Session,
    customer: Customer,
    verdict: Verdict,
    matches: Sequence[Match],
    *,
    trigger: str,
    now: datetime,
) -> Screening:
    """Keeps a comparison with its evidence, and lets its outcome take effect: state, link, segment, mail.

    Raises ValueError for a verdict that would refuse: that is a person's act alone (Art. 22 GDPR).
    """
    assert customer.id is not None
    if verdict.state is ScreeningState.REFUSED:
        raise ValueError("only a person refuses a company")
    close_open(session, customer.id, decision=verdict.state, now=now)
    was = customer.screening
    screening = Screening(
        customer_id=customer.id,
        trigger=trigger,
        outcome=verdict.state,
        matches=matches_as_json(matches),
        screened_at=now,
        reason=verdict.because.value,
    )
    session.add(screening)
    session.flush()
    if verdict.state is ScreeningState.CLEAR:
        let_in(
            customer,
            main_account_id=verdict.main_account_id,
            reason=REASONS.get(verdict.because, ""),
            now=now,
        )
    tell(session, customer, screening, verdict.state, because=verdict.because.value, now=now)
    record(
        session,
        SYSTEM,
        action="customer.screened",
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=verdict.because.value,
        old={"screening": was.value},
        new={"screening": verdict.state.value, "trigger": trigger},
    )
    return screening


def let_in(customer: Customer, *, main_account_id: int | None, reason: str, now: datetime) -> None:
    """Links and rates a company that passed; a segment that was given before stays."""
    if main_account_id is not None:
        customer.main_account_id = main_account_id
    if customer.segment is Segment.UNRATED:
        customer.segment = Segment.C
        customer.segment_reason = reason[:500]
    if customer.business_verified_at is None:
        customer.business_verified_at = now


def tell(
    session: Session,
    customer: Customer,
    screening: Screening,
    state: ScreeningState,
    *,
    because: str,
    now: datetime,
) -> None:
    """Sets the state and writes to the company; a blocked one is counted. The same state is told once."""
    is_news = customer.screening is not state
    customer.screening = state
    if state is ScreeningState.BLOCKED and is_news:
        session.add(
            BlockedAttempt(customer_id=screening.customer_id, reason=because[:32], place="screening", at=now)
        )
    if not is_news and state is ScreeningState.CLEAR and screening.trigger == DELIVERY:
        write_to(
            session, customer, "delivery_address_cleared", key=f"delivery_cleared:{screening.id}", now=now
        )
    if state in MAIL_KIND and is_news:
        told = {"sales_contact": _sales_contact(session, customer)} if state is ScreeningState.BLOCKED else {}
        write_to(
            session,
            customer,
            MAIL_KIND[state],
            key=f"decision:{screening.id}:{state.value}",
            now=now,
            **told,
        )


def _sales_contact(session: Session, customer: Customer) -> str:
    """Whom the main brand's list names for this company; empty where it names nobody."""
    assert customer.id is not None
    session.flush()
    account_id = customer.main_account_id or accounts_that_blocked(session, [customer.id]).get(customer.id)
    account = session.get(MainAccount, account_id) if account_id is not None else None
    return account.sales_contact if account is not None else ""


def close_open(session: Session, customer_id: int, *, decision: ScreeningState, now: datetime) -> None:
    """Takes older reviews of a company out of the queue: a newer comparison or decision replaces them."""
    session.execute(
        update(Screening)
        .where(
            col(Screening.customer_id) == customer_id,
            col(Screening.outcome) == ScreeningState.REVIEW,
            col(Screening.decision).is_(None),
            # A comparison says nothing about a card or an address: such a case stays for a person.
            col(Screening.trigger).not_in((CARD, DELIVERY)),
        )
        .values(
            decision=decision, decided_by=BY_ITSELF, decided_at=now, reason="replaced by a newer comparison"
        )
    )
