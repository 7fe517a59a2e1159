"""The bundles of an earlier order go into the cart again, at today's versions and prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.catalogue.models import BundleVersion
from app.core.errors import N_, NotFound
from app.core.transaction import transaction
from app.customers.models import Customer
from app.ordering.models import CartLine, Order, OrderLine
from app.ordering.queries_stock import cart_versions, counts_of_lines, rule_of, sold_now, with_quantities
from app.ordering.rules.quantities import MOST_LINES, nearest_quantity
from app.ordering.service import lock_cart
from app.policy.queries import current_policy


@dataclass(frozen=True, slots=True)
class Reordered:
    """How many bundles are in the cart now as they were ordered, how many in a smaller quantity because of the
    stock or the most of one order, how many in a larger one because of today's minimum quantity or order step, and
    how many not at all (no longer sold, sold out, or no room).
    """

    added_count: int
    fewer_count: int
    raised_count: int
    left_out_count: int


def reorder(session: Session, *, order_number: str, customer_id: int, now: datetime) -> Reordered:
    """Puts the order's bundles into the cart: a bundle already there is raised to the order's quantity at least.

    Pressing twice is the same as once. A quantity that cannot be ordered now becomes the nearest that can.
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
        versions = sold_now(session, customer_id, wanted.keys(), now=now)
        fitting = _fitting(session, customer_id, cart, wanted, versions)
        added_count = fewer_count = raised_count = 0
        for bundle_id, quantity in fitting.items():
            line = cart.get(bundle_id)
            held = line.quantity if line else 0
            if line is None:
                line = CartLine(
                    customer_id=customer_id,
                    bundle_id=bundle_id,
                    seen_version_id=versions[bundle_id].version_id,
                    quantity=quantity,
                    updated_at=now,
                )
                session.add(line)
            is_raised = quantity > max(held, wanted[bundle_id])
            line.quantity = max(line.quantity, quantity)
            line.updated_at = now
            is_fewer = line.quantity < wanted[bundle_id]
            fewer_count += is_fewer
            raised_count += is_raised
            added_count += not (is_fewer or is_raised)
        left_out_count = len(wanted) - added_count - fewer_count - raised_count
        return Reordered(added_count, fewer_count, raised_count, left_out_count)


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


def _fitting(
    session: Session,
    customer_id: int,
    cart: Mapping[int, CartLine],
    wanted: Mapping[int, int],
    versions: Mapping[int, Any],
) -> dict[int, int]:
    """The quantity of each bundle that can go into the cart now; those of which nothing can are left out."""
    policy = current_policy(session)
    sizes: dict[int, tuple[int, int]] = {}
    for bundle_id, quantity in wanted.items():
        version = versions.get(bundle_id)
        has_room = bundle_id in cart or len(cart.keys() | sizes.keys()) < MOST_LINES
        if version is None or not has_room:
            continue
        size = nearest_quantity(quantity, rule_of(version, available_count=None, policy=policy))
        if size is not None:
            present = cart[bundle_id].quantity if bundle_id in cart else 0
            sizes[bundle_id] = (version.version_id, max(size, present))
    lines = with_quantities(cart_versions(session, customer_id), sizes)
    counts = counts_of_lines(session, customer_id, lines)
    found = {}
    for line, count in zip(lines, counts, strict=True):
        if line.bundle_id in sizes:
            rule = rule_of(versions[line.bundle_id], available_count=count, policy=policy)
            size = nearest_quantity(line.quantity, rule)
            if size is not None:
                found[line.bundle_id] = size
    return {bundle_id: found[bundle_id] for bundle_id in sizes if bundle_id in found}
