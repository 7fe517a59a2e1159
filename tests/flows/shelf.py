"""A counted block on a shelf, bundles of it, and companies that want them: what the tests of stock start from."""

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.catalogue.models import Block, Bundle, CatalogueState, Listing, StockMove, StockReservation
from app.catalogue.rules.stock import ReservationState, StockCause, StockLevel
from app.core.db import Database
from app.core.transaction import transaction
from app.insights.invariants_stock import STOCK
from app.ordering.models import Order
from tests import make
from tests.flows.till import Till

ONE = 1_000
"""One whole unit of a block, in thousandths."""


@dataclass(frozen=True)
class Figures:
    """A block's stock and what is reserved of it, in thousandths."""

    stock_milli: int
    reserved_milli: int


def counted_bundle(session: Session, *, pieces: int, each: int = 1, **values: object) -> tuple[int, int]:
    """A bundle of `each` pieces of a block of which so many are there: the ids of bundle and block."""
    with transaction(session):
        block = make.block(session, stock_milli=pieces * ONE)
        bundle = make.bundle(session, items=[(block, each)], **values)
        return bundle.id or 0, block.id or 0


def till_with(
    session: Session, database: Database, wanted: dict[int, int], *, now: datetime, count: int = 1
) -> list[Till]:
    """Companies that each have so many of these bundles (id -> quantity) in their carts."""
    tills = []
    with transaction(session):
        make.terms(session)
        for _ in range(count):
            customer = make.customer(session)
            contact = make.contact(session, of=customer)
            for bundle_id, quantity in wanted.items():
                bundle = session.get_one(Bundle, bundle_id)
                make.cart_line(session, of=customer, bundle=bundle, quantity=quantity)
            tills.append(Till(database, now, customer, contact))
        session.expunge_all()
    return tills


def figures(database: Database, block_id: int) -> Figures:
    with database.read_session() as session:
        block = session.get_one(Block, block_id)
        return Figures(block.stock_milli, block.reserved_milli)


def held(database: Database, number: str) -> dict[int, tuple[int, ReservationState]]:
    """What an order holds or held: thousandths and state by block."""
    with database.read_session() as session:
        rows = session.exec(
            select(StockReservation)
            .join(Order, col(Order.id) == col(StockReservation.order_id))
            .where(col(Order.number) == number)
        )
        return {row.block_id: (row.quantity_milli, row.state) for row in rows}


def moves(database: Database, block_id: int) -> list[tuple[StockCause, int, int]]:
    """Cause, change and stock afterwards of a block's moves, oldest first."""
    with database.read_session() as session:
        rows = session.exec(
            select(StockMove).where(col(StockMove.block_id) == block_id).order_by(col(StockMove.id))
        )
        return [(row.cause, row.delta_milli, row.stock_after_milli) for row in rows]


def level(database: Database, bundle_id: int) -> StockLevel:
    with database.read_session() as session:
        return session.get_one(Listing, bundle_id).stock_level


def catalogue_version(database: Database) -> int:
    with database.read_session() as session:
        return session.exec(select(CatalogueState.version)).one()


def stock_faults(database: Database, *, now: datetime) -> list[str]:
    """What the invariants of stock find wrong."""
    with database.read_session() as session:
        return [found.sentence for one in STOCK for found in one.findings(session, now=now)]


def wait_until_somebody_waits(database: Database) -> None:
    """Returns once a connection to PostgreSQL waits for a lock; on SQLite writers wait for each other anyhow."""
    is_waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(0 if database.is_sqlite else 200):
        with database.read_session() as reading:
            if reading.execute(is_waiting).scalar():
                return
        time.sleep(0.02)
