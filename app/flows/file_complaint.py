"""A customer says what is wrong with an order: kept once, both sides are told, and it counts as effort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.models import Complaint, ComplaintLine
from app.care.photos import clean_photos, thumb_width
from app.care.queries_complaints import complained_quantities, facts_of
from app.care.rules.complaining import (
    answer_due,
    fault_of_reason,
    fault_of_text,
    faults_of_lines,
    may_complain,
    needs_lines,
)
from app.care.rules.complaints import ComplaintReason, ComplaintState, MessageAuthor
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_complaints import hit_photos, keep_photos, mail_customer, mail_staff, open_lines, say
from app.care.service_effort import note_effort
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.ids import new_number
from app.core.transaction import transaction
from app.customers.models import Contact
from app.customers.service import lock_customer
from app.ordering.models import Order, OrderLine
from app.ordering.rules.promise import Calendar
from app.ordering.service import add_event
from app.policy.queries import current_policy
from app.throttling.service import hit

WINDOW = timedelta(days=1)
COMPLAINTS_PER_COMPANY = 20


@dataclass(frozen=True, slots=True)
class FiledComplaint:
    """The complaint that now exists; `is_new` is False when the same form had filed it before."""

    number: str
    is_new: bool


def file_complaint(
    session: Session,
    *,
    customer_id: int,
    contact_id: int,
    order_number: str,
    form_key: str,
    reason: ComplaintReason | None,
    text: str,
    quantities: Mapping[int, int],
    photos: Sequence[bytes],
    staff_address: str,
    calendar: Calendar,
    now: datetime,
    unread: Sequence[FieldError] = (),
) -> FiledComplaint:
    """Keeps a complaint about some pieces of an own order (`quantities` by line id); the same form files it once.

    For a reason that is not about pieces the whole order is meant where no line is named. `unread` are faults of the
    form itself, told together with those found here. Raises Invalid with a fault per field, NotFound for another
    company's order, Refused `complaint.open_already` (with the `number` of the one that is open),
    `complaint.too_early` or `throttled`, and Unavailable `photos.busy`.
    """
    text = text.strip()
    if photos:
        known = _before_photos(session, order_number, form_key, customer_id=customer_id, now=now)
        if known is not None:
            return FiledComplaint(known, is_new=False)
    pictures, faults = clean_photos(photos)
    faults = [*unread, *faults]
    if reason is None:
        faults.append(FieldError("reason", N_("Please choose what is wrong.")))
    fault = fault_of_text(text)
    faults += [fault] if fault else []
    with transaction(session):
        lock_customer(session, customer_id)
        known = _filed_by(session, form_key, customer_id=customer_id)
        if known is not None:
            return FiledComplaint(known, is_new=False)
        hit(session, f"complaint:{customer_id}", limit=COMPLAINTS_PER_COMPANY, window=WINDOW, now=now)
        order = _own_order(session, order_number, customer_id=customer_id)
        today = now.astimezone(calendar.zone).date()
        wanted = dict(quantities)
        if reason is not None:
            wanted, more = _wanted(session, order, reason, wanted)
            fault = fault_of_reason(reason, facts_of(order), today=today)
            faults += [fault] if fault else more
        if faults or reason is None:
            raise Invalid(N_("Please check your entries."), code="complaint.invalid", fields=tuple(faults))
        policy = current_policy(session)
        complaint = Complaint(
            number=new_number("R"),
            customer_id=customer_id,
            contact_id=contact_id,
            order_id=order.id or 0,
            form_key=form_key,
            reason=reason,
            answer_due_on=answer_due(today, answer_days=policy.complaint_answer_days, calendar=calendar),
            created_at=now,
        )
        contact = session.get_one(Contact, contact_id)
        _store(session, complaint, wanted, text=text, pictures=pictures, contact=contact, now=now)
        _tell(session, complaint, order, contact=contact, staff_address=staff_address, now=now)
        number = complaint.number
    return FiledComplaint(number, is_new=True)


def _before_photos(
    session: Session, order_number: str, form_key: str, *, customer_id: int, now: datetime
) -> str | None:
    """Looking at photos is dear: only for an own order, and the post counts whatever comes of it."""
    with transaction(session):
        _own_order(session, order_number, customer_id=customer_id)
        known = _filed_by(session, form_key, customer_id=customer_id)
        if known is None:
            hit_photos(session, customer_id, now=now)
    return known


def _filed_by(session: Session, form_key: str, *, customer_id: int) -> str | None:
    """The number of the complaint that this form has filed before."""
    return session.exec(
        select(Complaint.number).where(
            col(Complaint.customer_id) == customer_id, col(Complaint.form_key) == form_key
        )
    ).first()


def _own_order(session: Session, number: str, *, customer_id: int) -> Order:
    order = session.exec(
        select(Order)
        .where(col(Order.number) == number, col(Order.customer_id) == customer_id)
        .with_for_update()
    ).first()
    if order is None:
        raise NotFound(N_("There is no such order."), code="order.unknown")
    if not may_complain(facts_of(order)):
        raise Refused(
            N_("This order is not paid and accepted: there is nothing to complain about yet."),
            code="complaint.too_early",
        )
    return order


def _wanted(
    session: Session, order: Order, reason: ComplaintReason, quantities: dict[int, int]
) -> tuple[dict[int, int], list[FieldError]]:
    """The pieces that it is about, and what is wrong with them. Raises Refused where they are complained of already."""
    rows = session.exec(select(OrderLine.id, OrderLine.quantity).where(col(OrderLine.order_id) == order.id))
    bought = {line_id or 0: quantity for line_id, quantity in rows}
    if not quantities and needs_lines(reason, facts_of(order)):
        return {}, [FieldError("lines", N_("Please say which of the bundles it is about, and how many."))]
    wanted = quantities or bought
    query = (
        select(Complaint.number)
        .outerjoin(ComplaintLine, col(ComplaintLine.complaint_id) == col(Complaint.id))
        .where(
            col(Complaint.order_id) == order.id,
            col(Complaint.reason) == reason,
            col(Complaint.state) == ComplaintState.OPEN,
        )
    )
    if wanted:
        query = query.where(col(ComplaintLine.order_line_id).in_(list(wanted)))
    taken = session.exec(query.order_by(col(Complaint.id))).first()
    if taken is not None:
        raise Refused(
            N_("Complaint %(number)s about this is open already. Add a message or a photo there."),
            code="complaint.open_already",
            number=taken,
        )
    complained = complained_quantities(session, order.id or 0)
    return wanted, faults_of_lines(reason, wanted, bought=bought, complained=complained)


def _store(
    session: Session,
    complaint: Complaint,
    wanted: Mapping[int, int],
    *,
    text: str,
    pictures: Sequence[bytes],
    contact: Contact,
    now: datetime,
) -> None:
    session.add(complaint)
    session.flush()
    lines = [
        ComplaintLine(complaint_id=complaint.id or 0, order_line_id=line_id, quantity=quantity)
        for line_id, quantity in sorted(wanted.items())
    ]
    open_lines(complaint, lines)
    session.add_all(lines)
    photo_ids = keep_photos(session, complaint, pictures, now=now)
    say(
        session,
        complaint,
        MessageAuthor.CUSTOMER,
        now=now,
        author_name=contact.name,
        kind="filed",
        text=text,
        photos=photo_ids,
        widths=[thumb_width(picture) for picture in pictures],
    )


def _tell(
    session: Session,
    complaint: Complaint,
    order: Order,
    *,
    contact: Contact,
    staff_address: str,
    now: datetime,
) -> None:
    """The order's timeline, the effort it costs, the log, and a mail to each side."""
    add_event(
        session,
        complaint.order_id,
        "complaint_filed",
        now=now,
        actor_name=contact.name,
        complaint=complaint.number,
    )
    note_effort(
        session,
        customer_id=complaint.customer_id,
        order_id=complaint.order_id,
        kind=EffortKind.COMPLAINT,
        cause=EffortCause.UNDECIDED,
        source_key=f"complaint:{complaint.id}",
        now=now,
    )
    record(
        session,
        Actor(ActorKind.CUSTOMER, contact.name, contact.id),
        action="complaint.filed",
        object_kind="complaint",
        object_id=complaint.id,
        object_name=complaint.number,
        now=now,
        new={"order": order.number, "reason": complaint.reason.value},
    )
    mail_customer(
        session,
        complaint,
        order,
        "complaint_received",
        key=f"complaint_received:{complaint.id}",
        now=now,
        reason=complaint.reason.value,
        answer_due_on=complaint.answer_due_on.isoformat(),
    )
    mail_staff(
        session,
        complaint,
        order,
        "complaint_filed",
        key=f"complaint_filed:{complaint.id}",
        staff_address=staff_address,
        now=now,
        reason=complaint.reason.value,
        answer_due_on=complaint.answer_due_on.isoformat(),
        is_reopened=False,
    )
