"""Staff publish the draft version of a bundle, at once or at a date: then customers see and buy it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, Actor, record
from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.queries_sizes import sizes_today
from app.catalogue.rules.blocks import keeps_out
from app.catalogue.rules.drafts import order_fault
from app.catalogue.rules.kinds import BundleState, Source
from app.catalogue.rules.stages import VersionStage
from app.catalogue.service import block_facts, put_listing, touch_catalogue
from app.catalogue.service_drafts import write_sizes
from app.catalogue.service_margins import refresh_margins
from app.catalogue.service_publishing import (
    back_to_review,
    check_seen,
    locked_bundle,
    move_to,
    newest_version,
    note,
    pass_review,
)
from app.catalogue.service_stock import lock_blocks_of_bundle
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.insights.guards import check_guards
from app.jobs.service import put_job
from app.policy.queries import current_policy
from app.policy.rules.policy import PublishingApproval

LONGEST_WAIT = timedelta(days=366)


def publish_bundle(session: Session, bundle_id: int, *, actor: Actor, now: datetime, seen: str = "") -> None:
    """Freezes the newest version with its blocks' present facts and lists it; a retired bundle comes back.

    A bundle whose newest version is on sale stays as it is. Raises NotFound for an unknown bundle; Refused
    for one that has no blocks, no price, a name missing, or nothing but blocks that others sell, for one that a
    guard stops (`app.insights.guards`: margin, service, cannibalisation without approval), where the policy wants a
    second person, or where the version was changed since it was `seen`.
    """
    with transaction(session):
        lock_blocks_of_bundle(session, bundle_id)
        touch_catalogue(session)
        bundle = locked_bundle(session, bundle_id)
        version = newest_version(session, bundle_id)
        if not _is_on_sale(bundle, version):
            check_seen(version, seen)
            _publish(session, bundle, version, actor=actor, publisher=actor, now=now)


def schedule_bundle(
    session: Session, bundle_id: int, *, publish_at: datetime, actor: Actor, now: datetime, seen: str = ""
) -> None:
    """The newest version is published at a moment to come, unless it is changed or refused then.

    Raises NotFound for an unknown bundle, Invalid for a moment that is past or more than a year away, and
    Refused as `publish_bundle` does: what cannot be published today gets no date.
    """
    if not now < publish_at <= now + LONGEST_WAIT:
        fault = FieldError("publish_on", N_("Please choose a moment to come, within a year."))
        raise Invalid(N_("Please check the entries."), code="bundle.invalid", fields=(fault,))
    with transaction(session):
        bundle = locked_bundle(session, bundle_id)
        version = newest_version(session, bundle_id)
        check_seen(version, seen)
        if version.published_at is not None:
            raise Refused(N_("This version is published already."), code="bundle.illegal_transition")
        _pass_review(session, bundle, version, actor=actor, now=now)
        rows = _rows(session, version)
        _check(version, [block for _, block in rows])
        _check_sizes(version, rows)
        check_guards(session, version, rows, now=now)
        old = version.stage
        if old is not VersionStage.SCHEDULED:
            move_to(version, VersionStage.SCHEDULED)
        version.publish_at, version.refusal = publish_at, None
        version.scheduled_by, version.scheduled_by_id = actor.name, actor.id
        put_job(
            session,
            "publish_scheduled",
            now=now,
            run_at=publish_at,
            key=f"publish_scheduled:{version.id}:{publish_at.isoformat()}",
            version_id=version.id,
        )
        moment = publish_at.isoformat()
        note(session, bundle, version, "bundle.scheduled", old=old, actor=actor, now=now, publish_at=moment)


def publish_scheduled(session: Session, version_id: int, *, now: datetime) -> bool:
    """Publishes a version whose date has come; True where it did. Whoever scheduled it counts as its publisher.

    What is refused now goes back to its review and says why. A version that was published, changed or moved to
    another date meanwhile stays as it is.
    """
    seen = session.get_one(BundleVersion, version_id)
    bundle_id = seen.bundle_id
    if not _is_due(seen, version_id, now=now):
        return False
    try:
        with transaction(session):
            lock_blocks_of_bundle(session, bundle_id)
            touch_catalogue(session)
            bundle = locked_bundle(session, bundle_id)
            version = newest_version(session, bundle_id)
            if not _is_due(version, version_id, now=now):
                return False
            publisher = Actor(SYSTEM.kind, version.scheduled_by, version.scheduled_by_id)
            _publish(session, bundle, version, actor=SYSTEM, publisher=publisher, now=now)
            reach("publish_scheduled.before_commit")
        reach("publish_scheduled.after_commit")
        return True
    except Refused as error:
        refusal = error
    refuse_scheduled(session, version_id, refusal=refusal, now=now)
    return False


def refuse_scheduled(session: Session, version_id: int, *, refusal: Refused, now: datetime) -> None:
    """Sends a version whose date has come back to its review and notes there why it was not published."""
    bundle_id = session.get_one(BundleVersion, version_id).bundle_id
    with transaction(session):
        bundle = locked_bundle(session, bundle_id)
        version = newest_version(session, bundle_id)
        if not _is_due(version, version_id, now=now):
            return
        values = {
            name: value if isinstance(value, int) else str(value) for name, value in refusal.values.items()
        }
        told = {"code": refusal.code, "message": refusal.message, "values": values}
        back_to_review(version, refusal=told)
        note(
            session,
            bundle,
            version,
            "bundle.schedule_refused",
            old=VersionStage.SCHEDULED,
            actor=SYSTEM,
            now=now,
            refusal=told,
        )


def _publish(
    session: Session,
    bundle: Bundle,
    version: BundleVersion,
    *,
    actor: Actor,
    publisher: Actor,
    now: datetime,
) -> None:
    old = {"state": bundle.state, "version_id": bundle.current_version_id}
    _pass_review(session, bundle, version, actor=publisher, now=now)
    old_stage = version.stage
    rows = _rows(session, version)
    _check(version, [block for _, block in rows])
    _check_sizes(version, rows)
    check_guards(session, version, rows, now=now)
    items = _frozen_items(session, version, rows, actor=publisher, now=now)
    bundle.state = BundleState.PUBLISHED
    bundle.current_version_id = version.id
    session.flush()
    put_listing(session, bundle, version, items)
    refresh_margins(session, bundle_ids=[bundle.id or 0], now=now)
    record(
        session,
        actor,
        action="bundle.published",
        object_kind="bundle",
        object_id=bundle.id,
        object_name=version.name_de,
        now=now,
        old=old | {"stage": old_stage},
        new={
            "state": bundle.state,
            "stage": version.stage,
            "version_id": version.id,
            "version_number": version.version_number,
            "price_cents": version.price_cents,
            "published_by": version.published_by,
        },
    )


def _pass_review(
    session: Session, bundle: Bundle, version: BundleVersion, *, actor: Actor, now: datetime
) -> None:
    approval = current_policy(session).publishing_approval
    needs_two = approval is PublishingApproval.TWO
    pass_review(session, bundle, version, needs_second_person=needs_two, actor=actor, now=now)


def _is_on_sale(bundle: Bundle, version: BundleVersion) -> bool:
    return bundle.state is BundleState.PUBLISHED and version.id == bundle.current_version_id


def _is_due(version: BundleVersion, version_id: int, *, now: datetime) -> bool:
    is_waiting = version.id == version_id and version.stage is VersionStage.SCHEDULED
    return is_waiting and version.publish_at is not None and version.publish_at <= now


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
        write_sizes(version, [(block, item.quantity_milli) for item, block in rows])
        # The items first: once the version is published, the database refuses to change them.
        session.flush()
        move_to(version, VersionStage.PUBLISHED)
        version.published_at = now
        version.published_by = actor.name
        session.flush()
    return [item for item, _ in rows]


def _check_sizes(version: BundleVersion, rows: Sequence[tuple[BundleItem, Block]]) -> None:
    if order_fault(sizes_today(version, rows), version.maximum_quantity) is not None:
        raise Refused(
            N_("Nobody could order this bundle: its smallest order is more than an order may hold."),
            code="bundle.unorderable",
        )


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
    kept_out = [block.sku for block in blocks if keeps_out(block)]
    if kept_out:
        raise Refused(
            N_("This bundle holds dangerous or restricted goods and cannot be published: %(skus)s."),
            code="bundle.kept_out",
            skus=", ".join(kept_out),
        )
