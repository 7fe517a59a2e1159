"""Reading what is to be dispatched and what has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalogue.models import BundleItem, BundleVersion
from app.fulfilment.models import Shipment
from app.fulfilment.rules.parcels import Packing, Traveller, group_parcels
from app.ordering.models import Order, OrderLine
from app.ordering.rules.rhythm import Place
from app.ordering.rules.states import IN_PARCELS, OrderState
from app.payments.queries_disputes import is_disputed


@dataclass(frozen=True)
class DueBlock:
    """A block of a line and how much of it goes into the parcel altogether, in thousandths of its unit.

    `weight_g` are the grams of one unit.
    """

    quantity_milli: int
    unit_code: str
    sku: str
    name: str
    weight_g: int


@dataclass(frozen=True)
class DueLine:
    """So many of a bundle, and the blocks to be packed for them."""

    quantity: int
    name: str
    blocks: list[DueBlock]


@dataclass(frozen=True)
class DueOrder:
    """An accepted order that waits for its run, with its lines; a disputed one waits for a person, too."""

    order: Order
    lines: list[DueLine]
    is_disputed: bool = False

    @property
    def order_id(self) -> int:
        return self.order.id or 0

    @property
    def packings(self) -> list[Packing]:
        """Its blocks as they are picked and weighed."""
        return [
            Packing(block.sku, block.name, block.unit_code, block.quantity_milli, block.weight_g)
            for line in self.lines
            for block in line.blocks
        ]


def is_waiting() -> ColumnElement[bool]:
    """Whether an order is accepted, goes into a parcel and is still here."""
    return (col(Order.state) == OrderState.ACCEPTED) & col(Order.kind).in_(IN_PARCELS)


def due_counts(session: Session) -> list[tuple[date, int]]:
    """For each run day with accepted orders its number of them, earliest first."""
    rows = session.execute(
        select_columns(col(Order.dispatch_on), func.count())
        .where(is_waiting())
        .group_by(col(Order.dispatch_on))
        .order_by(col(Order.dispatch_on))
    )
    return [(dispatch_on, count) for dispatch_on, count in rows]


def disputed_orders(session: Session, *, limit: int) -> Sequence[Order]:
    """Waiting orders whose payment was charged back and that no person has let go, by run."""
    query = select(Order).where(is_waiting(), is_disputed())
    return session.exec(query.order_by(col(Order.dispatch_on), col(Order.id)).limit(limit)).all()


def count_disputed(session: Session) -> int:
    """How many of them there are."""
    return session.exec(select(func.count()).select_from(Order).where(is_waiting(), is_disputed())).one()


def due_orders(
    session: Session, *, until: date, limit: int, language: str | None, after: date | None = None
) -> list[DueOrder]:
    """Waiting orders that should leave up to `until` (and later than `after`), by run and age, at most `limit`.

    Goods are named in a language, whatever the customer's is; in each customer's own where `language` is None.
    """
    query = select(Order, is_disputed()).where(is_waiting(), col(Order.dispatch_on) <= until)
    if after is not None:
        query = query.where(col(Order.dispatch_on) > after)
    orders = session.exec(
        query.order_by(col(Order.dispatch_on), col(Order.placed_at), col(Order.id)).limit(limit)
    ).all()
    lines = _lines(session, {order.id or 0: language or order.language for order, _ in orders})
    return [DueOrder(order, lines[order.id or 0], is_held) for order, is_held in orders]


def in_parcels(orders: Sequence[DueOrder]) -> list[list[DueOrder]]:
    """The orders by parcel, each led by the one that the others join."""
    known = {one.order_id: one for one in orders}
    travellers = [Traveller(one.order_id, one.order.joins_order_id, _place_of(one.order)) for one in orders]
    return [[known[order_id] for order_id in parcel] for parcel in group_parcels(travellers)]


def _place_of(order: Order) -> tuple[str, ...]:
    """Where an order goes, whoever takes it there; whatever the case and the spaces it was typed in."""
    return Place(order.company_name, order.street, order.postal_code, order.city, order.country).key


def address_of(order: Order) -> tuple[str, ...]:
    """Where an order goes, line by line; the country as its code."""
    return (
        order.company_name,
        order.contact_name,
        order.street,
        f"{order.postal_code} {order.city}",
        order.country,
    )


def _lines(session: Session, languages: dict[int, str]) -> dict[int, list[DueLine]]:
    bought = session.execute(
        select_columns(
            col(OrderLine.order_id),
            col(OrderLine.quantity),
            col(OrderLine.bundle_version_id),
            col(BundleVersion.name_de),
            col(BundleVersion.name_en),
        )
        .join(BundleVersion, col(BundleVersion.id) == col(OrderLine.bundle_version_id))
        .where(col(OrderLine.order_id).in_(list(languages)))
        .order_by(col(OrderLine.id))
    ).all()
    items: dict[int, list[BundleItem]] = {}
    for item in session.exec(
        select(BundleItem)
        .where(col(BundleItem.bundle_version_id).in_({row.bundle_version_id for row in bought}))
        .order_by(col(BundleItem.id))
    ):
        items.setdefault(item.bundle_version_id, []).append(item)
    lines: dict[int, list[DueLine]] = {order_id: [] for order_id in languages}
    for row in bought:
        is_german = languages[row.order_id] == "de"
        blocks = [
            DueBlock(
                row.quantity * item.quantity_milli,
                item.unit_code,
                item.sku,
                item.name_de if is_german else item.name_en,
                item.weight_g,
            )
            for item in items.get(row.bundle_version_id, [])
        ]
        name = row.name_de if is_german else row.name_en
        lines[row.order_id].append(DueLine(row.quantity, name, blocks))
    return lines


def shipment_of(session: Session, order_id: int) -> Shipment | None:
    """How an order left, or None while it is here."""
    return session.exec(select(Shipment).where(col(Shipment.order_id) == order_id)).first()


def latest_shipments(session: Session, *, limit: int) -> Sequence[tuple[Shipment, str]]:
    """The newest shipments with the number of their order."""
    return _shipments(session, limit=limit)


def shipments_of_run(session: Session, run_on: date, *, limit: int) -> Sequence[tuple[Shipment, str]]:
    """What left with a run, newest first, with the numbers of the orders."""
    return _shipments(session, col(Shipment.run_on) == run_on, limit=limit)


def _shipments(
    session: Session, *conditions: ColumnElement[bool], limit: int
) -> Sequence[tuple[Shipment, str]]:
    rows = session.execute(
        select_columns(Shipment, col(Order.number))
        .join(Order, col(Order.id) == Shipment.order_id)
        .where(*conditions)
        .order_by(col(Shipment.dispatched_at).desc(), col(Shipment.id).desc())
        .limit(limit)
    )
    return [(shipment, number) for shipment, number in rows]
