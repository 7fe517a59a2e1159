"""Reading what is to be dispatched and what has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalogue.models import BundleItem, BundleVersion
from app.fulfilment.models import Shipment
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import IN_PARCELS, OrderState


@dataclass(frozen=True)
class DueBlock:
    """A block of a line and how much of it goes into the parcel altogether, in thousandths of its unit."""

    quantity_milli: int
    unit_code: str
    sku: str
    name: str


@dataclass(frozen=True)
class DueLine:
    """So many of a bundle, and the blocks to be packed for them."""

    quantity: int
    name: str
    blocks: list[DueBlock]


@dataclass(frozen=True)
class DueOrder:
    """An accepted order that waits for its run."""

    number: str
    company_name: str
    postal_code: str
    city: str
    country: str
    dispatch_on: date
    promised_on: date
    lines: list[DueLine]


def due_counts(session: Session) -> list[tuple[date, int]]:
    """For each run day with accepted orders its number of them, earliest first."""
    rows = session.execute(
        select_columns(col(Order.dispatch_on), func.count())
        .where(col(Order.state) == OrderState.ACCEPTED, col(Order.kind).in_(IN_PARCELS))
        .group_by(col(Order.dispatch_on))
        .order_by(col(Order.dispatch_on))
    )
    return [(dispatch_on, count) for dispatch_on, count in rows]


def due_orders(session: Session, *, until: date, limit: int, language: str) -> list[DueOrder]:
    """Accepted orders of the runs up to `until`, in the order of run and age, at most `limit`.

    Goods are named in the language of who packs them, whatever the customer's is.
    """
    orders = session.exec(
        select(Order)
        .where(
            col(Order.state) == OrderState.ACCEPTED,
            col(Order.kind).in_(IN_PARCELS),
            col(Order.dispatch_on) <= until,
        )
        .order_by(col(Order.dispatch_on), col(Order.placed_at), col(Order.id))
        .limit(limit)
    ).all()
    lines = _lines(session, [order.id for order in orders if order.id is not None], language=language)
    return [
        DueOrder(
            number=order.number,
            company_name=order.company_name,
            postal_code=order.postal_code,
            city=order.city,
            country=order.country,
            dispatch_on=order.dispatch_on,
            promised_on=order.promised_on,
            lines=lines[order.id or 0],
        )
        for order in orders
    ]


def _lines(session: Session, order_ids: list[int], *, language: str) -> dict[int, list[DueLine]]:
    name = BundleVersion.name_de if language == "de" else BundleVersion.name_en
    bought = session.execute(
        select_columns(
            col(OrderLine.order_id), col(OrderLine.quantity), col(OrderLine.bundle_version_id), col(name)
        )
        .join(BundleVersion, col(BundleVersion.id) == col(OrderLine.bundle_version_id))
        .where(col(OrderLine.order_id).in_(order_ids))
        .order_by(col(OrderLine.id))
    ).all()
    items: dict[int, list[BundleItem]] = {}
    for item in session.exec(
        select(BundleItem)
        .where(col(BundleItem.bundle_version_id).in_({row.bundle_version_id for row in bought}))
        .order_by(col(BundleItem.id))
    ):
        items.setdefault(item.bundle_version_id, []).append(item)
    lines: dict[int, list[DueLine]] = {order_id: [] for order_id in order_ids}
    for order_id, quantity, version_id, bundle_name in bought:
        blocks = [
            DueBlock(
                quantity * item.quantity_milli,
                item.unit_code,
                item.sku,
                item.name_de if language == "de" else item.name_en,
            )
            for item in items.get(version_id, [])
        ]
        lines[order_id].append(DueLine(quantity, bundle_name, blocks))
    return lines


def shipment_of(session: Session, order_id: int) -> Shipment | None:
    """How an order left, or None while it is here."""
    return session.exec(select(Shipment).where(col(Shipment.order_id) == order_id)).first()


def latest_shipments(session: Session, *, limit: int) -> Sequence[tuple[Shipment, str]]:
    """The newest shipments with the number of their order."""
    rows = session.execute(
        select_columns(Shipment, col(Order.number))
        .join(Order, col(Order.id) == Shipment.order_id)
        .order_by(col(Shipment.dispatched_at).desc(), col(Shipment.id).desc())
        .limit(limit)
    )
    return [(shipment, number) for shipment, number in rows]
