"""What a person's decisions on a case share inside the caller's transaction: the locked case, and its labels."""

from datetime import datetime

from sqlmodel import Session

from app.core.errors import N_, NotFound, Refused
from app.customers.models import CARD, Customer, MatchLabel, Screening
from app.customers.queries_screening import newest_screening
from app.customers.rules.admission import ScreeningState
from app.customers.service import lock_customer
from app.customers.service_screening import DELIVERY

BESIDE_THE_LIST = frozenset({CARD, DELIVERY})
"""Triggers of cases about which a comparison with the main brand's list says nothing."""


def lock_case(session: Session, screening_id: int) -> tuple[Screening, Customer]:
    """The newest case of a company with the company, both locked until the transaction ends; a case that stands
    beside the comparisons may be older.

    Raises NotFound, Refused `screening.replaced` (a newer one exists) or `screening.under_way` (the company has
    changed its data and is compared again).
    """
    screening = session.get(Screening, screening_id)
    if screening is None:
        raise NotFound(N_("There is no such screening."), code="screening.not_found")
    customer = lock_customer(session, screening.customer_id)
    session.refresh(screening, with_for_update=True)
    if not is_present(session, screening):
        raise Refused(
            N_("A newer comparison of this company exists. Decide that one."), code="screening.replaced"
        )
    if customer.screening is ScreeningState.PENDING:
        raise Refused(
            N_("The company has changed its data and is being compared again. Decide the new case."),
            code="screening.under_way",
        )
    return screening, customer


def is_present(session: Session, screening: Screening) -> bool:
    """Whether a case is the one to decide: the newest of its company, or one that no comparison replaces."""
    if screening.trigger in BESIDE_THE_LIST:
        return True
    newest = newest_screening(session, screening.customer_id)
    return newest is not None and newest.id == screening.id


def reopened(session: Session, old: Screening, *, now: datetime) -> Screening:
    """A new case with the evidence of an old one, after an objection or for a second decision."""
    screening = Screening(
        customer_id=old.customer_id,
        trigger="objection",
        outcome=ScreeningState.REVIEW,
        matches=old.matches,
        screened_at=now,
    )
    session.add(screening)
    session.flush()
    return screening


def label_matches(
    session: Session,
    screening: Screening,
    *,
    same_account_id: int | None,
    decision: ScreeningState,
    now: datetime,
) -> None:
    """Keeps for each candidate what the decision says of it, as labelled data for the evaluation.

    A named account is the same company, and then nothing is said of the others; a company that is admitted
    without one is none of them.
    """
    assert screening.id is not None
    account_ids = {int(match["account_id"]) for match in screening.matches}
    if same_account_id is not None:
        account_ids.add(same_account_id)
    for account_id in sorted(account_ids):
        is_same = True if account_id == same_account_id else None
        if same_account_id is None and decision is ScreeningState.CLEAR:
            is_same = False
        session.add(
            MatchLabel(
                screening_id=screening.id,
                customer_id=screening.customer_id,
                account_id=account_id,
                is_same=is_same,
                decided_at=now,
            )
        )
