"""A person of the staff answers a complaint: goods again, money back, or a fixed reason why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.models import Complaint, ComplaintLine
from app.care.queries_complaints import cause_of, refunds_of
from app.care.queries_left import check_left, paid_back_versions
from app.care.queries_paid import back_of_order, paid_order_id, paid_quantities
from app.care.rules.answering import PAYING_BACK, WITH_LINES, faults_of_answer
from app.care.rules.complaints import ComplaintOutcome, ComplaintState, MessageAuthor
from app.care.rules.effort import EffortCause
from app.care.service_complaints import close_lines, lock_complaint, mail_customer, say, unknown
from app.care.service_effort import set_effort_causes
from app.care.service_giving_back import give_back_services, services_to_do
from app.care.service_replacements import order_again
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.invoices.queries_facts import check_corrected, corrected_but_kept
from app.ordering.models import Order
from app.ordering.rules.promise import Calendar
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.service import add_event, call_off, lock_order
from app.payments.models import Payment
from app.payments.queries_refundable import check_not_taken
from app.payments.queries_refunds import COUNTING, read_paid
from app.payments.rules.refunding import refund_of_lines, refund_of_order
from app.payments.service import lock_payments
from app.payments.service_refunds import ask_refund


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person decided. `quantities` say how many of which line of the complaint; `note` is one short sentence."""

    outcome: ComplaintOutcome | None
    fault: EffortCause | None
    rejection: str = ""
    note: str = ""
    quantities: Mapping[int, int] | None = None


def decide_complaint(
    session: Session,
    complaint_id: int,
    answer: Answer,
    *,
    calendar: Calendar,
    actor: Actor,
    now: datetime,
    unread: Sequence[FieldError] = (),
) -> bool:
    """Ends an open complaint; False where the same person ended it in the same way before.

    A replacement is an order of its own that leaves with the next run; a refund is worked out here and paid back by
    a job. Raises NotFound, Invalid with a fault per field, SoldOut, and Refused: `complaint.decided` (somebody else
    was faster), `complaint.same_person` (a reopened one goes to another), `complaint.replaced_before`,
    `complaint.refunded_before`, `complaint.not_sent`,
    `complaint.not_sendable`, `complaint.nothing_paid`, `complaint.nothing_left`, `refund.corrected`, `refund.disputed`.
    """
    note = answer.note.strip()
    with transaction(session):
        complaint, order, services = _locked(session, complaint_id)
        lines = session.exec(
            select(ComplaintLine).where(col(ComplaintLine.complaint_id) == complaint.id)
        ).all()
        faults = [
            *unread,
            *faults_of_answer(
                answer.outcome,
                rejection=answer.rejection,
                fault=answer.fault,
                note=note,
                quantities=answer.quantities or {},
                complained={line.order_line_id: line.quantity for line in lines},
            ),
        ]
        if faults or answer.outcome is None or answer.fault is None:
            raise Invalid(N_("Please check your entries."), code="complaint.invalid", fields=tuple(faults))
        if complaint.state is ComplaintState.DECIDED:
            return _decided_before(complaint, answer, actor)
        if complaint.reopened_at is not None and complaint.decided_by_id == actor.id:
            raise Refused(
                N_("You answered this complaint the first time: somebody else has to look at it now."),
                code="complaint.same_person",
            )
        told = _carry_out(session, complaint, order, answer, calendar=calendar, actor=actor, now=now)
        if told.get("is_called_off"):
            give_back_services(session, services, actor=actor, now=now)
        complaint.state = ComplaintState.DECIDED
        complaint.outcome, complaint.fault = answer.outcome, answer.fault
        complaint.rejection = answer.rejection if answer.outcome is ComplaintOutcome.REJECTED else ""
        complaint.answer = note
        complaint.decided_by, complaint.decided_by_id = actor.name[:200], actor.id
        complaint.decided_at = now
        close_lines(session, complaint)
        _tell(session, complaint, order, told, actor=actor, now=now)
    return True


def _locked(session: Session, complaint_id: int) -> tuple[Complaint, Order, list[Order]]:
    """Customer, orders by id with the services that wait for this one, payments, the complaint: the order of locks."""
    found = session.exec(
        select(Complaint.customer_id, Complaint.order_id).where(col(Complaint.id) == complaint_id)
    ).first()
    if found is None:
        raise unknown()
    customer_id, order_id = found
    lock_customer(session, customer_id)
    paid_id = paid_order_id(session.get_one(Order, order_id))
    its_replacement = select(Complaint.replacement_order_id).where(col(Complaint.id) == complaint_id)
    concerned = {order_id, paid_id, session.exec(its_replacement).one(), *services_to_do(session, order_id)}
    orders = {one: lock_order(session, one) for one in sorted(one for one in concerned if one is not None)}
    services = [
        one for one in orders.values() if one.kind is OrderKind.SERVICE and one.for_order_id == order_id
    ]
    for one in sorted({paid_id, *(service.id or 0 for service in services)}):
        lock_payments(session, one)
    return lock_complaint(session, complaint_id), orders[order_id], services


def _decided_before(complaint: Complaint, answer: Answer, actor: Actor) -> bool:
    if (complaint.decided_by_id, complaint.outcome) == (actor.id, answer.outcome):
        return False
    raise Refused(
        N_("%(name)s has answered this complaint in the meantime. Your answer changed nothing."),
        code="complaint.decided",
        name=complaint.decided_by,
    )


def _carry_out(
    session: Session,
    complaint: Complaint,
    order: Order,
    answer: Answer,
    *,
    calendar: Calendar,
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Does what was decided, in this transaction; what thread and mail say of it."""
    told: dict[str, Any] = {
        "outcome": str(answer.outcome),
        "rejection": answer.rejection if answer.outcome is ComplaintOutcome.REJECTED else "",
    }
    if answer.outcome in WITH_LINES and order.state is not OrderState.DISPATCHED:
        raise Refused(
            N_(
                "This order has not left yet: only all of it can be paid back, and then nothing of it is sent."
            ),
            code="complaint.not_sent",
        )
    if answer.outcome is ComplaintOutcome.REPLACEMENT:
        _may_replace(session, complaint, order)
        check_left(session, order, answer.quantities or {})
        made = order_again(
            session,
            order,
            answer.quantities or {},
            checkout_key=f"complaint:{complaint.number}",
            complaint_number=complaint.number,
            calendar=calendar,
            now=now,
        )
        complaint.replacement_order_id = made.id
        told |= {
            "replacement": made.number,
            "dispatch_on": made.dispatch_on.isoformat(),
            "promised_on": made.promised_on.isoformat(),
        }
    if answer.outcome in PAYING_BACK:
        told |= _call_off_replacement(session, complaint, actor=actor, now=now)
        told["amount_cents"] = _pay_back(session, complaint, order, answer, actor=actor, now=now)
        if order.state is OrderState.ACCEPTED:
            call_off(session, order, now=now, actor_name=actor.name)
            told["is_called_off"] = True
    return told


def _may_replace(session: Session, complaint: Complaint, order: Order) -> None:
    if complaint.replacement_order_id is not None:
        raise _replaced_before()
    if any(refund.state in COUNTING for refund in refunds_of(session, complaint)):
        raise Refused(
            N_("This complaint was paid back already: goods again would be too much."),
            code="complaint.refunded_before",
        )
    if complaint.refund_id in corrected_but_kept(session, paid_order_id(order)):
        check_corrected(session, paid_order_id(order))


def _call_off_replacement(
    session: Session, complaint: Complaint, *, actor: Actor, now: datetime
) -> dict[str, str]:
    """Money goes back instead of goods: the complaint's own replacement must not leave, or has left already."""
    if complaint.replacement_order_id is None:
        return {}
    replacement = session.get_one(Order, complaint.replacement_order_id)
    if replacement.state is OrderState.DISPATCHED or paid_back_versions(session, replacement.id or 0):
        raise _replaced_before()
    if replacement.state is not OrderState.ACCEPTED:
        return {}
    call_off(session, replacement, now=now, actor_name=actor.name)
    return {"called_off": replacement.number}


def _replaced_before() -> Refused:
    return Refused(
        N_(
            "This complaint has a replacement already. What is wrong with that one is a complaint of its own."
        ),
        code="complaint.replaced_before",
    )


def _pay_back(
    session: Session,
    complaint: Complaint,
    order: Order,
    answer: Answer,
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """Asks for the refund; the cents of it. What was replaced was paid with the order that it belongs to."""
    check_corrected(session, paid_order_id(order))
    check_not_taken(session, paid_order_id(order))
    paid = read_paid(session, paid_order_id(order))
    if paid is None:
        raise Refused(
            N_("Nothing was paid for this order: there is nothing to pay back."),
            code="complaint.nothing_paid",
        )
    if answer.outcome is ComplaintOutcome.REFUND_ORDER:
        amount_cents, back = back_of_order(session, order, paid)
    else:
        quantities = answer.quantities or {}
        check_left(session, order, quantities)
        wanted = paid_quantities(session, paid, quantities)
        left_cents = refund_of_order(paid_cents=paid.paid_cents, refunded_cents=paid.refunded_cents)
        back = refund_of_lines(paid.lines, paid.taxes, wanted, left_cents=left_cents)
        amount_cents = sum(line.amount_cents for line in back)
    if not amount_cents:
        raise Refused(N_("All of this was paid back before."), code="complaint.nothing_left")
    refund = ask_refund(
        session,
        session.get_one(Payment, paid.payment_id),
        amount_cents=amount_cents,
        lines=back,
        cause=cause_of(complaint, is_second=bool(refunds_of(session, complaint))),
        asked_by=actor.name,
        now=now,
        is_for_us=answer.fault is EffortCause.OURS,
    )
    complaint.refund_id = refund.id
    return amount_cents


def _tell(
    session: Session, complaint: Complaint, order: Order, told: dict[str, Any], *, actor: Actor, now: datetime
) -> None:
    assert complaint.fault is not None
    set_effort_causes(session, source_key=f"complaint:{complaint.id}", cause=complaint.fault, now=now)
    message = say(
        session,
        complaint,
        MessageAuthor.STAFF,
        now=now,
        author_name=actor.name,
        kind="decided",
        text=complaint.answer,
        **told,
    )
    add_event(
        session,
        complaint.order_id,
        "complaint_answered",
        now=now,
        actor_name=actor.name,
        complaint=complaint.number,
    )
    record(
        session,
        actor,
        action="complaint.decided",
        object_kind="complaint",
        object_id=complaint.id,
        object_name=complaint.number,
        reason=complaint.answer,
        now=now,
        new={**told, "fault": complaint.fault.value},
    )
    mail_customer(
        session,
        complaint,
        order,
        "complaint_answered",
        key=f"complaint_answered:{message.id}",
        now=now,
        note=complaint.answer,
        may_reopen=complaint.reopened_at is None,
        **{
            "replacement": "",
            "promised_on": "",
            "amount_cents": 0,
            "is_called_off": False,
            "called_off": "",
            **told,
        },
    )
