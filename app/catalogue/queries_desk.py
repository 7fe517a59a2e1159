"""Reading blocks and bundles for the staff's pages, drafts and retired ones among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, null
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalogue.models import Block, Bundle, BundleImage, BundleItem, BundleMargin, BundleVersion
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.rules.stages import VersionStage
from app.core.errors import N_, NotFound
from app.core.money import divide_half_up
from app.core.paging import Slice, read_page


@dataclass(frozen=True)
class BundleSheet:
    """A bundle with its newest version, that version's blocks as they are today, and all versions."""

    bundle: Bundle
    version: BundleVersion
    items: Sequence[tuple[BundleItem, Block]]
    versions: Sequence[BundleVersion]

    @property
    def cost_cents(self) -> int:
        """What the blocks of one bundle cost today."""
        cost = sum(item.quantity_milli * block.unit_cost_cents for item, block in self.items)
        return divide_half_up(cost, 1000)

    @property
    def is_draft_newer(self) -> bool:
        """Whether there is something to publish."""
        return self.version.published_at is None or self.bundle.state is not BundleState.PUBLISHED


@dataclass(frozen=True)
class BundleFilter:
    """What to look for; empty means all. `stage` and the rest are those of the newest version."""

    text: str = ""
    state: BundleState | None = None
    stage: VersionStage | None = None
    is_refused: bool = False
    kind: Kind | None = None
    category_id: int | None = None
    block_sku: str = ""
    """What any version of the bundle holds."""
    is_below_floor: bool = False


def list_bundles(session: Session, wanted: BundleFilter, *, page: int) -> Slice[tuple[Bundle, BundleVersion]]:
    """One page of bundles with their newest version, newest bundle first."""
    newest = (
        select_columns(func.max(col(BundleVersion.id)))
        .where(col(BundleVersion.bundle_id) == col(Bundle.id))
        .correlate(Bundle)
        .scalar_subquery()
    )
    query = (
        select_columns(Bundle, BundleVersion)
        .join(BundleVersion, col(BundleVersion.id) == newest)
        .order_by(col(Bundle.id).desc())
    )
    if wanted.state is not None:
        query = query.where(col(Bundle.state) == wanted.state)
    if wanted.stage is not None:
        query = query.where(col(BundleVersion.stage) == wanted.stage)
    if wanted.is_refused:
        query = query.where(col(BundleVersion.stage) == VersionStage.REVIEW, _was_refused())
    if wanted.kind is not None:
        query = query.where(col(BundleVersion.kind) == wanted.kind)
    if wanted.category_id is not None:
        query = query.where(col(BundleVersion.category_id) == wanted.category_id)
    if wanted.block_sku:
        holding = select(col(BundleVersion.bundle_id)).join(
            BundleItem, col(BundleItem.bundle_version_id) == col(BundleVersion.id)
        )
        query = query.where(col(Bundle.id).in_(holding.where(_is_block(wanted.block_sku))))
    if wanted.is_below_floor:
        below = select(col(BundleMargin.bundle_id)).where(col(BundleMargin.is_below_floor))
        query = query.where(col(Bundle.id).in_(below))
    if wanted.text:
        query = query.where(
            col(Bundle.slug).icontains(wanted.text, autoescape=True)
            | col(BundleVersion.name_de).icontains(wanted.text, autoescape=True)
            | col(BundleVersion.name_en).icontains(wanted.text, autoescape=True)
        )
    return read_page(session, query, page=page)


def versions_with(
    session: Session, bundle_ids: Sequence[int], *, block_sku: str
) -> dict[int, list[tuple[int, int]]]:
    """Of some bundles the versions that hold a block: (version number, thousandths of its unit), newest first."""
    rows = session.execute(
        select_columns(
            col(BundleVersion.bundle_id), col(BundleVersion.version_number), col(BundleItem.quantity_milli)
        )
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(BundleVersion.id))
        .where(col(BundleVersion.bundle_id).in_(bundle_ids), _is_block(block_sku))
        .order_by(col(BundleVersion.version_number).desc())
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for bundle_id, number, quantity_milli in rows:
        found.setdefault(bundle_id, []).append((number, quantity_milli))
    return found


def below_floor(session: Session, bundle_ids: Sequence[int]) -> set[int]:
    """Those of some bundles that earn too little at today's costs."""
    wanted = col(BundleMargin.bundle_id).in_(bundle_ids), col(BundleMargin.is_below_floor)
    return set(session.exec(select(BundleMargin.bundle_id).where(*wanted)))


def _is_block(sku: str) -> ColumnElement[bool]:
    # By the block's own number, not by the one that a frozen version remembers.
    wanted = select(col(Block.id)).where(func.lower(col(Block.sku)) == sku.lower())
    return col(BundleItem.block_id).in_(wanted)


def count_reviews(session: Session) -> tuple[int, int]:
    """How many versions wait for a person to publish them, and how many of those were refused at their date."""
    is_waiting = col(BundleVersion.stage) == VersionStage.REVIEW
    count = select(func.count()).select_from(BundleVersion)
    return session.exec(count.where(is_waiting)).one(), session.exec(
        count.where(is_waiting, _was_refused())
    ).one()


def _was_refused() -> ColumnElement[bool]:
    return col(BundleVersion.refusal).is_not(null())


def read_sheet(session: Session, bundle_id: int) -> BundleSheet:
    """A bundle for its editor. Raises NotFound."""
    bundle = session.get(Bundle, bundle_id)
    versions = session.exec(
        select(BundleVersion)
        .where(col(BundleVersion.bundle_id) == bundle_id)
        .order_by(col(BundleVersion.version_number).desc())
    ).all()
    if bundle is None or not versions:
        raise NotFound(N_("There is no such bundle."), code="bundle.not_found")
    items = session.exec(
        select(BundleItem, Block)
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(BundleItem.bundle_version_id) == versions[0].id)
        .order_by(col(BundleItem.id))
    ).all()
    return BundleSheet(bundle, versions[0], items, versions)


def image_of(session: Session, bundle_id: int) -> tuple[str, bytes]:
    """The content type and bytes of a bundle's picture, whatever its state. Raises NotFound."""
    row = session.execute(
        select_columns(col(BundleImage.content_type), col(BundleImage.content))
        .join(Bundle, col(Bundle.image_id) == col(BundleImage.id))
        .where(col(Bundle.id) == bundle_id)
    ).first()
    if row is None:
        raise NotFound(N_("This bundle has no picture."), code="bundle.no_image")
    return row[0], row[1]


def block_units(session: Session, skus: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Id and unit code of the blocks among some SKUs, by SKU."""
    columns = (col(Block.sku), col(Block.id), col(Block.unit_code))
    rows = session.execute(select_columns(*columns).where(col(Block.sku).in_(skus)))
    return {sku: (block_id, unit_code) for sku, block_id, unit_code in rows if block_id is not None}


def block_choices(session: Session, *, language: str, limit: int = 2000) -> list[tuple[str, str]]:
    """The first blocks by SKU, each with its name in a language, to choose from."""
    name = col(Block.name_de if language == "de" else Block.name_en)
    rows = session.execute(select_columns(col(Block.sku), name).order_by(col(Block.sku)).limit(limit))
    return [(sku, text) for sku, text in rows]
