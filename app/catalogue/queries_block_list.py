"""The staff's list of blocks: which ones a filter means, in which order, and how many there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalogue.models import Block, Bundle, BundleItem, BundleMargin, Partner
from app.catalogue.rules.kinds import BundleState, Kind, Source
from app.core.paging import Slice, read_page

BATCH = 1_000


class StockFilter(StrEnum):
    """What is there of a block: nobody counts it, some is free, nothing is free, or orders hold more than there is."""

    MADE_TO_ORDER = "made_to_order"
    FREE = "free"
    NONE = "none"
    SHORT = "short"


class Flag(StrEnum):
    """Why somebody looks for blocks: what keeps them out of the shop, or a bundle that earns too little."""

    HAZARDOUS = "hazardous"
    RESTRICTED = "restricted"
    BELOW_FLOOR = "below_floor"
    UNUSED = "unused"


class Order(StrEnum):
    """By what the list is sorted; the number comes next."""

    SKU = "sku"
    NAME = "name"
    COST = "cost"
    PRICE = "price"
    STOCK = "stock"


@dataclass(frozen=True)
class BlockFilter:
    """Which blocks are meant; None and an empty text mean all."""

    text: str = ""
    kind: Kind | None = None
    source: Source | None = None
    partner_id: int | None = None
    vat_rate_bp: int | None = None
    stock: StockFilter | None = None
    flag: Flag | None = None


def list_blocks(
    session: Session, wanted: BlockFilter, *, order: Order = Order.SKU, language: str = "de", page: int = 1
) -> Slice[Block]:
    """One page of blocks."""
    query = select(Block).where(*_conditions(wanted)).order_by(*_places(order, language))
    return read_page(session, query, page=page)


def count_blocks(session: Session, wanted: BlockFilter) -> int:
    """How many blocks a filter means."""
    return session.exec(select(func.count()).select_from(Block).where(*_conditions(wanted))).one()


def block_ids_of(session: Session, wanted: BlockFilter, *, limit: int) -> list[int]:
    """The ids of the blocks that a filter means, by SKU, at most `limit`."""
    query = select_columns(col(Block.id)).where(*_conditions(wanted)).order_by(col(Block.sku)).limit(limit)
    return [block_id for block_id in session.execute(query).scalars() if block_id is not None]


def each_block(session: Session, wanted: BlockFilter) -> Iterator[tuple[Block, str]]:
    """All blocks that a filter means with their partner's name, by SKU; read in batches."""
    last = ""
    while True:
        rows = session.execute(
            select_columns(Block, col(Partner.name))
            .outerjoin(Partner, col(Partner.id) == col(Block.partner_id))
            .where(*_conditions(wanted), _sku_after(session, last))
            .order_by(_sku(session))
            .limit(BATCH)
        ).all()
        for block, partner in rows:
            yield block, partner or ""
        if len(rows) < BATCH:
            return
        last = rows[-1][0].sku


def count_short(session: Session) -> int:
    """How many counted blocks are promised to orders beyond what is there."""
    return count_blocks(session, BlockFilter(stock=StockFilter.SHORT))


def partners_by_id(session: Session) -> Mapping[int, str]:
    """The names of all partners by id, in the order of the alphabet."""
    rows = session.execute(select_columns(col(Partner.id), col(Partner.name)).order_by(col(Partner.name)))
    return {partner_id: name for partner_id, name in rows if partner_id is not None}


def _conditions(wanted: BlockFilter) -> Sequence[ColumnElement[bool]]:
    found: list[Any] = []
    if wanted.text:
        columns = (Block.sku, Block.name_de, Block.name_en, Block.cpv_code)
        hits = [col(column).icontains(wanted.text, autoescape=True) for column in columns]
        found.append(hits[0] | hits[1] | hits[2] | hits[3])
    for column, value in (
        (Block.kind, wanted.kind),
        (Block.source, wanted.source),
        (Block.partner_id, wanted.partner_id),
        (Block.vat_rate_bp, wanted.vat_rate_bp),
    ):
        if value is not None:
            found.append(col(column) == value)
    if wanted.stock is not None:
        found += _stock(wanted.stock)
    if wanted.flag is not None:
        found.append(_flag(wanted.flag))
    return found


def _stock(wanted: StockFilter) -> list[Any]:
    if wanted is StockFilter.MADE_TO_ORDER:
        return [col(Block.is_made_to_order)]
    stock, reserved = col(Block.stock_milli), col(Block.reserved_milli)
    free: Any = {
        StockFilter.FREE: stock > reserved,
        StockFilter.NONE: stock <= reserved,
        StockFilter.SHORT: stock < reserved,
    }[wanted]
    return [~col(Block.is_made_to_order), free]


def _flag(wanted: Flag) -> Any:
    if wanted is Flag.HAZARDOUS:
        return col(Block.is_hazardous)
    if wanted is Flag.RESTRICTED:
        return col(Block.is_restricted)
    uses = select(BundleItem.id).where(col(BundleItem.block_id) == col(Block.id))
    if wanted is Flag.UNUSED:
        return ~uses.exists()
    return (
        uses.join(Bundle, col(Bundle.current_version_id) == col(BundleItem.bundle_version_id))
        .join(BundleMargin, col(BundleMargin.bundle_id) == col(Bundle.id))
        .where(col(Bundle.state) == BundleState.PUBLISHED, col(BundleMargin.is_below_floor))
        .exists()
    )


def _places(order: Order, language: str) -> list[Any]:
    first: dict[Order, Any] = {
        Order.NAME: col(Block.name_de if language == "de" else Block.name_en),
        Order.COST: col(Block.unit_cost_cents).desc(),
        Order.PRICE: col(Block.main_brand_price_cents).desc(),
        Order.STOCK: col(Block.stock_milli) - col(Block.reserved_milli),
    }
    if order is Order.STOCK:
        return [col(Block.is_made_to_order), first[order], col(Block.sku)]
    return [first[order], col(Block.sku)] if order in first else [col(Block.sku)]


def _sku(session: Session) -> Any:
    """The SKU, sorted byte by byte on both databases: reading on after the last one must not leave any out."""
    sku: Any = col(Block.sku)
    return sku.collate("C") if session.get_bind().dialect.name == "postgresql" else sku


def _sku_after(session: Session, last: str) -> Any:
    return _sku(session) > last
