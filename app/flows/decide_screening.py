"""A person of the staff decides a screening: admit, refuse, hand over to the main brand, or name its account."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_effort import note_effort
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import CARD, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.reviewing import Act, Why, faults_of
from app.customers.service_review import label_matches, lock_case, reopened
from app.customers.service_screening import DELIVERY, let_in, tell
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.payments.models import PaymentHold
from app.payments.rules.holding import HoldDecision
from app.payments.service_holds import note_decision, undecided_holds

DECISIONS = (ScreeningState.CLEAR, ScreeningState.REFUSED, ScreeningState.BLOCKED)
ACTIONS = {
    ScreeningState.CLEAR: "screening.admitted",
    ScreeningState.REFUSED: "screening.refused",
    ScreeningState.BLOCKED: "screening.blocked",
}
ADMITTED_BY = N_("admitted by %(name)s: %(reason)s")
BY_SEGMENT = {
    Segment.A: ScreeningState.BLOCKED,
    Segment.B: ScreeningState.BLOCKED,
    Segment.C: ScreeningState.CLEAR,
}


@dataclass(frozen=True)
class Look:
    """How the person came to decide: whether the case was open on their screen, and for how long they looked.

    `is_unlinking`: the link to a main account that the company has was wrong and goes.
    """

    saw_open: bool = False
    seconds: int | None = None
    is_unlinking: bool = False


UNSEEN = Look()


def decide(
    session: Session,
    screening_id: int,
    *,
    decision: ScreeningState,
    main_account_id: int | None = None,
    reason: str = "",
    reason_code: str = "",
    look: Look = UNSEEN,
    actor: Actor,
    now: datetime,
) -> ScreeningState:
    """Decides the newest screening of a company: `clear` admits (and links it, where an account is named),
    `refused` refuses, `blocked` hands it to the main brand. Returns the state.

    The same decision twice is one. A case that was decided before may be decided anew after an objection:
    that becomes a screening of its own; but not by somebody whose screen still showed it open. Raises NotFound,
    Invalid `screening.invalid` with the fields, Refused `screening.replaced` (a newer one exists),
    `screening.under_way` (the company has changed its data and is compared again),
    `screening.decided_meanwhile`, `screening.needs_a_person` or `screening.not_a_c_account`.
    """
    if decision not in DECISIONS:
        raise _invalid(FieldError("decision", N_("Please choose: admit, refuse, or main brand.")))
    return _decide(
        session,
        screening_id,
        act=Act(decision.value),
        main_account_id=None if decision is ScreeningState.REFUSED else main_account_id,
        why=Why(reason.strip(), reason_code),
        look=look,
        actor=actor,
        now=now,
    )


def decide_same_company(
    session: Session,
    screening_id: int,
    *,
    main_account_id: int | None,
    reason: str = "",
    reason_code: str = "",
    look: Look = UNSEEN,
    actor: Actor,
    now: datetime,
) -> ScreeningState:
    """Says which main account a company is: a C account admits it, an A or B account blocks it; it is linked
    either way. Returns the state; raises as `decide`, and for an account that is not rated `screening.unrated`.
    """
    return _decide(
        session,
        screening_id,
        act=Act.SAME,
        main_account_id=main_account_id,
        why=Why(reason.strip(), reason_code),
        look=look,
        actor=actor,
        now=now,
    )


def _decide(
    session: Session,
    screening_id: int,
    *,
    act: Act,
    main_account_id: int | None,
    why: Why,
    look: Look,
    actor: Actor,
    now: datetime,
) -> ScreeningState:
    with transaction(session):
        screening, customer = lock_case(session, screening_id)
        faults = faults_of(act, why, legal_form=customer.legal_form)
        if faults:
            raise _invalid(*faults)
        account = _account(session, main_account_id, act)
        decision = _state(act, account)
        if decision is ScreeningState.REFUSED and actor.kind is not ActorKind.STAFF:
            raise Refused(N_("Only a person may refuse a company."), code="screening.needs_a_person")
        if _is_decided(screening, customer, decision, look, actor):
            return decision
        waiting = undecided_holds(session, screening_id)
        if screening.decision is not None:
            screening = reopened(session, screening, now=now)
        # That a card or an address is all right says nothing of the company: it stays what it is, admitted or not.
        is_beside = screening.trigger == CARD or (
            screening.trigger == DELIVERY and customer.screening is not ScreeningState.CLEAR
        )
        is_beside = is_beside and act is Act.ADMIT and account is None
        old = {"screening": customer.screening.value, "main_account_id": customer.main_account_id}
        _note(screening, decision, account, why.sentence(act), why.code, look, actor, now)
        _decide_holds(session, waiting, decision, reason=why.sentence(act), actor=actor, now=now)
        if not is_beside:
            _take_effect(session, customer, screening, account, is_unlinking=look.is_unlinking, now=now)
            same_account_id = account.id if account else None
            label_matches(session, screening, same_account_id=same_account_id, decision=decision, now=now)
        record(
            session,
            actor,
            action=ACTIONS[decision],
            object_kind="customer",
            object_id=customer.id,
            object_name=customer.company_name,
            now=now,
            reason=why.sentence(act),
            old=old,
            new={screening.trigger: "passed"}
            if is_beside
            else {"screening": decision.value, "main_account_id": customer.main_account_id},
        )
        _note_effort(session, screening, actor=actor, now=now)
    return decision


def _note_effort(session: Session, screening: Screening, *, actor: Actor, now: datetime) -> None:
    """That a person had to look is our own caution, and never counts against the company."""
    session.flush()
    note_effort(
        session,
        customer_id=screening.customer_id,
        kind=EffortKind.APPLICATION_REVIEW,
        cause=EffortCause.OURS,
        source_key=f"screening:{screening.id}",
        by=actor.name,
        now=now,
    )


def _decide_holds(
    session: Session,
    holds: list[PaymentHold],
    decision: ScreeningState,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Payments that wait for this case go on where it ends well, and are given back where it does not."""
    what = HoldDecision.GO_ON if decision is ScreeningState.CLEAR else HoldDecision.RELEASE
    for hold in holds:
        note_decision(session, hold, decision=what, reason=reason, actor=actor, now=now)
    if holds:
        session.flush()


def _is_decided(
    screening: Screening, customer: Customer, decision: ScreeningState, look: Look, actor: Actor
) -> bool:
    """Whether nothing is left to do. Raises Refused where somebody else was faster."""
    if screening.decision is None:
        return False
    is_same = screening.decision is decision and customer.screening is decision
    if look.saw_open and not (is_same and screening.decided_by == actor.name[:200]):
        raise Refused(
            N_("%(name)s has decided this case in the meantime. Your decision changed nothing."),
            code="screening.decided_meanwhile",
            name=screening.decided_by,
        )
    return is_same


def _note(
    screening: Screening,
    decision: ScreeningState,
    account: MainAccount | None,
    reason: str,
    reason_code: str,
    look: Look,
    actor: Actor,
    now: datetime,
) -> None:
    screening.decision = decision
    screening.decided_by = actor.name[:200]
    screening.decided_at = now
    screening.reason = reason[:1000]
    screening.reason_code = reason_code
    screening.decided_account_id = account.id if account else None
    screening.decision_seconds = look.seconds


def _take_effect(
    session: Session,
    customer: Customer,
    screening: Screening,
    account: MainAccount | None,
    *,
    is_unlinking: bool,
    now: datetime,
) -> None:
    decision = screening.decision
    assert decision is not None
    if account is not None:
        customer.main_account_id = account.id
    elif is_unlinking:
        customer.main_account_id = None
    if decision is ScreeningState.CLEAR:
        _refuse_a_and_b(session, customer)
        customer.segment = Segment.UNRATED
        why = ADMITTED_BY % {"name": screening.decided_by, "reason": screening.reason}
        let_in(customer, main_account_id=None, reason=why, now=now)
    tell(session, customer, screening, decision, because="decided", now=now)


def _state(act: Act, account: MainAccount | None) -> ScreeningState:
    if act is not Act.SAME:
        return ScreeningState(act.value)
    if account is None:
        raise _invalid(FieldError("main_account_id", N_("Please name the main account that it is.")))
    if account.segment not in BY_SEGMENT:
        raise Refused(
            N_("The main account %(number)s is not rated yet. Rate it first, or decide otherwise."),
            code="screening.unrated",
            number=account.account_number,
        )
    return BY_SEGMENT[account.segment]


def _account(session: Session, main_account_id: int | None, act: Act) -> MainAccount | None:
    if main_account_id is None:
        return None
    # Locked where its segment decides: whoever rates it at the same moment comes before or after.
    found = select(MainAccount).where(col(MainAccount.id) == main_account_id)
    account = session.exec(found.with_for_update(read=True) if act is Act.SAME else found).first()
    if account is None:
        raise _invalid(FieldError("main_account_id", N_("There is no such main account.")))
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


def _invalid(*faults: FieldError) -> Invalid:
    return Invalid(N_("Please check your entries."), code="screening.invalid", fields=faults)
