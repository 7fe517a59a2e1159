"""A person of the staff decides a screening: admit, refuse, or hand over to the main brand."""

from datetime import datetime

from sqlmodel import Session, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.queries_screening import newest_screening
from app.customers.rules.admission import ScreeningState
from app.customers.service import lock_customer
from app.customers.service_screening import let_in, tell
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment

DECISIONS = (ScreeningState.CLEAR, ScreeningState.REFUSED, ScreeningState.BLOCKED)
ACTIONS = {
    ScreeningState.CLEAR: "screening.admitted",
    ScreeningState.REFUSED: "screening.refused",
    ScreeningState.BLOCKED: "screening.blocked",
}
ADMITTED_BY = N_("admitted by %(name)s: %(reason)s")


def decide(
    session: Session,
    screening_id: int,
    *,
    decision: ScreeningState,
    main_account_id: int | None = None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Decides the newest screening of a company: `clear` admits (and links it, where an account is named),
    `refused` refuses, `blocked` hands it to the main brand.

    The same decision twice is one. A case that was decided before may be decided anew after an objection:
    that becomes a screening of its own. Raises NotFound, Invalid `screening.invalid` with the fields,
    Refused `screening.replaced` (a newer one exists), `screening.under_way` (the company has changed its data
    and is compared again) or `screening.not_a_c_account`.
    """
    reason = reason.strip()
    _check(decision, reason)
    with transaction(session):
        screening = session.get(Screening, screening_id)
        if screening is None:
            raise NotFound(N_("There is no such screening."), code="screening.not_found")
        customer = lock_customer(session, screening.customer_id)
        session.refresh(screening, with_for_update=True)
        newest = newest_screening(session, screening.customer_id)
        if newest is None or newest.id != screening.id:
            raise Refused(
                N_("A newer comparison of this company exists. Decide that one."), code="screening.replaced"
            )
        if customer.screening is ScreeningState.PENDING:
            raise Refused(
                N_("The company has changed its data and is being compared again. Decide the new case."),
                code="screening.under_way",
            )
        if screening.decision is decision and customer.screening is decision:
            return
        if screening.decision is not None:
            screening = _anew(session, screening, now=now)
        account = _account(session, main_account_id, decision)
        old = {"screening": customer.screening.value, "main_account_id": customer.main_account_id}
        _take_effect(session, customer, screening, decision, account, reason=reason, actor=actor, now=now)
        record(
            session,
            actor,
            action=ACTIONS[decision],
            object_kind="customer",
            object_id=customer.id,
            object_name=customer.company_name,
            now=now,
            reason=reason,
            old=old,
            new={"screening": decision.value, "main_account_id": customer.main_account_id},
        )


def _take_effect(
    session: Session,
    customer: Customer,
    screening: Screening,
    decision: ScreeningState,
    account: MainAccount | None,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    screening.decision = decision
    screening.decided_by = actor.name[:200]
    screening.decided_at = now
    screening.reason = reason[:1000]
    if account is not None:
        customer.main_account_id = account.id
    if decision is ScreeningState.CLEAR:
        _refuse_a_and_b(session, customer)
        customer.segment = Segment.UNRATED
        why = ADMITTED_BY % {"name": actor.name, "reason": reason}
        let_in(customer, main_account_id=None, reason=why, now=now)
    tell(session, customer, screening, decision, because="decided", now=now)


def _check(decision: ScreeningState, reason: str) -> None:
    wrong = []
    if decision not in DECISIONS:
        wrong.append(FieldError("decision", N_("Please choose: admit, refuse, or main brand.")))
    if not reason:
        wrong.append(FieldError("reason", N_("Please say why: the reason is kept with the decision.")))
    if wrong:
        raise Invalid(N_("Please check your entries."), code="screening.invalid", fields=tuple(wrong))


def _account(session: Session, main_account_id: int | None, decision: ScreeningState) -> MainAccount | None:
    if main_account_id is None or decision is ScreeningState.REFUSED:
        return None
    account = session.get(MainAccount, main_account_id)
    if account is None:
        fault = FieldError("main_account_id", N_("There is no such main account."))
        raise Invalid(N_("Please check your entries."), code="screening.invalid", fields=(fault,))
    return account


def _refuse_a_and_b(session: Session, customer: Customer) -> None:
    if customer.main_account_id is None:
        return
    account = session.exec(
        select(MainAccount).where(MainAccount.id == customer.main_account_id).with_for_update(read=True)
    ).one()
    if account.segment is not Segment.C:
        raise Refused(
            N_("The linked main account %(number)s is rated %(segment)s; only a C account can be admitted."),
            code="screening.not_a_c_account",
            number=account.account_number,
            segment=account.segment.value,
        )


def _anew(session: Session, old: Screening, *, now: datetime) -> Screening:
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
