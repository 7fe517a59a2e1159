"""A person decides on a customer's effort level: confirms or declines a step, or overrides the level until a day."""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.models import EffortStanding
from app.care.rules.levels import faults_of_override
from app.care.service_levels import end_override, lock_standing, start_override, take_step
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.reviewing import OWN_WORDS
from app.policy.queries import current_policy

LONGEST_REASON = 400
DECISIONS = ("confirm", "decline")


def decide_step(
    session: Session,
    customer_id: int,
    *,
    decision: str,
    proposed: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> EffortLevel:
    """Confirms or declines the step that waits for a person; `proposed` is the level that was on the screen.

    Returns the level on which the customer stands then. A confirmed refusal closes the shop with the reason, which
    the company reads. What waits is decided also where it would need no person any more (the legal form was corrected
    meanwhile). After a declined step only new effort brings it up again. Raises NotFound, Invalid
    `effort.invalid`, Refused `effort.step_over` (withdrawn, decided or another one by now) or
    `effort.needs_a_person`.
    """
    reason = reason.strip()
    _check_decision(decision, reason)
    if actor.kind is not ActorKind.STAFF:
        raise Refused(N_("Only a person may decide this."), code="effort.needs_a_person")
    with transaction(session):
        customer = _lock(session, customer_id)
        standing = lock_standing(session, customer, now=now)
        step = standing.proposed_level
        if step is None or step.value != proposed:
            raise Refused(
                N_("This step does not wait any more, or it is another one by now. Nothing was changed."),
                code="effort.step_over",
            )
        if decision == "confirm":
            take_step(session, customer, standing, step, reason=reason, actor=actor, now=now)
        else:
            standing.proposed_level = standing.proposed_at = None
            standing.settled_at = now
            _record(session, customer, standing, step, reason=reason, actor=actor, now=now)
        level = customer.effort_level
    return level


def override_effort(
    session: Session,
    customer_id: int,
    *,
    level: str,
    ends_on: date | None,
    reason: str,
    today: date,
    actor: Actor,
    now: datetime,
) -> None:
    """Has another level count for a customer up to and including a day, whatever the figures say.

    Takes the place of an override in force. Refusing is no override. Raises NotFound, and Invalid
    `effort.invalid` with the fields `level`, `ends_on`, `reason`.
    """
    reason = reason.strip()
    with transaction(session):
        longest = timedelta(days=current_policy(session).override_longest_days)
        faults = faults_of_override(level, ends_on, today=today, longest=longest)
        if not reason or len(reason) > LONGEST_REASON:
            faults.append(FieldError("reason", N_("Please say why, in at most 400 characters.")))
        if faults:
            raise _invalid(*faults)
        assert ends_on is not None
        customer = _lock(session, customer_id)
        start_override(
            session,
            customer,
            level=EffortLevel(level),
            ends_on=ends_on,
            reason=reason,
            actor=actor,
            now=now,
        )


def stop_override(session: Session, customer_id: int, *, actor: Actor, now: datetime) -> bool:
    """Ends an override before its day; False where none is in force. Raises NotFound."""
    with transaction(session):
        customer = _lock(session, customer_id)
        return end_override(
            session, customer, lock_standing(session, customer, now=now), actor=actor, now=now
        )


def _check_decision(decision: str, reason: str) -> None:
    faults = []
    if decision not in DECISIONS:
        faults.append(FieldError("decision", N_("Please choose: confirm, or decline.")))
    if not OWN_WORDS <= len(reason) <= LONGEST_REASON:
        message = N_("Please say why in your own words, in %(least)s to %(greatest)s characters.")
        faults.append(FieldError("reason", message, {"least": OWN_WORDS, "greatest": LONGEST_REASON}))
    if faults:
        raise _invalid(*faults)


def _lock(session: Session, customer_id: int) -> Customer:
    customer = session.exec(select(Customer).where(col(Customer.id) == customer_id).with_for_update()).first()
    if customer is None:
        raise NotFound(N_("There is no such customer."), code="customer.not_found")
    return customer


def _record(
    session: Session,
    customer: Customer,
    standing: EffortStanding,
    step: EffortLevel,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action="effort.step_declined",
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=reason,
        old={"effort_level": standing.level.value, "proposed": step.value},
        new={"effort_level": standing.level.value},
    )


def _invalid(*faults: FieldError) -> Invalid:
    return Invalid(N_("Please check your entries."), code="effort.invalid", fields=faults)
