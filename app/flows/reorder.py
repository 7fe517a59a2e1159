"""The bundles of an earlier order go into the cart again, at today's versions and prices."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.core.errors import N_, NotFound
from app.core.transaction import transaction
from app.customers.models import Customer
from app.ordering.models import CartLine, Order, OrderLine
from app.ordering.rules.quantities import QuantityRule, check_quantity
from app.ordering.service import lock_cart

MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class Reordered:
    """How many bundles are in the cart now, and how many are no longer sold (or found no room)."""

    added_count: int
    left_out_count: int


def reorder(session: Session, *, order_number: str, customer_id: int, now: datetime) -> Reordered:
    """Puts the order's bundles into the cart: a bundle already there is raised to the order's quantity at least.

    Pressing twice is the same as once. A quantity that is no longer sold becomes the nearest that is.
    Raises NotFound for an order that is not the company's.
    """
    with transaction(session):
        # The company's row is the lock under which carts change: two tabs count the same lines.
        session.exec(select(Customer.id).where(col(Customer.id) == customer_id).with_for_update()).one()
        order_id = session.exec(
            select(Order.id).where(col(Order.number) == order_number, col(Order.customer_id) == customer_id)
        ).first()
        if order_id is None:
            raise NotFound(N_("There is no such order."), code="order.unknown")
        cart = {line.bundle_id: line for line in lock_cart(session, customer_id)}
        wanted = _wanted(session, order_id)
        added_count = 0
        for bundle_id, quantity in wanted.items():
            version = _on_sale(session, bundle_id)
            if version is None or (bundle_id not in cart and len(cart) >= MOST_LINES):
                continue
            fitting = _fitting(quantity, version)
            if fitting is None:
                continue
            line = cart.get(bundle_id)
            if line is None:
                line = CartLine(
                    customer_id=customer_id,
                    bundle_id=bundle_id,
                    seen_version_id=version.id or 0,
                    quantity=fitting,
                    updated_at=now,
                )
                session.add(line)
                cart[bundle_id] = line
            line.quantity = max(line.quantity, fitting)
            line.updated_at = now
            added_count += 1
        return Reordered(added_count, len(wanted) - added_count)


def _wanted(session: Session, order_id: int) -> dict[int, int]:
    rows = session.exec(
        select(BundleVersion.bundle_id, OrderLine.quantity)
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleVersion.id))
        .where(col(OrderLine.order_id) == order_id)
        .order_by(col(OrderLine.id))
    )
    wanted: dict[int, int] = {}
    for bundle_id, quantity in rows:
        wanted[bundle_id] = wanted.get(bundle_id, 0) + quantity
    return wanted


def _on_sale(session: Session, bundle_id: int) -> BundleVersion | None:
    return session.exec(
        select(BundleVersion)
        .join(Bundle, col(Bundle.current_version_id) == col(BundleVersion.id))
        .where(col(Bundle.id) == bundle_id, col(Bundle.state) == BundleState.PUBLISHED)
    ).first()


def _fitting(quantity: int, version: BundleVersion) -> int | None:
    """The quantity itself where it is sold, else the nearest: rather more than less."""
    problem = check_quantity(quantity, QuantityRule(version.minimum_quantity, version.order_step))
    return quantity if problem is None else (problem.upper or problem.lower)
