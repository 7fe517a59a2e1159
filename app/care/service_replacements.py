"""Goods once more after a complaint: an order of its own at price 0, inside the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from app.care.queries_paid import paid_order_id
from app.catalogue.models import BundleItem
from app.catalogue.rules.stock import Need, Wanted
from app.catalogue.service_stock import reserve
from app.core.errors import N_, Refused
from app.core.ids import new_number
from app.ordering.models import Order, OrderLine
from app.ordering.queries_checkout import has_kept_out_blocks, lead_time_of_order, promise_of
from app.ordering.rules.promise import Calendar
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.service import add_event
from app.policy.queries import current_policy


def order_again(
    session: Session,
    order: Order,
    quantities: Mapping[int, int],
    *,
    checkout_key: str,
    complaint_number: str,
    calendar: Calendar,
    now: datetime,
) -> Order:
    """A replacement of some pieces of an order (`quantities` by line id): accepted at once, its stock held.

    It leaves with the run that the promise names, to the same address, and belongs to the order that was paid.
    `checkout_key` makes it one; the ":" in it keeps it apart from the keys that forms send. Raises SoldOut, and Refused
    `complaint.not_sendable` for goods that are dangerous or restricted by now.
    """
    made = _copied(order, number=new_number("S"), checkout_key=checkout_key, now=now)
    session.add(made)
    session.flush()
    wanted = _store_lines(session, made, quantities)
    assert made.id is not None
    if has_kept_out_blocks(session, made.id):
        raise Refused(
            N_("A block of it is dangerous or restricted by now and must not be sent. Pay it back instead."),
            code="complaint.not_sendable",
        )
    promise = promise_of(
        [lead_time_of_order(session, made.id)], policy=current_policy(session), calendar=calendar, now=now
    )
    made.dispatch_on, made.promised_on = promise.dispatch_on, promise.promised_on
    add_event(
        session, made.id, "replacement_made", now=now, complaint=complaint_number, replaces=order.number
    )
    add_event(session, made.id, "accepted", now=now, promised_on=made.promised_on.isoformat())
    session.flush()
    reserve(session, made.id, wanted)
    return made


def _copied(order: Order, *, number: str, checkout_key: str, now: datetime) -> Order:
    return Order(
        number=number,
        customer_id=order.customer_id,
        contact_id=order.contact_id,
        checkout_key=checkout_key,
        kind=OrderKind.REPLACEMENT,
        for_order_id=paid_order_id(order),
        state=OrderState.ACCEPTED,
        language=order.language,
        currency=order.currency,
        goods_net_cents=0,
        charges_net_cents=0,
        vat_cents=0,
        gross_cents=0,
        company_name=order.company_name,
        contact_name=order.contact_name,
        street=order.street,
        postal_code=order.postal_code,
        city=order.city,
        country=order.country,
        purchase_reference=order.purchase_reference,
        terms_version_id=order.terms_version_id,
        terms_accepted_at=order.terms_accepted_at,
        business_confirmed_at=order.business_confirmed_at,
        dispatch_on=now.date(),
        promised_on=now.date(),
        placed_at=now,
        accepted_at=now,
        vat_case=order.vat_case,
        vat_id=order.vat_id,
    )


def _store_lines(session: Session, made: Order, quantities: Mapping[int, int]) -> list[Wanted]:
    """Writes the lines at price 0; what they take of the stock."""
    bought = session.exec(
        select(OrderLine).where(col(OrderLine.id).in_(list(quantities))).order_by(col(OrderLine.id))
    ).all()
    needs: dict[int, list[Need]] = {}
    for item in session.exec(
        select(BundleItem)
        .where(col(BundleItem.bundle_version_id).in_({line.bundle_version_id for line in bought}))
        .order_by(col(BundleItem.id))
    ):
        needs.setdefault(item.bundle_version_id, []).append(Need(item.block_id, item.quantity_milli))
    for line in bought:
        session.add(
            OrderLine(
                order_id=made.id or 0,
                bundle_version_id=line.bundle_version_id,
                name=line.name,
                quantity=quantities[line.id or 0],
                unit_price_cents=0,
                net_cents=0,
            )
        )
    session.flush()
    return [
        Wanted(line.name, quantities[line.id or 0], tuple(needs.get(line.bundle_version_id, ())))
        for line in bought
    ]
