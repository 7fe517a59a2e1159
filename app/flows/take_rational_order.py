"""A customer takes the rational order: one press sets the quantities of the cart, all of them or none."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from app.core.errors import N_, FieldError, Invalid
from app.core.transaction import transaction
from app.customers.models import Customer
from app.ordering.models import CartLine
from app.ordering.queries_stock import cart_versions, counts_of_lines, rule_of, sold_now, with_quantities
from app.ordering.rules.quantities import MOST_LINES, check_quantity
from app.ordering.service import lock_cart
from app.policy.queries import current_policy

NOT_POSSIBLE = N_("This order is not possible any more; your cart is as it was. See what is advised now.")


def take_rational_order(
    session: Session, *, customer_id: int, quantities: Mapping[int, int], now: datetime
) -> None:
    """Sets how many of these bundles the company's cart holds (bundle id -> quantity, as they were shown).

    What else is in the cart stays. A second press changes nothing, nothing is ordered. Raises Invalid (`lines`) where
    one of them is not sold any more, cannot be ordered in this quantity beside the others, or has no room; the cart
    stays as it was then.
    """
    with transaction(session):
        # The company's row is the lock under which carts change: two tabs count the same lines.
        session.exec(select(Customer.id).where(col(Customer.id) == customer_id).with_for_update()).one()
        cart = {line.bundle_id: line for line in lock_cart(session, customer_id)}
        versions = sold_now(session, customer_id, quantities, now=now)
        if len(versions) < len(quantities) or len(cart.keys() | quantities.keys()) > MOST_LINES:
            raise _not_possible()
        wanted = {one: (versions[one].version_id, count) for one, count in quantities.items()}
        lines = with_quantities(cart_versions(session, customer_id), wanted)
        policy = current_policy(session)
        for line, count in zip(lines, counts_of_lines(session, customer_id, lines), strict=True):
            if line.bundle_id not in quantities:
                continue
            rule = rule_of(versions[line.bundle_id], available_count=count, policy=policy)
            if check_quantity(line.quantity, rule):
                raise _not_possible()
        for one, count in quantities.items():
            if one in cart:
                cart[one].quantity = count
                cart[one].updated_at = now
            else:
                session.add(
                    CartLine(
                        customer_id=customer_id,
                        bundle_id=one,
                        seen_version_id=versions[one].version_id,
                        quantity=count,
                        updated_at=now,
                    )
                )


def _not_possible() -> Invalid:
    return Invalid(NOT_POSSIBLE, code="cart.rational", fields=(FieldError("lines", NOT_POSSIBLE),))
