"""In which sizes bundles are sold today: by their own word, or by that of their blocks."""

from collections.abc import Collection, Iterable

from sqlmodel import Session, col, select

from app.catalogue.models import Block, BundleItem, BundleVersion, Listing
from app.catalogue.rules.agreements import Agreement, BlockSizes, Sizes, agreement_of_blocks, sizes_of_bundle


def sizes_today(version: BundleVersion, rows: Iterable[tuple[BundleItem, Block]]) -> Sizes:
    """The sizes of a version with its blocks as they are today."""
    return sizes_of_bundle(version, _block_sizes((block, item.quantity_milli) for item, block in rows))


def agreement_of(parts: Iterable[tuple[Block, int]]) -> Agreement:
    """What blocks say together, each with the thousandths of it in one bundle."""
    return agreement_of_blocks(_block_sizes(parts))


def sizes_on_sale(session: Session, version_ids: Collection[int]) -> dict[int, Sizes]:
    """The sizes in which those of some versions are sold that are on sale, by their ids."""
    rows = session.exec(
        select(Listing.bundle_version_id, Listing.minimum_quantity, Listing.order_step).where(
            col(Listing.bundle_version_id).in_(version_ids)
        )
    )
    return {version_id: Sizes(minimum, step) for version_id, minimum, step in rows}


def _block_sizes(parts: Iterable[tuple[Block, int]]) -> list[BlockSizes]:
    return [
        BlockSizes(quantity_milli, block.minimum_quantity_milli, block.order_step_milli)
        for block, quantity_milli in parts
    ]
