"""Staff publish the draft version of a bundle: from now on customers see and buy it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.rules.kinds import BundleState, Source
from app.catalogue.rules.stages import VersionStage
from app.catalogue.service import block_facts, put_listing, touch_catalogue
from app.catalogue.service_margins import refresh_margins
from app.core.errors import N_, NotFound, Refused
from app.core.transaction import transaction
from app.insights.guards import check_guards


def publish_bundle(session: Session, bundle_id: int, *, actor: Actor, now: datetime) -> None:
    """Freezes the newest version with its blocks' present facts and lists it; a retired bundle comes back.

    A bundle whose newest version is on sale stays as it is. Raises NotFound for an unknown bundle; Refused
    for one that has no blocks, no price, a name missing, or nothing but blocks that others sell, and for one that
    a guard stops (`app.insights.guards`: margin, service, cannibalisation without approval).
    """
    with transaction(session):
        touch_catalogue(session)
        bundle = session.exec(select(Bundle).where(col(Bundle.id) == bundle_id).with_for_update()).first()
        if bundle is None:
            raise NotFound(N_("There is no such bundle."), code="bundle.not_found")
        version = session.exec(
            select(BundleVersion)
            .where(col(BundleVersion.bundle_id) == bundle_id)
            .order_by(col(BundleVersion.version_number).desc())
            .limit(1)
        ).one()
        is_on_sale = bundle.state is BundleState.PUBLISHED and version.id == bundle.current_version_id
        if is_on_sale:
            return
        old = {"state": bundle.state, "version_id": bundle.current_version_id}
        rows = _rows(session, version)
        _check(version, [block for _, block in rows])
        check_guards(session, version, rows)
        items = _frozen_items(session, version, rows, actor=actor, now=now)
        bundle.state = BundleState.PUBLISHED
        bundle.current_version_id = version.id
        session.flush()
        put_listing(session, bundle, version, items)
        refresh_margins(session, bundle_ids=[bundle_id], now=now)
        record(
            session,
            actor,
            action="bundle.published",
            object_kind="bundle",
            object_id=bundle.id,
            object_name=version.name_de,
            now=now,
            old=old,
            new={"state": bundle.state, "version_id": version.id, "price_cents": version.price_cents},
        )


def _rows(session: Session, version: BundleVersion) -> Sequence[tuple[BundleItem, Block]]:
    return session.exec(
        select(BundleItem, Block)
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(BundleItem.bundle_version_id) == version.id)
        .order_by(col(BundleItem.id))
    ).all()


def _frozen_items(
    session: Session,
    version: BundleVersion,
    rows: Sequence[tuple[BundleItem, Block]],
    *,
    actor: Actor,
    now: datetime,
) -> Sequence[BundleItem]:
    if version.published_at is None:
        for item, block in rows:
            item.sqlmodel_update(block_facts(block))
        # The items first: once the version is published, the database refuses to change them.
        session.flush()
        version.published_at = now
        version.stage = VersionStage.PUBLISHED
        version.published_by = actor.name
        session.flush()
    return [item for item, _ in rows]


def _check(version: BundleVersion, blocks: Sequence[Block]) -> None:
    if not blocks:
        raise Refused(N_("A bundle without blocks cannot be published."), code="bundle.empty")
    if version.price_cents <= 0:
        raise Refused(N_("A bundle without a price cannot be published."), code="bundle.no_price")
    if not (version.name_de and version.name_en):
        raise Refused(N_("A bundle needs its name in both languages."), code="bundle.no_name")
    if all(block.source is Source.COMMISSION for block in blocks):
        raise Refused(
            N_("This bundle holds only blocks that others sell on commission; it cannot be ordered."),
            code="bundle.commission_only",
        )
