"""A customer fills the company's cart: add, change, remove, agree to a bundle that changed meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, func, select

from app.catalogue.queries import no_such_bundle
from app.catalogue.rules.stock import MOST_TOLD
from app.core.errors import N_, FieldError, Invalid
from app.core.transaction import transaction
from app.customers.models import Customer
from app.ordering.models import CartLine
from app.ordering.queries_stock import (
    SoldLine,
    cart_versions,
    counts_of_lines,
    rule_of,
    sold_now,
    with_quantities,
)
from app.ordering.rules.quantities import (
    MOST_LINES,
    QuantityFault,
    QuantityProblem,
    QuantityRule,
    check_quantity,
    is_plenty_short,
    told_problem,
)
from app.policy.queries import current_policy

SENTENCES = {
    QuantityFault.TOO_SMALL: N_("%(name)s is sold from %(upper)s on. Take %(upper)s."),
    QuantityFault.TOO_LARGE: N_("At most %(lower)s of %(name)s go into one order. Take %(lower)s."),
    QuantityFault.OFF_STEP: N_("%(name)s is sold in steps of %(step)s. Take %(lower)s or %(upper)s."),
    QuantityFault.TOO_FEW_LEFT: N_("Only %(available)s of %(name)s are available now. Take %(lower)s."),
    QuantityFault.SOLD_OUT: N_("%(name)s is sold out at the moment. Please remove it, or come back later."),
}
FROM_STEP_ON = N_("%(name)s is sold in steps of %(step)s. Take %(upper)s.")
UP_TO_STEP = N_("%(name)s is sold in steps of %(step)s. Take %(lower)s.")
NOT_SO_MANY = N_("So many of %(name)s are not available now. Take %(lower)s.")
NOT_ORDERABLE = N_("%(name)s cannot be ordered in any quantity at the moment.")


def add_to_cart(
    session: Session, *, customer_id: int, bundle_id: int, quantity: int, language: str, now: datetime
) -> int:
    """Adds to what the cart already holds of a bundle and returns the sum; two tabs add up.

    `language` is that of the sentence in an error. Raises NotFound for a bundle that is not on sale, Invalid
    (`quantity`) for a sum that may not be ordered and for a cart that is full.
    """
    with transaction(session):
        _lock(session, customer_id)
        version = _on_sale(session, customer_id, bundle_id, now=now)
        cart = cart_versions(session, customer_id)
        present = next((line.quantity for line in cart if line.bundle_id == bundle_id), 0)
        _check(session, customer_id, version, present + quantity, cart=cart, language=language)
        if not present:
            _refuse_full(session, customer_id)
        _put(session, customer_id, version, quantity=quantity, now=now)
        return present + quantity


def set_quantity(
    session: Session, *, customer_id: int, bundle_id: int, quantity: int, language: str, now: datetime
) -> None:
    """Changes how many of a bundle the cart holds; 0 removes it. What is not in the cart stays out of it.

    Raises Invalid (`quantity`) for a quantity that may not be ordered, NotFound for a bundle no longer sold.
    """
    with transaction(session):
        _lock(session, customer_id)
        line = _line(session, customer_id, bundle_id)
        if line is None:
            return
        if quantity == 0:
            session.exec(delete(CartLine).where(col(CartLine.id) == line.id))
            return
        version = _on_sale(session, customer_id, bundle_id, now=now)
        cart = cart_versions(session, customer_id)
        _check(session, customer_id, version, quantity, cart=cart, language=language)
        line.quantity = quantity
        line.updated_at = now


def accept_change(
    session: Session, *, customer_id: int, bundle_id: int, version_id: int, now: datetime
) -> None:
    """Keeps a line whose bundle changed, at the version the customer was just shown.

    A version that is no longer the present one changes nothing: the cart shows the newer one then.
    """
    with transaction(session):
        _lock(session, customer_id)
        line = _line(session, customer_id, bundle_id)
        if line is None:
            return
        if _on_sale(session, customer_id, bundle_id, now=now).version_id == version_id:
            line.seen_version_id = version_id
            line.updated_at = now


def quantity_sentence(problem: QuantityProblem, rule: QuantityRule) -> str:
    """The sentence (a gettext msgid with `name` and `quantity_values`) that names the fix."""
    if is_plenty_short(problem, rule):
        return NOT_SO_MANY
    if problem.fault is not QuantityFault.SOLD_OUT and problem.lower is None and problem.upper is None:
        return NOT_ORDERABLE
    if problem.fault is QuantityFault.OFF_STEP and problem.lower is None:
        return FROM_STEP_ON
    if problem.fault is QuantityFault.OFF_STEP and problem.upper is None:
        return UP_TO_STEP
    return SENTENCES[problem.fault]


def quantity_values(problem: QuantityProblem, rule: QuantityRule) -> dict[str, Any]:
    """What the sentence of a problem is filled with, beside the bundle's name: no more of the stock than is told."""
    told = told_problem(problem, rule)
    count = rule.available_count
    return {
        "step": rule.order_step,
        "lower": told.lower,
        "upper": told.upper,
        "available": None if count is None else min(count, MOST_TOLD),
    }


def _lock(session: Session, customer_id: int) -> None:
    # The row is shared by everybody of the company: its lock keeps the count of lines true.
    session.exec(select(Customer.id).where(col(Customer.id) == customer_id).with_for_update()).one()


def _on_sale(session: Session, customer_id: int, bundle_id: int, *, now: datetime) -> Any:
    version = sold_now(session, customer_id, [bundle_id], now=now).get(bundle_id)
    if version is None:
        raise no_such_bundle()
    return version


def _line(session: Session, customer_id: int, bundle_id: int) -> CartLine | None:
    return session.exec(
        select(CartLine)
        .where(col(CartLine.customer_id) == customer_id, col(CartLine.bundle_id) == bundle_id)
        .with_for_update()
    ).first()


def _check(
    session: Session,
    customer_id: int,
    version: Any,
    quantity: int,
    *,
    cart: Sequence[SoldLine],
    language: str,
) -> None:
    """Raises Invalid unless so many can be ordered beside what stands before them in the cart."""
    lines = with_quantities(cart, {version.bundle_id: (version.version_id, quantity)})
    place = next(index for index, line in enumerate(lines) if line.bundle_id == version.bundle_id)
    count = counts_of_lines(session, customer_id, lines[: place + 1])[place]
    rule = rule_of(version, available_count=count, policy=current_policy(session))
    problem = check_quantity(quantity, rule)
    if problem is None:
        return
    values: dict[str, Any] = {
        "name": version.name_de if language == "de" else version.name_en,
        **quantity_values(problem, rule),
    }
    fault = FieldError("quantity", quantity_sentence(problem, rule), values)
    raise Invalid(N_("This quantity cannot be ordered."), code="cart.quantity", fields=(fault,))


def _refuse_full(session: Session, customer_id: int) -> None:
    count = session.exec(
        select(func.count()).select_from(CartLine).where(col(CartLine.customer_id) == customer_id)
    ).one()
    if count >= MOST_LINES:
        full = FieldError(
            "quantity",
            N_("A cart holds at most %(most)s bundles. Order these first, or remove one."),
            {"most": MOST_LINES},
        )
        raise Invalid(N_("The cart is full."), code="cart.full", fields=(full,))


def _put(session: Session, customer_id: int, version: Any, *, quantity: int, now: datetime) -> None:
    insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[session.get_bind().dialect.name]
    new = insert(CartLine).values(
        customer_id=customer_id,
        bundle_id=version.bundle_id,
        seen_version_id=version.version_id,
        quantity=quantity,
        updated_at=now,
    )
    session.execute(
        new.on_conflict_do_update(
            index_elements=["customer_id", "bundle_id"],
            set_={"quantity": col(CartLine.quantity) + new.excluded.quantity, "updated_at": now},
        )
    )
