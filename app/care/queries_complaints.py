"""Reading complaints: what a company may complain about, its own ones, and one with its whole thread."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import case, func
from sqlmodel import Session, col, or_, select

from app.care.models import Complaint, ComplaintLine, ComplaintMessage, ComplaintPhoto
from app.care.photos import THUMB_SIDE
from app.care.rules.answering import PAYING_BACK
from app.care.rules.complaining import OF_THE_GOODS, OrderFacts
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState
from app.care.service_complaints import unknown
from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.fulfilment.models import Shipment
from app.ordering.models import Order, OrderLine
from app.payments.models import Refund
from app.payments.rules.states import RefundState

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line of an order and how many of it nobody complained about yet."""

    id: int
    name: str
    quantity: int
    left_quantity: int


@dataclass(frozen=True, slots=True)
class Complainable:
    """An order as the form shows it; `shipped_on` is the run it left with, if it did."""

    order: Order
    lines: list[OrderedLine]
    shipped_on: date | None

    @property
    def facts(self) -> OrderFacts:
        return facts_of(self.order)


@dataclass(frozen=True, slots=True)
class ThreadEntry:
    """One entry of a thread with its photos: the id of each, and how wide it is shown."""

    message: ComplaintMessage
    photos: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class AboutLine:
    """What of an order's line a complaint is about."""

    order_line_id: int
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint with its order, its lines and its thread, oldest entry first; the newest refund comes last."""

    complaint: Complaint
    order: Order
    lines: list[AboutLine]
    thread: list[ThreadEntry]
    refunds: list[Refund] = field(default_factory=list)
    replacement: Order | None = None

    @property
    def is_open(self) -> bool:
        return self.complaint.state is ComplaintState.OPEN

    @property
    def failed_refund(self) -> Refund | None:
        """The refund that its present answer is, where the card service refused it."""
        answers = (one for one in self.refunds if is_answer_of(self.complaint, one))
        return next((one for one in answers if one.state is RefundState.FAILED), None)

    @property
    def may_reopen(self) -> bool:
        return not self.is_open and self.complaint.reopened_at is None


def facts_of(order: Order) -> OrderFacts:
    """What the rules of complaining ask of an order."""
    return OrderFacts(order.kind, order.state, order.dispatch_on, order.promised_on, order.expected_on)


def read_complainable(session: Session, number: str, *, customer_id: int) -> Complainable:
    """An own order with what of it can be complained about. Raises NotFound for another company's alike."""
    order = session.exec(
        select(Order).where(col(Order.number) == number, col(Order.customer_id) == customer_id)
    ).first()
    if order is None or order.id is None:
        raise NotFound(N_("There is no such order."), code="order.unknown")
    complained = complained_quantities(session, order.id)
    rows = session.exec(
        select(OrderLine).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.id))
    )
    shipment = session.exec(select(Shipment).where(col(Shipment.order_id) == order.id)).first()
    return Complainable(
        order,
        [
            OrderedLine(row.id or 0, row.name, row.quantity, row.quantity - complained.get(row.id or 0, 0))
            for row in rows
        ],
        shipment.run_on if shipment else None,
    )


def complained_quantities(session: Session, order_id: int) -> dict[int, int]:
    """For each line of an order the pieces in complaints about the goods that are open or were not rejected."""
    rows = session.exec(
        select(ComplaintLine.order_line_id, func.sum(ComplaintLine.quantity))
        .join(Complaint, col(Complaint.id) == col(ComplaintLine.complaint_id))
        .where(
            col(Complaint.order_id) == order_id,
            col(Complaint.reason).in_(tuple(OF_THE_GOODS)),
            or_(col(Complaint.outcome).is_(None), col(Complaint.outcome) != ComplaintOutcome.REJECTED),
        )
        .group_by(col(ComplaintLine.order_line_id))
    )
    return {line_id: int(quantity) for line_id, quantity in rows}


def complaints_of(session: Session, customer_id: int, *, page: int) -> Slice[tuple[Complaint, str]]:
    """A company's complaints with the numbers of their orders, newest first, 20 a page."""
    query = (
        select(Complaint, Order.number)
        .join(Order, col(Order.id) == col(Complaint.order_id))
        .where(col(Complaint.customer_id) == customer_id)
        .order_by(col(Complaint.created_at).desc(), col(Complaint.id).desc())
    )
    return read_page(session, query, page=page, size=PAGE_SIZE)


def own_case(session: Session, number: str, *, customer_id: int) -> Case:
    """A company's own complaint. Raises NotFound for an unknown one and for another company's alike."""
    query = select(Complaint).where(
        col(Complaint.number) == number, col(Complaint.customer_id) == customer_id
    )
    return _whole(session, session.exec(query).first())


def case_by_id(session: Session, complaint_id: int) -> Case:
    """Any complaint, for staff. Raises NotFound."""
    return _whole(session, session.get(Complaint, complaint_id))


def cases_of_order(session: Session, order_id: int) -> list[Case]:
    """All complaints about an order with their threads, oldest first; one query where there are none."""
    found = session.exec(
        select(Complaint).where(col(Complaint.order_id) == order_id).order_by(col(Complaint.id))
    ).all()
    return [_whole(session, complaint) for complaint in found]


def own_photo(session: Session, number: str, photo_id: int, *, customer_id: int) -> ComplaintPhoto:
    """A photo of a company's own complaint. Raises NotFound for any other alike."""
    return _photo(session, photo_id, (Complaint.number == number) & (Complaint.customer_id == customer_id))


def photo_of(session: Session, complaint_id: int, photo_id: int) -> ComplaintPhoto:
    """A photo of a complaint, for staff. Raises NotFound."""
    return _photo(session, photo_id, Complaint.id == complaint_id)


def list_complaints(
    session: Session, *, state: ComplaintState | None, reason: ComplaintReason | None, page: int
) -> Slice[tuple[Complaint, Order]]:
    """One page of all companies' complaints with their orders: open ones by due day, the most overdue first."""
    query = select(Complaint, Order).join(Order, col(Order.id) == col(Complaint.order_id))
    if reason is not None:
        query = query.where(col(Complaint.reason) == reason)
    if state is ComplaintState.OPEN:
        query = query.where(col(Complaint.state) == state)
        query = query.order_by(col(Complaint.answer_due_on), col(Complaint.id))
    else:
        if state is not None:
            query = query.where(col(Complaint.state) == state)
        query = query.order_by(col(Complaint.created_at).desc(), col(Complaint.id).desc())
    return read_page(session, query, page=page)


def count_open_complaints(session: Session, *, today: date) -> tuple[int, int]:
    """How many complaints wait for an answer, and how many of them should have had it on an earlier day."""
    is_overdue = case((col(Complaint.answer_due_on) < today, 1), else_=0)
    count, overdue = session.exec(
        select(func.count(), func.coalesce(func.sum(is_overdue), 0))
        .select_from(Complaint)
        .where(col(Complaint.state) == ComplaintState.OPEN)
    ).one()
    return int(count), int(overdue)


def _photo(session: Session, photo_id: int, is_theirs: object) -> ComplaintPhoto:
    query = (
        select(ComplaintPhoto)
        .join(Complaint, col(Complaint.id) == col(ComplaintPhoto.complaint_id))
        .where(col(ComplaintPhoto.id) == photo_id, is_theirs)  # type: ignore[arg-type]
    )
    photo = session.exec(query).first()
    if photo is None:
        raise unknown()
    return photo


def _whole(session: Session, complaint: Complaint | None) -> Case:
    if complaint is None or complaint.id is None:
        raise unknown()
    lines = session.exec(
        select(ComplaintLine.order_line_id, OrderLine.name, ComplaintLine.quantity)
        .join(OrderLine, col(OrderLine.id) == col(ComplaintLine.order_line_id))
        .where(col(ComplaintLine.complaint_id) == complaint.id)
        .order_by(col(ComplaintLine.id))
    )
    messages = session.exec(
        select(ComplaintMessage)
        .where(col(ComplaintMessage.complaint_id) == complaint.id)
        .order_by(col(ComplaintMessage.id))
    )
    replaced_by = complaint.replacement_order_id
    return Case(
        complaint=complaint,
        order=session.get_one(Order, complaint.order_id),
        lines=[AboutLine(*line) for line in lines],
        thread=_entries(messages),
        refunds=refunds_of(session, complaint),
        replacement=session.get_one(Order, replaced_by) if replaced_by is not None else None,
    )


def refunds_of(session: Session, complaint: Complaint) -> list[Refund]:
    """What was paid back because of a complaint, oldest first."""
    causes = [cause_of(complaint, is_second=is_second) for is_second in (False, True)]
    return list(session.exec(select(Refund).where(col(Refund.cause).in_(causes)).order_by(col(Refund.id))))


def is_answer_of(complaint: Complaint, refund: Refund) -> bool:
    """Whether this refund is what the complaint's present answer is: one that was opened again has none."""
    return complaint.outcome in PAYING_BACK and complaint.refund_id == refund.id


def cause_of(complaint: Complaint, *, is_second: bool) -> str:
    """What a refund says it is for: one for each time that a complaint is decided."""
    return f"complaint:{complaint.id}:2" if is_second else f"complaint:{complaint.id}"


def _entries(messages: Iterable[ComplaintMessage]) -> list[ThreadEntry]:
    found = []
    for message in messages:
        ids = message.values.get("photos", [])
        widths = message.values.get("widths", [THUMB_SIDE] * len(ids))
        found.append(ThreadEntry(message, list(zip(ids, widths, strict=True))))
    return found
