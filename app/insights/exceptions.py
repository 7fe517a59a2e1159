"""Every exception to the standard: field visits, with who wanted them, why, and what they brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func

from app.care.models import FieldVisit, ServiceOffer
from app.care.rules.offers import OfferStanding, standing
from app.care.rules.services import VisitState
from app.catalogue.models import BundleItem
from app.core.money import divide_half_up
from app.core.paging import Slice, read_page
from app.customers.models import Customer
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import BINDING, OrderKind

MILLI = 1_000


@dataclass(frozen=True, slots=True)
class Brought:
    """What came since a visit was approved: its price once paid, and orders of goods less what their blocks cost."""

    paid_cents: int = 0
    order_count: int = 0
    goods_net_cents: int = 0
    block_cost_cents: int = 0

    @property
    def contribution_cents(self) -> int:
        return self.paid_cents + self.goods_net_cents - self.block_cost_cents


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    """One field visit of the report; `offer` is how its offer stands (None before one was made)."""

    visit: FieldVisit
    customer: Customer
    offer: OfferStanding | None
    order_number: str
    brought: Brought


def read_exceptions(session: Session, *, page: int, now: datetime) -> Slice[ExceptionLine]:
    """One page of all field visits ever asked for: those that wait first, then the newest."""
    query = (
        select_columns(FieldVisit, Customer, ServiceOffer, Order)
        .join(Customer, col(Customer.id) == col(FieldVisit.customer_id))
        .outerjoin(ServiceOffer, col(ServiceOffer.id) == col(FieldVisit.offer_id))
        .outerjoin(Order, col(Order.id) == col(ServiceOffer.order_id))
        .order_by(
            (col(FieldVisit.state) == VisitState.REQUESTED).desc(), col(FieldVisit.requested_at).desc(),
            col(FieldVisit.id).desc(),
        )
    )  # fmt: skip
    found: Slice[Any] = read_page(session, query, page=page)
    since = _goods_since(session, [visit.id or 0 for visit, *_ in found.rows])
    lines = [_line(*row, since=since, now=now) for row in found.rows]
    return Slice(lines, found.page, found.has_next)


def count_waiting_visits(session: Session) -> int:
    """How many visits wait for a lead."""
    query = select_columns(func.count()).where(col(FieldVisit.state) == VisitState.REQUESTED)
    count: int = session.execute(query).scalar_one()
    return count


def _line(
    visit: FieldVisit,
    customer: Customer,
    offer: ServiceOffer | None,
    order: Order | None,
    *,
    since: dict[int, tuple[int, int, int]],
    now: datetime,
) -> ExceptionLine:
    stands = None
    if offer is not None:
        stands = standing(
            offer.state, expires_at=offer.expires_at, order_state=order.state if order else None, now=now
        )
    is_paid = order is not None and order.state in BINDING
    count, net_cents, cost_milli = since.get(visit.id or 0, (0, 0, 0))
    return ExceptionLine(
        visit,
        customer,
        stands,
        order.number if order and is_paid else "",
        Brought(
            paid_cents=order.charges_net_cents if order and is_paid else 0,
            order_count=count,
            goods_net_cents=net_cents,
            block_cost_cents=divide_half_up(cost_milli, MILLI),
        ),
    )


def _goods_since(session: Session, visit_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """By visit: orders of goods accepted since its approval, their net cents, and their blocks' cost (1/1000 cents)."""
    costs = (
        select_columns(
            col(BundleItem.bundle_version_id).label("version_id"),
            func.sum(BundleItem.quantity_milli * BundleItem.unit_cost_cents).label("cost_milli"),
        )
        .group_by(col(BundleItem.bundle_version_id))
        .subquery()
    )
    rows = session.execute(
        select_columns(
            col(FieldVisit.id),
            func.count(func.distinct(col(Order.id))),
            func.sum(col(OrderLine.net_cents)),
            func.sum(col(OrderLine.quantity) * costs.c.cost_milli),
        )
        .join(
            Order,
            and_(
                col(Order.customer_id) == col(FieldVisit.customer_id),
                col(Order.accepted_at) >= col(FieldVisit.decided_at),
            ),
        )
        .join(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .join(costs, costs.c.version_id == col(OrderLine.bundle_version_id))
        .where(
            col(FieldVisit.id).in_(visit_ids),
            col(FieldVisit.state) == VisitState.APPROVED,
            col(Order.kind) == OrderKind.GOODS,
            col(Order.state).in_(BINDING),
        )
        .group_by(col(FieldVisit.id))
    )
    return {visit_id: (count, int(net), int(cost)) for visit_id, count, net, cost in rows}
