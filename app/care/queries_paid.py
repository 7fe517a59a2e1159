"""Reading what a complaint is worth: its pieces as lines of the order that was paid, and what would go back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.care.queries_complaints import Case
from app.care.queries_left import left_pieces
from app.core.errors import N_, Refused
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import OrderKind
from app.payments.models import Dispute
from app.payments.queries_disputes import FREEING
from app.payments.queries_refunds import PaidOrder, read_paid
from app.payments.rules.refunding import LineRefund, refund_of_lines, refund_of_order


@dataclass(frozen=True, slots=True)
class Worth:
    """What would go back for all pieces of a complaint, and for the whole order, in gross cents.

    Of a replacement the whole order is its pieces, at what was paid for them.

    `is_charged_back`: the bank took money of this payment, so that a refund may be refused.
    """

    lines_cents: int
    order_cents: int
    is_charged_back: bool = False


def worth_of(session: Session, case: Case) -> Worth:
    """What a person decides about, before deciding; zeros where nothing was paid or all of it went back."""
    order_id = paid_order_id(case.order)
    paid = read_paid(session, order_id)
    if paid is None:
        return Worth(0, 0)
    taken = select(Dispute.id).where(
        col(Dispute.order_id) == order_id,
        col(Dispute.taken_at).is_not(None),
        col(Dispute.status).not_in(FREEING),
    )
    is_charged_back = session.exec(taken).first() is not None
    left_cents = refund_of_order(paid_cents=paid.paid_cents, refunded_cents=paid.refunded_cents)
    about = {line.order_line_id: line.quantity for line in case.lines}
    lines_cents = _cents_of(session, paid, about, left_cents=left_cents)
    order_cents, _ = back_of_order(session, case.order, paid)
    return Worth(lines_cents, order_cents, is_charged_back)


def back_of_order(session: Session, order: Order, paid: PaidOrder) -> tuple[int, list[LineRefund]]:
    """The gross cents that go back for an order as a whole, and its pieces among them.

    It is what is left of the payment without the pieces that were replaced; of a replacement it is its own pieces.
    """
    left_cents = refund_of_order(paid_cents=paid.paid_cents, refunded_cents=paid.refunded_cents)
    if not left_cents:
        return 0, []
    left = {line_id: quantity for line_id, quantity in left_pieces(session, order).items() if quantity}
    wanted = paid_quantities(session, paid, left)
    back = refund_of_lines(paid.lines, paid.taxes, wanted, left_cents=left_cents) if wanted else []
    cents = sum(line.amount_cents for line in back)
    if order.kind is OrderKind.REPLACEMENT:
        return cents, back
    whole = {line.line_id: line.left_quantity for line in paid.lines if line.left_quantity}
    all_back = refund_of_lines(paid.lines, paid.taxes, whole, left_cents=left_cents) if whole else []
    kept_cents = sum(line.amount_cents for line in all_back) - cents
    return left_cents - kept_cents, back


def paid_order_id(order: Order) -> int:
    """The order whose payment a complaint goes back to: a replacement's is the one that it belongs to."""
    is_again = order.kind is OrderKind.REPLACEMENT and order.for_order_id is not None
    return (order.for_order_id if is_again else order.id) or 0


def paid_quantities(session: Session, paid: PaidOrder, quantities: Mapping[int, int]) -> dict[int, int]:
    """The pieces as lines of the order that was paid. Raises Refused for more than are left of one."""
    versions = dict(_versions(session, list(quantities)))
    by_version = {version_id: line_id for line_id, version_id in paid.version_ids.items()}
    wanted: dict[int, int] = {}
    for line_id, quantity in quantities.items():
        paid_id = line_id if line_id in paid.version_ids else by_version[versions[line_id]]
        wanted[paid_id] = wanted.get(paid_id, 0) + quantity
    for line in paid.lines:
        if wanted.get(line.line_id, 0) > line.left_quantity:
            raise Refused(
                N_("Of %(name)s only %(left)s can still be paid back; the others were before."),
                code="complaint.nothing_left",
                name=paid.names[line.line_id],
                left=line.left_quantity,
            )
    return wanted


def _versions(session: Session, line_ids: list[int]) -> Sequence[tuple[int, int]]:
    rows = session.exec(
        select(OrderLine.id, OrderLine.bundle_version_id).where(col(OrderLine.id).in_(line_ids))
    )
    return [(line_id or 0, version_id) for line_id, version_id in rows]


def _cents_of(session: Session, paid: PaidOrder, quantities: Mapping[int, int], *, left_cents: int) -> int:
    """What would go back for these pieces; 0 where they are not all left."""
    if not quantities or not left_cents:
        return 0
    try:
        wanted = paid_quantities(session, paid, quantities)
    except Refused:
        return 0
    back = refund_of_lines(paid.lines, paid.taxes, wanted, left_cents=left_cents)
    return sum(line.amount_cents for line in back)
