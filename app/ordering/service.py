"""Writing orders inside the caller's transaction: their timeline, their mails, their ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from app.catalogue.models import BundleVersion
from app.catalogue.service_stock import release
from app.core.errors import N_, Refused
from app.customers.models import Contact
from app.mail.service import put_mail
from app.ordering.models import CartLine, Charge, Order, OrderEvent, OrderLine, OrderTax, StandingOrderRun
from app.ordering.queries_stock import blocks_of_orders
from app.ordering.rules.promise import Promise
from app.ordering.rules.states import CancelReason, OrderKind, OrderState, may_follow
from app.ordering.rules.vat_words import exemption_note

MAILED_CANCELLATIONS = frozenset({CancelReason.UNPAID, CancelReason.BY_CUSTOMER, CancelReason.BY_STAFF})
"""The ends that get a mail of their own; the others are told by the mail of what caused them."""


@dataclass(frozen=True, slots=True)
class OrderParts:
    """What an order consists of, as its mails say it: lines with name, quantity and net amount, charges, rates."""

    lines: Sequence[Any]
    charges: Sequence[Any]
    taxes: Sequence[Any]


def lock_order(session: Session, order_id: int) -> Order:
    """The order as it is now, locked until the transaction ends. Raises NoResultFound for an unknown one."""
    return session.get_one(Order, order_id, with_for_update=True)


def lock_with_waiting(
    session: Session, order_id: int, *, joins_order_id: int | None
) -> tuple[Order, Order | None]:
    """The order and the waiting one that it joins (None for none), both locked, the older one first."""
    if joins_order_id is None:
        return lock_order(session, order_id), None
    query = select(Order).where(or_(col(Order.id) == order_id, col(Order.id) == joins_order_id))
    waiting, order = session.exec(query.order_by(col(Order.id)).with_for_update()).all()
    return order, waiting


def lock_cart(session: Session, customer_id: int, *, for_order_id: int | None = None) -> list[CartLine]:
    """A company's cart lines, locked; comes before the order in the order of locks.

    None of them for an order that did not come from the cart but from a standing order.
    """
    query = select(CartLine).where(col(CartLine.customer_id) == customer_id).order_by(col(CartLine.id))
    if for_order_id is not None:
        of_run = select(StandingOrderRun.id).where(col(StandingOrderRun.order_id) == for_order_id)
        query = query.where(~of_run.exists())
    return list(session.exec(query.with_for_update()))


def add_event(
    session: Session, order_id: int, kind: str, *, now: datetime, actor_name: str = "", **values: Any
) -> None:
    """Adds one entry to the order's timeline; `kind` is a stable word."""
    session.add(OrderEvent(order_id=order_id, kind=kind, actor_name=actor_name, values=values, at=now))


def accept(
    session: Session,
    order: Order,
    *,
    cart: list[CartLine],
    promise: Promise,
    now: datetime,
    waiting: Order | None = None,
    is_missed: bool = False,
) -> None:
    """Makes a paid order binding: promise, timeline, mail, and its quantities leave the cart.

    The promise counts from the payment: where an earlier run was missed meanwhile, the later one holds and
    the mail says so. It never gets earlier than what stood on the page. An order that can no longer travel with the
    one that it joins (`waiting`, where `is_missed`) leaves by itself; what it costs stays what was shown.
    """
    # Read first, so that all it changes is written in one go.
    with session.no_autoflush:
        lines = _lines_with_bundle(session, _id(order))
        parts = _parts(session, order, lines=lines)
    _move(order, OrderState.ACCEPTED)
    order.accepted_at = now
    missed = waiting.number if waiting and is_missed else ""
    if missed:
        order.joins_order_id = None
        add_event(session, _id(order), "joining_missed", now=now, number=missed)
    is_later = promise.promised_on > order.promised_on
    if is_later:
        add_event(
            session,
            _id(order),
            "promise_moved",
            now=now,
            old=order.promised_on.isoformat(),
            new=promise.promised_on.isoformat(),
        )
        order.promised_on = promise.promised_on
    order.dispatch_on = max(order.dispatch_on, promise.dispatch_on)
    add_event(session, _id(order), "accepted", now=now, promised_on=order.promised_on.isoformat())
    _take_out_of_cart(session, lines, cart)
    told = {"missed": missed} if missed else {"joins": waiting.number} if waiting else {}
    mail_order(session, order, "order_accepted", now=now, parts=parts, is_later=is_later, **told)


def cancel(
    session: Session,
    order: Order,
    *,
    reason: CancelReason,
    now: datetime,
    actor_name: str = "",
    replaced_by: str = "",
) -> None:
    """Ends an order that was not accepted, and gives free what it holds of the stock.

    Raises Refused (`order.illegal_transition`) for any other.
    `replaced_by` is the number of the order that took its place, which its mail names.
    """
    if order.state is not OrderState.RECEIVED:
        raise moved_on()
    _end(session, order, reason=reason, now=now)
    values = {"reason": reason.value, **({"replaced_by": replaced_by} if replaced_by else {})}
    add_event(session, _id(order), "cancelled", now=now, actor_name=actor_name, **values)
    if reason in MAILED_CANCELLATIONS:
        mail_order(session, order, "order_cancelled", now=now, reason=reason.value)


def call_off(session: Session, order: Order, *, now: datetime, actor_name: str) -> None:
    """Ends an accepted order that has not left, whose money goes back, and gives free what it holds of the stock.

    Raises Refused (`order.illegal_transition`) for any other. Whoever pays back tells the customer.
    """
    if order.state is not OrderState.ACCEPTED:
        raise moved_on()
    _end(session, order, reason=CancelReason.BY_STAFF, now=now)
    add_event(
        session,
        _id(order),
        "cancelled",
        now=now,
        actor_name=actor_name,
        reason=CancelReason.BY_STAFF.value,
    )


def mail_order(
    session: Session,
    order: Order,
    kind: str,
    *,
    now: datetime,
    key: str | None = None,
    parts: OrderParts | None = None,
    **values: Any,
) -> None:
    """Puts a mail about an order to the person who placed it; one per kind and order unless `key` says more.

    `parts` are those of the order where the caller knows them; else they are read.
    """
    contact = session.get_one(Contact, order.contact_id)
    put_mail(
        session,
        kind,
        key=key or f"{kind}:{order.id}",
        to=contact.email,
        language=order.language,
        object_kind="order",
        object_id=_id(order),
        now=now,
        **_mail_values(order, parts or _parts(session, order)),
        **values,
    )


def _mail_values(order: Order, parts: OrderParts) -> dict[str, Any]:
    return {
        "number": order.number,
        "is_service": order.kind is OrderKind.SERVICE,
        "contact_name": order.contact_name,
        "purchase_reference": order.purchase_reference,
        "lines": [
            {"name": line.name, "quantity": line.quantity, "net_cents": line.net_cents}
            for line in parts.lines
        ],
        "charges": [
            {
                "kind": charge.kind.value,
                "net_cents": charge.net_cents,
                "name": charge.name,
                "quantity": charge.quantity,
            }
            for charge in parts.charges
        ],
        "taxes": [{"vat_rate_bp": tax.vat_rate_bp, "vat_cents": tax.vat_cents} for tax in parts.taxes],
        "vat_note": exemption_note(order.vat_case, order.language),
        "gross_cents": order.gross_cents,
        "promised_on": order.promised_on.isoformat(),
        "address": [
            order.company_name,
            order.street,
            f"{order.postal_code} {order.city}",
            order.country,
        ],
    }


def _parts(session: Session, order: Order, *, lines: Sequence[Any] | None = None) -> OrderParts:
    """The order's parts as stored; charges are asked for only where there are any."""
    charges: Sequence[Any] = ()
    if order.charges_net_cents:
        charges = session.execute(
            select(Charge.kind, Charge.net_cents, Charge.name, Charge.quantity)
            .where(col(Charge.order_id) == order.id)
            .order_by(col(Charge.id))
        ).all()
    taxes = session.execute(
        select(OrderTax.vat_rate_bp, OrderTax.vat_cents)
        .where(col(OrderTax.order_id) == order.id)
        .order_by(col(OrderTax.vat_rate_bp).desc())
    ).all()
    return OrderParts(_lines_with_bundle(session, _id(order)) if lines is None else lines, charges, taxes)


def _lines_with_bundle(session: Session, order_id: int) -> Sequence[Any]:
    return session.execute(
        select(OrderLine.name, OrderLine.quantity, OrderLine.net_cents, BundleVersion.bundle_id)
        .join(BundleVersion, col(BundleVersion.id) == col(OrderLine.bundle_version_id))
        .where(col(OrderLine.order_id) == order_id)
        .order_by(col(OrderLine.id))
    ).all()


def _take_out_of_cart(session: Session, lines: Sequence[Any], cart: list[CartLine]) -> None:
    """What was bought leaves the cart; what was added to it after the order stays."""
    bought: dict[int, int] = {}
    for one in lines:
        bought[one.bundle_id] = bought.get(one.bundle_id, 0) + one.quantity
    for line in cart:
        left = line.quantity - bought.get(line.bundle_id, 0)
        if left <= 0:
            session.delete(line)
        elif left < line.quantity:
            line.quantity = left


def _end(session: Session, order: Order, *, reason: CancelReason, now: datetime) -> None:
    _move(order, OrderState.CANCELLED)
    release(session, _id(order), block_ids=blocks_of_orders(session, [_id(order)]))
    order.cancel_reason = reason
    order.cancelled_at = now


def _move(order: Order, following: OrderState) -> None:
    if not may_follow(order.state, following):
        raise moved_on()
    order.state = following


def moved_on() -> Refused:
    """What a change gets that comes too late for its order (`order.illegal_transition`)."""
    return Refused(
        N_("This order has moved on meanwhile: that is no longer possible."), code="order.illegal_transition"
    )


def _id(order: Order) -> int:
    assert order.id is not None
    return order.id
