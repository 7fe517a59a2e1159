"""Reading a company's orders: the list, and one order with everything that belongs to it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.ordering.models import CartLine, Charge, Order, OrderEvent, OrderLine, OrderTax, TermsVersion
from app.ordering.queries_stock import rule_of, sold_now
from app.ordering.rules.quantities import QuantityFault, check_quantity, lowest_quantity
from app.policy.queries import current_policy

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """A line as it was bought; `is_sold` tells whether the bundle is still in the catalogue."""

    name: str
    quantity: int
    unit_price_cents: int
    net_cents: int
    is_sold: bool


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with its parts and its timeline, oldest event first."""

    order: Order
    lines: list[BoughtLine]
    charges: list[Charge]
    taxes: list[OrderTax]
    events: list[OrderEvent]
    terms_name: str

    @property
    def net_cents(self) -> int:
        return self.order.goods_net_cents + self.order.charges_net_cents


@dataclass(frozen=True, slots=True)
class MissingLine:
    """A bundle of which the cart holds less than was ordered; `is_sold` tells whether it is in the catalogue."""

    name: str
    ordered_quantity: int
    cart_quantity: int
    is_sold: bool


@dataclass(frozen=True, slots=True)
class RaisedLine:
    """A bundle of which the cart holds more than was ordered, because of its `least_quantity` now; None: its step."""

    name: str
    ordered_quantity: int
    cart_quantity: int
    least_quantity: int | None
    order_step: int


def missing_in_cart(session: Session, order: Order) -> list[MissingLine]:
    """Of which of an order's bundles the company's cart holds less, after ordering again."""
    rows = session.execute(
        select(
            func.min(OrderLine.name),
            func.sum(OrderLine.quantity),
            func.coalesce(func.max(CartLine.quantity), 0),
            Bundle.state,
        )
        .join(BundleVersion, col(BundleVersion.id) == col(OrderLine.bundle_version_id))
        .join(Bundle, col(Bundle.id) == col(BundleVersion.bundle_id))
        .outerjoin(
            CartLine,
            (col(CartLine.bundle_id) == col(Bundle.id)) & (col(CartLine.customer_id) == order.customer_id),
        )
        .where(col(OrderLine.order_id) == order.id)
        .group_by(col(Bundle.id), col(Bundle.state))
        .order_by(func.min(OrderLine.id))
    )
    lines = [
        MissingLine(name, int(ordered), int(held), state is BundleState.PUBLISHED)
        for name, ordered, held, state in rows
    ]
    return [line for line in lines if not line.is_sold or line.cart_quantity < line.ordered_quantity]


def raised_in_cart(session: Session, order: Order, *, now: datetime) -> list[RaisedLine]:
    """Of which of an order's bundles the company's cart holds more, as so few cannot be ordered now."""
    rows = session.execute(
        select(Bundle.id, func.min(OrderLine.name), func.sum(OrderLine.quantity), func.max(CartLine.quantity))
        .join(BundleVersion, col(BundleVersion.bundle_id) == col(Bundle.id))
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleVersion.id))
        .join(
            CartLine,
            (col(CartLine.bundle_id) == col(Bundle.id)) & (col(CartLine.customer_id) == order.customer_id),
        )
        .where(col(OrderLine.order_id) == order.id)
        .group_by(col(Bundle.id))
        .having(func.max(CartLine.quantity) > func.sum(OrderLine.quantity))
        .order_by(func.min(OrderLine.id))
    ).all()
    policy = current_policy(session)
    sold = sold_now(session, order.customer_id, [bundle_id for bundle_id, *_ in rows], now=now)
    found = []
    for bundle_id, name, ordered, held in rows:
        if bundle_id not in sold:
            continue
        rule = rule_of(sold[bundle_id], available_count=None, policy=policy)
        problem = check_quantity(int(ordered), rule)
        if problem and problem.upper:
            least = lowest_quantity(rule) if problem.fault is QuantityFault.TOO_SMALL else None
            found.append(RaisedLine(name, int(ordered), held, least, rule.order_step))
    return found


def orders_of(session: Session, customer_id: int, *, text: str = "", page: int = 1) -> Slice[Order]:
    """A company's orders, newest first, 20 a page; `text` is part of a number or of a purchase reference."""
    query = (
        select(Order)
        .where(col(Order.customer_id) == customer_id)
        .order_by(col(Order.placed_at).desc(), col(Order.id).desc())
    )
    if text:
        part = text.lower()
        query = query.where(
            or_(
                func.lower(Order.number).contains(part, autoescape=True),
                func.lower(Order.purchase_reference).contains(part, autoescape=True),
            )
        )
    return read_page(session, query, page=page, size=PAGE_SIZE)


def whole_order(session: Session, number: str, *, customer_id: int) -> WholeOrder:
    """One order of the company. Raises NotFound for a missing one and for another company's alike."""
    order = session.exec(
        select(Order).where(col(Order.number) == number, col(Order.customer_id) == customer_id)
    ).first()
    if order is None:
        raise NotFound(N_("There is no such order."), code="order.unknown")
    lines = session.exec(
        select(OrderLine, Bundle)
        .join(BundleVersion, col(BundleVersion.id) == col(OrderLine.bundle_version_id))
        .join(Bundle, col(Bundle.id) == col(BundleVersion.bundle_id))
        .where(col(OrderLine.order_id) == order.id)
        .order_by(col(OrderLine.id))
    )
    return WholeOrder(
        order=order,
        lines=[
            BoughtLine(
                name=line.name,
                quantity=line.quantity,
                unit_price_cents=line.unit_price_cents,
                net_cents=line.net_cents,
                is_sold=bundle.state is BundleState.PUBLISHED,
            )
            for line, bundle in lines
        ],
        charges=list(session.exec(select(Charge).where(col(Charge.order_id) == order.id))),
        taxes=list(
            session.exec(
                select(OrderTax)
                .where(col(OrderTax.order_id) == order.id)
                .order_by(col(OrderTax.vat_rate_bp).desc())
            )
        ),
        events=list(
            session.exec(
                select(OrderEvent).where(col(OrderEvent.order_id) == order.id).order_by(col(OrderEvent.id))
            )
        ),
        terms_name=session.get_one(TermsVersion, order.terms_version_id).name,
    )
