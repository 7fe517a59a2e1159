"""A customer disagrees with an answer, once: the complaint is open again, and another person answers it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.models import Complaint, ComplaintLine
from app.care.queries_complaints import complained_quantities
from app.care.rules.complaining import LONGEST_TEXT, OF_THE_GOODS, answer_due
from app.care.rules.complaints import ComplaintState, MessageAuthor
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_complaints import (
    lock_complaint,
    mail_customer,
    mail_staff,
    open_lines,
    say,
    unknown,
)
from app.care.service_effort import note_effort, set_effort_causes
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Contact
from app.customers.service import lock_customer
from app.ordering.models import Order, OrderLine
from app.ordering.rules.promise import Calendar
from app.ordering.service import lock_order
from app.policy.queries import current_policy


def reopen_complaint(
    session: Session,
    *,
    complaint_number: str,
    customer_id: int,
    contact_id: int,
    text: str,
    staff_address: str,
    calendar: Calendar,
    now: datetime,
) -> bool:
    """Opens a company's own answered complaint again; False where it is open already.

    Raises NotFound for another company's, Invalid for a long text, Refused `complaint.reopened_before` the second
    time (the courts are open, this form is not), `complaint.open_already` where the pieces are in another one that is
    open, or `complaint.complained_before` where they are in one that was not rejected.
    """
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        sentence = N_("Please use at most %(max_length)s characters.")
        fault = FieldError("text", sentence, {"max_length": LONGEST_TEXT})
        raise Invalid(N_("Please check your entries."), code="complaint.invalid", fields=(fault,))
    with transaction(session):
        row = session.exec(
            select(Complaint.id, Complaint.order_id).where(
                col(Complaint.number) == complaint_number, col(Complaint.customer_id) == customer_id
            )
        ).first()
        if row is None:
            raise unknown()
        lock_customer(session, customer_id)
        order = lock_order(session, row[1])
        complaint = lock_complaint(session, row[0] or 0)
        if complaint.state is ComplaintState.OPEN:
            return False
        if complaint.reopened_at is not None:
            raise Refused(
                N_(
                    "This complaint was looked at twice, and our answer stays. Your statutory rights are open to you"
                    " as before."
                ),
                code="complaint.reopened_before",
            )
        _open(session, complaint)
        today = now.astimezone(calendar.zone).date()
        days = current_policy(session).complaint_answer_days
        complaint.answer_due_on = answer_due(today, answer_days=days, calendar=calendar)
        complaint.reopened_at = now
        contact = session.get_one(Contact, contact_id)
        _tell(session, complaint, order, text, contact=contact, staff_address=staff_address, now=now)
    return True


def _open(session: Session, complaint: Complaint) -> None:
    lines = session.exec(select(ComplaintLine).where(col(ComplaintLine.complaint_id) == complaint.id)).all()
    taken = session.exec(
        select(Complaint.number)
        .join(ComplaintLine, col(ComplaintLine.complaint_id) == col(Complaint.id))
        .where(
            col(ComplaintLine.open_key).in_(
                [f"{line.order_line_id}:{complaint.reason.value}" for line in lines]
            )
        )
    ).first()
    if taken is not None:
        raise Refused(
            N_("Complaint %(number)s about this is open already. Add a message or a photo there."),
            code="complaint.open_already",
            number=taken,
        )
    complaint.state = ComplaintState.OPEN
    complaint.outcome = None
    complaint.fault = EffortCause.UNDECIDED
    open_lines(complaint, lines)
    session.flush()
    _are_complained_of_once(session, complaint, lines)


def _are_complained_of_once(session: Session, complaint: Complaint, lines: Sequence[ComplaintLine]) -> None:
    """A rejected complaint let go of its pieces: another may have them since."""
    if complaint.reason not in OF_THE_GOODS:
        return
    complained = complained_quantities(session, complaint.order_id)
    for line in lines:
        bought = session.get_one(OrderLine, line.order_line_id)
        if complained[line.order_line_id] > bought.quantity:
            raise Refused(
                N_("Another complaint is about pieces of %(name)s since: there are not so many of it."),
                code="complaint.complained_before",
                name=bought.name,
            )


def _tell(
    session: Session,
    complaint: Complaint,
    order: Order,
    text: str,
    *,
    contact: Contact,
    staff_address: str,
    now: datetime,
) -> None:
    source_key = f"complaint:{complaint.id}"
    set_effort_causes(session, source_key=source_key, cause=EffortCause.UNDECIDED, now=now)
    note_effort(
        session,
        customer_id=complaint.customer_id,
        order_id=complaint.order_id,
        kind=EffortKind.COMPLAINT,
        cause=EffortCause.UNDECIDED,
        source_key=f"{source_key}:2",
        now=now,
    )
    say(
        session,
        complaint,
        MessageAuthor.CUSTOMER,
        now=now,
        author_name=contact.name,
        kind="reopened",
        text=text,
        answer_due_on=complaint.answer_due_on.isoformat(),
    )
    record(
        session,
        Actor(ActorKind.CUSTOMER, contact.name, contact.id),
        action="complaint.reopened",
        object_kind="complaint",
        object_id=complaint.id,
        object_name=complaint.number,
        now=now,
    )
    due = complaint.answer_due_on.isoformat()
    mail_customer(
        session,
        complaint,
        order,
        "complaint_reopened",
        key=f"complaint_reopened:{complaint.id}",
        now=now,
        answer_due_on=due,
    )
    mail_staff(
        session,
        complaint,
        order,
        "complaint_filed",
        key=f"complaint_filed:{complaint.id}:2",
        staff_address=staff_address,
        now=now,
        reason=complaint.reason.value,
        answer_due_on=due,
        is_reopened=True,
    )
