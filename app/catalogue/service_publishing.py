"""Moving a bundle version from stage to stage, inside the caller's transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Bundle, BundleVersion
from app.catalogue.queries_blocks import AT_ONCE
from app.catalogue.rules.stages import FOLLOWING_STAGE, VersionStage
from app.core.errors import N_, NotFound, Refused


def locked_bundle(session: Session, bundle_id: int) -> Bundle:
    """A bundle, locked for writing. Raises NotFound."""
    bundle = session.exec(select(Bundle).where(col(Bundle.id) == bundle_id).with_for_update()).first()
    if bundle is None:
        raise NotFound(N_("There is no such bundle."), code="bundle.not_found")
    return bundle


def newest_version(session: Session, bundle_id: int) -> BundleVersion:
    """The version of the highest number: the only one that may still change. Lock its bundle first."""
    return session.exec(
        select(BundleVersion)
        .where(col(BundleVersion.bundle_id) == bundle_id)
        .order_by(col(BundleVersion.version_number).desc())
        .limit(1)
    ).one()


def check_seen(version: BundleVersion, seen: str) -> None:
    """Raises Refused where a person decides on something else than they saw; `seen` is a `seen_mark` or empty."""
    if seen and seen != seen_mark(version):
        raise Refused(
            N_("%(who)s changed this bundle while you looked at it. Please look again."),
            code="bundle.changed_meanwhile",
            who=version.written_by or "–",
        )


def seen_mark(version: BundleVersion) -> str:
    """What a form carries so that its act meets the very content that was shown."""
    return f"{version.version_number}.{version.revision}"


def submit_version(
    session: Session, bundle: Bundle, version: BundleVersion, *, actor: Actor, now: datetime
) -> None:
    """Puts a draft before a second pair of eyes. Raises Refused for what is no draft."""
    move_to(version, VersionStage.REVIEW)
    version.submitted_by, version.submitted_by_id, version.submitted_at = actor.name, actor.id, now
    version.refusal = None
    note(session, bundle, version, "bundle.submitted", old=VersionStage.DRAFT, actor=actor, now=now)


def pass_review(
    session: Session,
    bundle: Bundle,
    version: BundleVersion,
    *,
    needs_second_person: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Takes a version that is to be published or scheduled through its review; a published one needs none.

    Where one person is enough, a draft passes it on the way. Raises Refused where a second person is needed
    and the version was not submitted, or was by the very person who publishes it.
    """
    if version.published_at is not None:
        return
    if not needs_second_person:
        if version.stage is VersionStage.DRAFT:
            submit_version(session, bundle, version, actor=actor, now=now)
        return
    if version.stage is VersionStage.DRAFT:
        raise Refused(
            N_("A second person has to look at this version first. Please submit it for review."),
            code="bundle.not_submitted",
        )
    if version.submitted_by_id == actor.id:
        raise Refused(
            N_("You submitted this version yourself: a second person has to publish it."),
            code="bundle.second_person",
        )


def back_to_draft(version: BundleVersion) -> None:
    """Makes a version in review or scheduled a draft again; a draft stays one."""
    if version.stage is not VersionStage.DRAFT:
        move_to(version, VersionStage.DRAFT)
    version.submitted_by, version.submitted_by_id, version.submitted_at = "", None, None
    _forget_schedule(version)
    version.refusal = None


def back_to_review(version: BundleVersion, *, refusal: dict[str, Any] | None = None) -> None:
    """Takes a version's date away; `refusal` (code, message, values) tells why it was not published then."""
    move_to(version, VersionStage.REVIEW)
    _forget_schedule(version)
    version.refusal = refusal


def forget_dates(session: Session, bundle_ids: Collection[int]) -> None:
    """Takes away the dates of these (locked) bundles: one that left the shop must not come back by itself."""
    ids = sorted(bundle_ids)
    for start in range(0, len(ids), AT_ONCE):
        scheduled = select(BundleVersion).where(
            col(BundleVersion.bundle_id).in_(ids[start : start + AT_ONCE]),
            col(BundleVersion.stage) == VersionStage.SCHEDULED,
        )
        for version in session.exec(scheduled.execution_options(populate_existing=True)).all():
            back_to_review(version)
    session.flush()


def move_to(version: BundleVersion, stage: VersionStage) -> None:
    """The one door to another stage. Raises Refused for one that may not follow."""
    if stage not in FOLLOWING_STAGE[version.stage]:
        raise Refused(
            N_("This version is at another stage by now. Please look again."),
            code="bundle.illegal_transition",
        )
    version.stage = stage


def note(
    session: Session,
    bundle: Bundle,
    version: BundleVersion,
    action: str,
    *,
    old: VersionStage,
    actor: Actor,
    now: datetime,
    reason: str = "",
    **new: Any,
) -> None:
    """Adds the audit entry of a step from one stage to the next."""
    record(
        session,
        actor,
        action=action,
        object_kind="bundle",
        object_id=bundle.id,
        object_name=version.name_de,
        now=now,
        reason=reason,
        old={"stage": old},
        new={"stage": version.stage, "version_number": version.version_number, **new},
    )


def _forget_schedule(version: BundleVersion) -> None:
    version.publish_at = None
    version.scheduled_by, version.scheduled_by_id = "", None
