"""Writing effort events and their causes inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from app.audit.service import Actor, record
from app.care.models import EffortEvent
from app.care.rules.cost_to_serve import default_minutes
from app.care.rules.effort import EffortCause, EffortKind
from app.customers.models import Customer
from app.jobs.service import insert_into, put_job
from app.policy.queries import current_policy

LONGEST_NOTE = 500


def note_effort(
    session: Session,
    *,
    customer_id: int,
    kind: EffortKind,
    cause: EffortCause,
    source_key: str,
    now: datetime,
    order_id: int | None = None,
    minutes: int | None = None,
    by: str = "",
    note: str = "",
) -> bool:
    """Notes one touch that cost time; False where its `source_key` is known, and then nothing changes.

    Without `minutes` it takes those of the policy for its kind. What it means for the customer's level the job
    `review_effort` works out. `note` is shortened to 500 characters. The row refers to the customer: whoever holds
    orders locked must have locked the customer before them.
    """
    if minutes is None:
        minutes = default_minutes(kind, current_policy(session))
    row = {
        "customer_id": customer_id,
        "order_id": order_id,
        "kind": kind,
        "minutes": minutes,
        "cause": cause,
        "note": note.strip()[:LONGEST_NOTE],
        "source_key": source_key,
        "noted_by": by[:200],
        "at": now,
        "corrected_by": "",
        "correction_reason": "",
    }
    insert = insert_into(session, EffortEvent).on_conflict_do_nothing(index_elements=["source_key"])
    written = session.execute(insert.returning(col(EffortEvent.id)), row).scalar()
    if written is None:
        return False
    put_review(session, customer_id, now=now)
    return True


def set_effort_cause(session: Session, *, source_key: str, cause: EffortCause, now: datetime) -> bool:
    """Says whose fault a noted touch was, once its own process knows; False where nothing changes.

    An unknown key changes nothing, nor does one whose cause a person corrected by hand: that word stands.
    """
    event = session.exec(
        select(EffortEvent).where(col(EffortEvent.source_key) == source_key).with_for_update()
    ).first()
    if event is None or event.corrected_at is not None or event.cause is cause:
        return False
    is_lighter = event.cause is EffortCause.THEIRS
    event.cause = cause
    session.flush()
    put_review(session, event.customer_id, is_lighter=is_lighter, now=now)
    return True


def set_effort_causes(session: Session, *, source_key: str, cause: EffortCause, now: datetime) -> None:
    """`set_effort_cause` for a touch and all that belong to it: those whose key begins with its own and a colon."""
    keys = session.exec(
        select(EffortEvent.source_key)
        .where(
            or_(
                col(EffortEvent.source_key) == source_key,
                col(EffortEvent.source_key).startswith(f"{source_key}:", autoescape=True),
            )
        )
        .order_by(col(EffortEvent.id))
    ).all()
    for key in keys:
        set_effort_cause(session, source_key=key, cause=cause, now=now)


def put_review(session: Session, customer_id: int, *, now: datetime, is_lighter: bool = False) -> None:
    """Has the customer's level looked at again; `is_lighter`: something counted by mistake until now."""
    put_job(session, "review_effort", now=now, customer_id=customer_id, is_lighter=is_lighter)


def correct_cause(
    session: Session,
    customer: Customer,
    event: EffortEvent,
    *,
    cause: EffortCause,
    reason: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """A person says whose fault a touch was; both rows are locked. False where it was so decided by hand before."""
    old = event.cause
    if old is cause and event.corrected_at is not None:
        return False
    event.cause, event.correction_reason = cause, reason
    event.corrected_by, event.corrected_at = actor.name[:200], now
    session.flush()
    record(
        session,
        actor,
        action="effort.corrected",
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=reason,
        old={"effort_event": event.id, "cause": old.value},
        new={"effort_event": event.id, "cause": cause.value},
    )
    if old is not cause:
        put_review(session, event.customer_id, is_lighter=old is EffortCause.THEIRS, now=now)
    return True
