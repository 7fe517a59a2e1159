"""Writing the list that customers browse, inside the caller's transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, or_, update
from sqlmodel import Session, SQLModel, col, func, select

from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion, CatalogueState, Listing
from app.catalogue.queries import lead_time_today
from app.catalogue.rules.agreements import BlockSizes, Sizes, sizes_of_bundle
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stages import VersionStage
from app.catalogue.rules.stock import Need, free_milli, sellable_count, smallest_order, stock_level
from app.catalogue.rules.words import index_words, sort_key
from app.policy.queries import current_policy

LONGEST_SEARCH_NAME = 2_000
LONGEST_SEARCH_TEXT = 8_000
BATCH = 1_000


def touch_catalogue(session: Session) -> None:
    """Makes the catalogue a new version: what was rendered of the old one is not shown again.

    Call it first: its row lock keeps two changes of the list apart. Only blocks are locked before it.
    """
    session.exec(update(CatalogueState).values(version=col(CatalogueState.version) + 1))


def lock_all_blocks(session: Session) -> None:
    """Keeps every block's stock as it is until the transaction ends; comes before `touch_catalogue`."""
    session.execute(select(Block.id).order_by(col(Block.id)).with_for_update(read=True))


def hold_catalogue(session: Session) -> None:
    """Waits for a change of the list that is under way and keeps the next one waiting; customers see nothing new."""
    session.exec(select(CatalogueState.id).with_for_update()).all()


def put_listing(
    session: Session, bundle: Bundle, version: BundleVersion, items: Sequence[BundleItem]
) -> None:
    """Puts a published bundle in its alphabetical place of the list, or moves and renews it there.

    The caller has locked its blocks (`lock_blocks_of_bundle`), so that its level of stock stays true.
    """
    remove_listing(session, bundle.id or 0)
    _touch_words(session)
    stock = _stock(session, [item.block_id for item in items])
    values = _listing_values(bundle, version, items) | stock.level_values(version, items)
    stock.keep_largest_needs(session)
    before = _stands_before(session, values["sort_key"], values["bundle_id"])
    is_kind = col(Listing.kind) == values["kind"]
    position = 1 + session.exec(select(func.count()).select_from(Listing).where(before)).one()
    kind_position = 1 + session.exec(select(func.count()).select_from(Listing).where(before, is_kind)).one()
    session.exec(
        update(Listing).where(col(Listing.position) >= position).values(position=col(Listing.position) + 1)
    )
    session.exec(
        update(Listing)
        .where(is_kind, col(Listing.kind_position) >= kind_position)
        .values(kind_position=col(Listing.kind_position) + 1)
    )
    session.exec(insert(Listing).values(position=position, kind_position=kind_position, **values))


def remove_listing(session: Session, bundle_id: int) -> None:
    """Takes a bundle off the list and closes the gap; nothing happens where it is not listed."""
    place = session.exec(
        select(Listing.position, Listing.kind, Listing.kind_position).where(
            col(Listing.bundle_id) == bundle_id
        )
    ).first()
    if place is None:
        return
    _touch_words(session)
    position, kind, kind_position = place
    session.exec(delete(Listing).where(col(Listing.bundle_id) == bundle_id))
    session.exec(
        update(Listing).where(col(Listing.position) > position).values(position=col(Listing.position) - 1)
    )
    session.exec(
        update(Listing)
        .where(col(Listing.kind) == kind, col(Listing.kind_position) > kind_position)
        .values(kind_position=col(Listing.kind_position) - 1)
    )


def rebuild_listings(session: Session) -> int:
    """Writes the whole list anew from the published bundles; returns how many there are.

    For bulk loads: 20,000 bundles take seconds where `put_listing` for each would take an hour.
    """
    session.flush()
    lock_all_blocks(session)
    touch_catalogue(session)
    _touch_words(session)
    session.exec(delete(Listing))
    stock = _stock(session)
    listed = sorted(_listed(session), key=lambda parts: (sort_key(parts[1].name_de), parts[0].id))
    kind_counts: dict[str, int] = {}
    for start in range(0, len(listed), BATCH):
        # Words are made batch by batch: PostgreSQL ends a transaction in which nothing happens for long.
        rows = [
            _listing_values(*parts) | stock.level_values(*parts[1:])
            for parts in listed[start : start + BATCH]
        ]
        for position, row in enumerate(rows, start=start + 1):
            kind_counts[row["kind"]] = kind_counts.get(row["kind"], 0) + 1
            row |= {"position": position, "kind_position": kind_counts[row["kind"]]}
        session.execute(insert(Listing), rows)
    stock.keep_largest_needs(session)
    return len(listed)


def refresh_lead_times(session: Session, block_ids: Collection[int]) -> None:
    """Lets the list promise later where the main brand needs longer for these (locked) blocks by now, or less late."""
    holding = select(BundleItem.bundle_version_id).where(col(BundleItem.block_id).in_(block_ids))
    rows = session.execute(
        select(Listing.bundle_id, Listing.main_brand_lead_time_days, func.max(lead_time_today()))
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(Listing.bundle_version_id))
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(Listing.bundle_version_id).in_(holding))
        .group_by(col(Listing.bundle_id), col(Listing.main_brand_lead_time_days))
    ).all()
    changed = [(bundle_id, today) for bundle_id, listed, today in rows if listed != today]
    if not changed:
        return
    touch_catalogue(session)
    for bundle_id, today in changed:
        session.exec(
            update(Listing).where(col(Listing.bundle_id) == bundle_id).values(main_brand_lead_time_days=today)
        )


def publish_all_drafts(session: Session, *, now: datetime) -> int:
    """Publishes the draft of every bundle that was never published, all at once; returns the list's length.

    For bulk loads of rows that are known to be good: no version is checked.
    """
    session.flush()
    drafts = select(BundleVersion.bundle_id, BundleVersion.id).join(
        Bundle, (col(Bundle.id) == col(BundleVersion.bundle_id)) & (col(Bundle.state) == BundleState.DRAFT)
    )
    newest = dict(session.exec(drafts.order_by(col(BundleVersion.version_number))).all())
    session.exec(
        update(BundleVersion)
        .where(col(BundleVersion.id).in_(_draft_version_ids()))
        .values(published_at=now, stage=VersionStage.PUBLISHED)
        .execution_options(synchronize_session=False)
    )
    if newest:
        session.execute(
            update(Bundle),
            [
                {"id": bundle_id, "state": BundleState.PUBLISHED, "current_version_id": version_id}
                for bundle_id, version_id in newest.items()
            ],
        )
    session.expire_all()
    return rebuild_listings(session)


def block_facts(block: Block) -> dict[str, Any]:
    """A block's present facts by the names that a bundle item keeps them under."""
    return {
        "sku": block.sku,
        "name_de": block.name_de,
        "name_en": block.name_en,
        "unit_code": block.unit_code,
        "vat_rate_bp": block.vat_rate_bp,
        "reference_price_cents": block.main_brand_price_cents,
        "unit_cost_cents": block.unit_cost_cents,
        "main_brand_lead_time_days": block.main_brand_lead_time_days,
        "partner_cost_cents": block.partner_cost_cents,
        "packing_cost_cents": block.packing_cost_cents,
        "weight_g": block.weight_g,
    }


@dataclass
class _Stock:
    """What is free of the counted blocks, by which listings get their level; lead times, and what is needed of each."""

    free: dict[int, int]
    known_needs: dict[int, int]
    lead_times: dict[int, int]
    sizes: dict[int, tuple[int | None, int | None]]
    few_left_count: int
    is_whole: bool
    needs: dict[int, int] = field(default_factory=dict)

    def level_values(self, version: Any, items: Sequence[Any]) -> dict[str, Any]:
        """The listing's sizes, level and lead time of today; its needs are kept in mind."""
        sizes = self._sizes(version, items)
        smallest = smallest_order(sizes.minimum_quantity, sizes.order_step)
        for item in items:
            need = item.quantity_milli * smallest
            if need > self.needs.get(item.block_id, 0):
                self.needs[item.block_id] = need
        count = sellable_count([Need(item.block_id, item.quantity_milli) for item in items], self.free)
        lead_times = [max(item.main_brand_lead_time_days, self.lead_times[item.block_id]) for item in items]
        return {
            "minimum_quantity": sizes.minimum_quantity,
            "order_step": sizes.order_step,
            "stock_level": stock_level(count, smallest=smallest, few_left_count=self.few_left_count),
            "main_brand_lead_time_days": max(lead_times, default=0),
        }

    def _sizes(self, version: Any, items: Sequence[Any]) -> Sizes:
        blocks = (BlockSizes(item.quantity_milli, *self.sizes[item.block_id]) for item in items)
        return sizes_of_bundle(version, blocks)

    def keep_largest_needs(self, session: Session) -> None:
        """Writes down what the listings need of each block: anew after the whole list, else only what is more."""
        changed = []
        for block_id, known in self.known_needs.items():
            need = self.needs.get(block_id, 0)
            if need > known or (self.is_whole and need != known):
                changed.append({"block": block_id, "need": need})
        if changed:
            table = SQLModel.metadata.tables["blocks"]
            session.execute(
                update(table)
                .where(table.c.id == bindparam("block"))
                .values(largest_need_milli=bindparam("need")),
                changed,
            )


def _stock(session: Session, block_ids: Sequence[int] | None = None) -> _Stock:
    query = select(  # type: ignore[call-overload]
        Block.id,
        Block.is_made_to_order,
        Block.stock_milli,
        Block.reserved_milli,
        Block.largest_need_milli,
        Block.main_brand_lead_time_days,
        Block.minimum_quantity_milli,
        Block.order_step_milli,
    )
    if block_ids is not None:
        query = query.where(col(Block.id).in_(block_ids))
    rows = session.execute(query).all()
    return _Stock(
        free={
            row.id: free_milli(row.stock_milli, row.reserved_milli)
            for row in rows
            if not row.is_made_to_order
        },
        known_needs={row.id: row.largest_need_milli for row in rows},
        lead_times={row.id: row.main_brand_lead_time_days for row in rows},
        sizes={row.id: (row.minimum_quantity_milli, row.order_step_milli) for row in rows},
        few_left_count=current_policy(session).few_left_count,
        is_whole=block_ids is None,
    )


def _touch_words(session: Session) -> None:
    session.exec(update(CatalogueState).values(words_version=col(CatalogueState.words_version) + 1))


def _draft_version_ids() -> Any:
    return (
        select(BundleVersion.id)
        .join(Bundle, col(Bundle.id) == col(BundleVersion.bundle_id))
        .where(col(Bundle.state) == BundleState.DRAFT)
    )


def _stands_before(session: Session, key: str, bundle_id: int) -> ColumnElement[bool]:
    stored: Any = col(Listing.sort_key)
    if session.get_bind().dialect.name == "postgresql":
        # A linguistic collation would ignore the spaces and sort unlike SQLite and Python.
        stored = stored.collate("C")
    return or_(stored < key, and_(stored == key, col(Listing.bundle_id) < bundle_id))


def _listed(session: Session) -> Iterable[tuple[Any, Any, Sequence[Any]]]:
    """Each bundle on sale with its version and items, as plain rows: mapped objects take three times as long."""
    is_published = col(Bundle.state) == BundleState.PUBLISHED
    bundles = session.execute(select(Bundle.id, Bundle.slug, Bundle.image_id).where(is_published)).all()
    versions = session.execute(
        select(BundleVersion.__table__)  # type: ignore[attr-defined]
        .join(Bundle, col(Bundle.current_version_id) == col(BundleVersion.id))
        .where(is_published)
    )
    version_of = {version.bundle_id: version for version in versions}
    items = session.execute(
        select(  # type: ignore[call-overload]
            BundleItem.bundle_version_id,
            BundleItem.block_id,
            BundleItem.sku,
            BundleItem.name_de,
            BundleItem.name_en,
            BundleItem.main_brand_lead_time_days,
            BundleItem.quantity_milli,
            BundleItem.unit_code,
        )
        .join(Bundle, col(Bundle.current_version_id) == col(BundleItem.bundle_version_id))
        .where(is_published)
        .order_by(BundleItem.bundle_version_id, BundleItem.id)
    )
    items_of = {key: list(group) for key, group in groupby(items, key=lambda item: item.bundle_version_id)}
    for bundle in bundles:
        version = version_of[bundle.id]
        yield bundle, version, items_of.get(version.id, [])


def _listing_values(bundle: Any, version: Any, items: Sequence[Any]) -> dict[str, Any]:
    """The row of one bundle without what depends on its blocks today, from objects or plain rows alike."""
    names = index_words(f"{version.name_de} {version.name_en}")
    contents = " ".join(f"{item.sku} {item.name_de} {item.name_en}" for item in items)
    words = index_words(f"{version.name_de} {version.name_en} {contents} {version.text_de} {version.text_en}")
    return {
        "bundle_id": bundle.id,
        "bundle_version_id": version.id,
        "slug": bundle.slug,
        "name_de": version.name_de,
        "name_en": version.name_en,
        "kind": version.kind,
        "price_cents": version.price_cents,
        "block_count": len(items),
        "category_id": version.category_id,
        "pictogram": version.pictogram,
        "maximum_quantity": version.maximum_quantity,
        "single_unit_code": items[0].unit_code if len(items) == 1 else "",
        "single_quantity_milli": items[0].quantity_milli if len(items) == 1 else 0,
        "has_image": bundle.image_id is not None,
        "sort_key": sort_key(version.name_de),
        "search_name": _cut(names, LONGEST_SEARCH_NAME),
        "search_text": _cut(words, LONGEST_SEARCH_TEXT),
    }


def _cut(words: Sequence[str], length: int) -> str:
    text = " ".join(words)
    return text if len(text) <= length else text[:length].rpartition(" ")[0]
