"""Writing down what Stripe says of a dispute inside the caller's transaction, once, in whatever order it is told."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_complaints import ADDRESSED, STAFF_LANGUAGE
from app.care.service_effort import note_effort, set_effort_cause
from app.core.ids import new_token
from app.jobs.service import insert_into
from app.mail.service import put_mail
from app.ordering.models import Order
from app.ordering.service import add_event
from app.payments.models import Dispute, Payment
from app.payments.rules.disputes import Course, course_of, is_news, is_open
from app.payments.rules.facts import DisputeFacts
from app.payments.rules.ledger import MoneyKind
from app.payments.service_ledger import MoneyNote, note_money

STRIPE = Actor(ActorKind.SYSTEM, "Stripe")
CHARGED_BACK = "charged_back"


def take_dispute(
    session: Session,
    order: Order,
    payment: Payment,
    facts: DisputeFacts,
    *,
    staff_address: str,
    now: datetime,
) -> Dispute:
    """The dispute's row as it is now, with ledger, effort, timeline and mail of what is new.

    The caller holds company and order. A read that began before a newer one was written changes nothing.
    """
    is_new = _insert(session, order, payment, facts, now=now)
    query = select(Dispute).where(col(Dispute.dispute_id) == facts.id).with_for_update()
    dispute = session.exec(query.execution_options(populate_existing=True)).one()
    dispute.checked_at = now
    if not is_new and not is_news(dispute.status, facts.status):
        return dispute
    was_open, old_course = is_new or is_open(dispute.status), None if is_new else course_of(dispute.status)
    dispute.status, dispute.reason = facts.status[:32], facts.reason[:64]
    dispute.amount_cents, dispute.due_at = facts.amount_cents, facts.due_at
    if facts.is_submitted and dispute.submitted_at is None:
        dispute.submitted_at = now
    course = course_of(facts.status)
    _note_taken(session, order, dispute, course, now=now)
    if course is not old_course:
        _note_course(session, order, dispute, course, is_new=is_new, now=now)
    if was_open and not is_open(dispute.status):
        dispute.closed_at = now
    if (
        is_new
        or (was_open and not is_open(dispute.status))
        or (old_course, course) == (Course.ASKED, Course.TAKEN)
    ):
        mail_of_dispute(session, order, dispute, staff_address=staff_address, occasion="told", now=now)
    return dispute


def mail_of_dispute(
    session: Session, order: Order, dispute: Dispute, *, staff_address: str, occasion: str, now: datetime
) -> None:
    """Puts a mail to the shop's own address; one for each state and occasion. It names the case and the last day."""
    put_mail(
        session,
        "dispute",
        key=f"dispute:{dispute.id}:{occasion}:{dispute.status}",
        to=staff_address,
        language=STAFF_LANGUAGE,
        object_kind="dispute",
        object_id=dispute.id or 0,
        now=now,
        contact_name=ADDRESSED,
        company_name=order.company_name,
        number=order.number,
        dispute_row_id=dispute.id,
        amount_cents=dispute.amount_cents,
        reason=dispute.reason,
        status=dispute.status,
        is_open=is_open(dispute.status),
        is_reminder=occasion == "reminder",
        due_at=dispute.due_at.isoformat() if dispute.due_at else "",
    )


def record_dispute(
    session: Session,
    actor: Actor,
    action: str,
    dispute: Dispute,
    order: Order,
    *,
    reason: str = "",
    now: datetime,
    **new: Any,
) -> None:
    """Writes the audit entry of a dispute."""
    record(
        session,
        actor,
        action=action,
        object_kind="dispute",
        object_id=dispute.id,
        object_name=order.number,
        now=now,
        reason=reason,
        new={"dispute": dispute.dispute_id, "amount_cents": dispute.amount_cents, **new},
    )


def _insert(session: Session, order: Order, payment: Payment, facts: DisputeFacts, *, now: datetime) -> bool:
    row: dict[str, Any] = {
        "dispute_id": facts.id,
        "payment_id": payment.id,
        "order_id": order.id,
        "amount_cents": facts.amount_cents,
        "reason": facts.reason[:64],
        "status": facts.status[:32],
        "due_at": facts.due_at,
        "opened_at": facts.opened_at or now,
        "checked_at": now,
        "passed_by": "",
        "pass_reason": "",
        "evidence": {},
        "token": new_token()[:16],
        "retry_count": 0,
        "submitted_by": "",
        "failure": "",
    }
    insert = insert_into(session, Dispute).on_conflict_do_nothing(index_elements=["dispute_id"])
    return session.execute(insert.returning(col(Dispute.id)), row).scalar() is not None


def _note_taken(session: Session, order: Order, dispute: Dispute, course: Course, *, now: datetime) -> None:
    """The first time that money was gone: ledger, timeline and effort, for which nobody is at fault yet."""
    if dispute.taken_at is not None or course is Course.ASKED or dispute.status == "prevented":
        return
    dispute.taken_at = now
    _note_money(session, dispute, MoneyKind.DISPUTED, now=now)
    words = dispute.reason.replace("_", " ")
    add_event(session, dispute.order_id, CHARGED_BACK, now=now, actor_name=STRIPE.name, reason=words)
    note_effort(
        session,
        customer_id=order.customer_id,
        order_id=dispute.order_id,
        kind=EffortKind.CHARGEBACK,
        cause=EffortCause.UNDECIDED,
        source_key=f"dispute:{dispute.dispute_id}",
        by=STRIPE.name,
        note=words,
        now=now,
    )


def _note_course(
    session: Session, order: Order, dispute: Dispute, course: Course, *, is_new: bool, now: datetime
) -> None:
    if course is Course.WON and dispute.taken_at is not None:
        _note_money(session, dispute, MoneyKind.DISPUTE_WON, now=now)
        set_effort_cause(
            session, source_key=f"dispute:{dispute.dispute_id}", cause=EffortCause.THEIRS, now=now
        )
    if course is Course.LOST:
        _note_money(session, dispute, MoneyKind.DISPUTE_LOST, now=now)
    kind = {
        Course.ASKED: "dispute_asked",
        Course.WON: "dispute_won",
        Course.LOST: "dispute_lost",
    }.get(course)
    if kind is not None:
        add_event(session, dispute.order_id, kind, now=now, actor_name=STRIPE.name)
    if is_new or course in (Course.WON, Course.LOST):
        action = "dispute.opened" if course in (Course.ASKED, Course.TAKEN) else f"dispute.{course.value}"
        record_dispute(session, STRIPE, action, dispute, order, now=now, status=dispute.status)


def _note_money(session: Session, dispute: Dispute, kind: MoneyKind, *, now: datetime) -> None:
    if not dispute.amount_cents:
        return
    note_money(
        session,
        MoneyNote(
            kind,
            dispute.order_id,
            dispute.amount_cents,
            str(dispute.id),
            now,
            dispute.payment_id,
            dispute.dispute_id,
        ),
    )
