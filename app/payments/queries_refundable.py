"""Reading what staff may pay back for an order: its lines and charges with what is left of each."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.core.errors import N_, Refused
from app.ordering.models import Charge, Order
from app.payments.models import Dispute, Refund, RefundCharge, RefundRequest
from app.payments.queries_refunds import COUNTING, PaidOrder, read_paid
from app.payments.rules.disputes import Course, course_of
from app.payments.rules.refunding import gross_of_lines, refund_of_order
from app.payments.rules.staff_refunds import (
    PaidCharge,
    Payable,
    RefundWish,
    RequestState,
    gross_of_charges,
    work_out,
)


@dataclass(frozen=True, slots=True)
class Refundable:
    """A paid order as the form shows it; `left_cents` is what may go back, `is_taken` money that the bank has."""

    order: Order
    paid: PaidOrder
    charges: list[PaidCharge]
    charge_rows: list[Charge]
    left_cents: int
    is_taken: bool

    @property
    def gross_of(self) -> dict[int, int]:
        """What was paid for each line, by its id."""
        return gross_of_lines(self.paid.lines, self.paid.taxes)

    @property
    def gross_of_charge(self) -> dict[int, int]:
        """What was paid for each charge, by its id."""
        return gross_of_charges(
            self.charges, self.paid.lines, self.paid.taxes, gross_cents=self.order.gross_cents
        )

    def worth(self, wish: RefundWish) -> Payable:
        """What goes back for a wish. Raises Refused `refund.nothing_left`, ValueError for another order's parts."""
        return work_out(
            wish,
            lines=self.paid.lines,
            charges=self.charges,
            taxes=self.paid.taxes,
            gross_cents=self.order.gross_cents,
            left_cents=self.left_cents,
        )


def read_refundable(session: Session, order: Order) -> Refundable | None:
    """What may be paid back for an order; None where nothing was paid."""
    order_id = order.id or 0
    paid = read_paid(session, order_id)
    if paid is None:
        return None
    rows = list(session.exec(select(Charge).where(col(Charge.order_id) == order_id).order_by(col(Charge.id))))
    back = _charges_gone_back(session, order_id) if rows else {}
    return Refundable(
        order,
        paid,
        [PaidCharge(row.id or 0, row.net_cents, row.vat_rate_bp, back.get(row.id or 0, 0)) for row in rows],
        rows,
        refund_of_order(paid_cents=paid.paid_cents, refunded_cents=paid.refunded_cents),
        is_taken(session, order_id),
    )


def is_taken(session: Session, order_id: int) -> bool:
    """Whether a bank holds money of this order, for now or for good."""
    statuses = session.exec(select(Dispute.status).where(col(Dispute.order_id) == order_id))
    return any(course_of(status) in (Course.TAKEN, Course.LOST) for status in statuses)


def check_not_taken(session: Session, order_id: int) -> None:
    """Raises Refused `refund.disputed` where a bank holds money of this order: it would be paid back twice."""
    if is_taken(session, order_id):
        raise Refused(
            N_("The card's bank has taken this money: what is disputed cannot be paid back too."),
            code="refund.disputed",
        )


def granted_alone_cents(session: Session, order_id: int) -> int:
    """What one person alone has paid back for an order so far, in gross cents."""
    return session.exec(
        select(func.coalesce(func.sum(RefundRequest.amount_cents), 0))
        .join(Refund, col(Refund.id) == col(RefundRequest.refund_id))
        .where(
            col(RefundRequest.order_id) == order_id,
            col(RefundRequest.state) == RequestState.GRANTED,
            col(RefundRequest.decided_by_id) == col(RefundRequest.asked_by_id),
            col(Refund.state).in_(COUNTING),
        )
    ).one()


def _charges_gone_back(session: Session, order_id: int) -> dict[int, int]:
    rows = session.exec(
        select(RefundCharge.charge_id, func.sum(RefundCharge.amount_cents))
        .join(Refund, col(Refund.id) == col(RefundCharge.refund_id))
        .where(col(Refund.order_id) == order_id, col(Refund.state).in_(COUNTING))
        .group_by(col(RefundCharge.charge_id))
    )
    return {charge_id: int(cents) for charge_id, cents in rows}
