"""Reading blocks for the staff's pages: the list with its filters, one block's history, where it is sold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalogue.models import (
    Block,
    BlockPrice,
    Bundle,
    BundleItem,
    BundleMargin,
    BundleVersion,
    Partner,
    StockMove,
)
from app.catalogue.rules.blocks import BlockEntry
from app.catalogue.rules.kinds import BundleState
from app.core.errors import N_, NotFound

AT_ONCE = 500
"""How many values one statement takes."""
SHOWN_MOVES = 50
MOST_PRICES = 200


@dataclass(frozen=True)
class Place:
    """A bundle that holds a block: its present version, the quantity in it, and its margin where it is on sale."""

    bundle: Bundle
    version: BundleVersion
    quantity_milli: int
    margin: BundleMargin | None

    @property
    def is_below_floor(self) -> bool:
        """Whether it is on sale and earns too little at today's costs."""
        return self.margin is not None and self.margin.is_below_floor


@dataclass(frozen=True)
class BlockSheet:
    """A block with its partner's name, the history of its amounts (oldest first) and of its stock (newest first)."""

    block: Block
    partner: str
    prices: Sequence[BlockPrice]
    moves: Sequence[StockMove]
    places: Sequence[Place]


def read_block(session: Session, block_id: int) -> BlockSheet:
    """A block for its page. Raises NotFound."""
    block = session.get(Block, block_id)
    if block is None:
        raise NotFound(N_("There is no such block."), code="block.not_found")
    prices = session.exec(
        select(BlockPrice)
        .where(col(BlockPrice.block_id) == block_id)
        .order_by(col(BlockPrice.valid_from_at).desc(), col(BlockPrice.id).desc())
        .limit(MOST_PRICES)
    ).all()
    moves = session.exec(
        select(StockMove)
        .where(col(StockMove.block_id) == block_id)
        .order_by(col(StockMove.id).desc())
        .limit(SHOWN_MOVES)
    ).all()
    partner = session.get(Partner, block.partner_id) if block.partner_id else None
    return BlockSheet(block, partner.name if partner else "", prices[::-1], moves, _places(session, block_id))


def entry_of(block: Block, partner: str) -> BlockEntry:
    """A block as staff would write it anew without changing anything."""
    names = BlockEntry.__dataclass_fields__
    values = {name: getattr(block, name) for name in names if name != "partner"}
    return BlockEntry(partner=partner, **values)


def partner_names(session: Session) -> Sequence[str]:
    """The names of all partners by the alphabet."""
    return session.exec(select(Partner.name).order_by(col(Partner.name))).all()


def bundles_named(session: Session, bundle_ids: Collection[int]) -> list[tuple[int, str, str]]:
    """The id, German and English name of bundles, as their present version has them."""
    query = (
        select_columns(col(Bundle.id), col(BundleVersion.name_de), col(BundleVersion.name_en))
        .join(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .where(col(Bundle.id).in_(bundle_ids))
        .order_by(col(BundleVersion.name_de), col(Bundle.id))
    )
    return [(bundle_id, name_de, name_en) for bundle_id, name_de, name_en in session.execute(query)]


def bundles_on_sale_with(
    session: Session, block_ids: Collection[int], *, is_locking: bool = False
) -> list[Bundle]:
    """The published bundles, by id, whose version on sale holds one of these blocks."""
    wanted = sorted(set(block_ids))
    found: dict[int, Bundle] = {}
    for start in range(0, len(wanted), AT_ONCE):
        holds = (
            select(BundleItem.id)
            .where(
                col(BundleItem.bundle_version_id) == col(Bundle.current_version_id),
                col(BundleItem.block_id).in_(wanted[start : start + AT_ONCE]),
            )
            .exists()
        )
        query = (
            select(Bundle).where(col(Bundle.state) == BundleState.PUBLISHED, holds).order_by(col(Bundle.id))
        )
        if is_locking:
            query = query.with_for_update()
        found |= {bundle.id or 0: bundle for bundle in session.exec(query)}
    return [found[bundle_id] for bundle_id in sorted(found)]


def blocks_in_versions(bundle_id: int) -> Any:
    """A query for the ids of the blocks in any version of a bundle."""
    return (
        select(BundleItem.block_id)
        .join(BundleVersion, col(BundleVersion.id) == col(BundleItem.bundle_version_id))
        .where(col(BundleVersion.bundle_id) == bundle_id)
    )


def blocks_on_sale(session: Session, block_ids: Collection[int] | None = None) -> set[int]:
    """Which of these blocks (None: of all) a bundle on sale holds."""
    query = (
        select_columns(col(BundleItem.block_id))
        .join(Bundle, col(Bundle.current_version_id) == col(BundleItem.bundle_version_id))
        .where(col(Bundle.state) == BundleState.PUBLISHED)
    )
    if block_ids is None:
        return set(session.execute(query).scalars())
    wanted, found = sorted(set(block_ids)), set[int]()
    for start in range(0, len(wanted), AT_ONCE):
        part = query.where(col(BundleItem.block_id).in_(wanted[start : start + AT_ONCE]))
        found |= set(session.execute(part).scalars())
    return found


def _places(session: Session, block_id: int) -> list[Place]:
    """Where the newest or the published version of a bundle holds the block; those on sale first."""
    newest = (
        select_columns(func.max(col(BundleVersion.id)))
        .where(col(BundleVersion.bundle_id) == col(Bundle.id))
        .correlate(Bundle)
        .scalar_subquery()
    )
    shown: Any = func.coalesce(col(Bundle.current_version_id), newest)
    rows = session.execute(
        select_columns(Bundle, BundleVersion, col(BundleItem.quantity_milli), BundleMargin)
        .join(BundleVersion, col(BundleVersion.id) == shown)
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(BundleVersion.id))
        .outerjoin(
            BundleMargin,
            and_(
                col(BundleMargin.bundle_id) == col(Bundle.id),
                col(Bundle.state) == BundleState.PUBLISHED,
            ),
        )
        .where(col(BundleItem.block_id) == block_id)
        .order_by(col(Bundle.state) != BundleState.PUBLISHED, col(BundleVersion.name_de), col(Bundle.id))
        .limit(100)
    )
    return [Place(*row) for row in rows]
