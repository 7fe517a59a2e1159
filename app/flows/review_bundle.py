"""Staff hand a bundle's draft to a second pair of eyes, send it back, or take a date away again."""

from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor
from app.catalogue.rules.stages import VersionStage
from app.catalogue.service_publishing import (
    back_to_draft,
    back_to_review,
    check_seen,
    locked_bundle,
    newest_version,
    note,
    submit_version,
)
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction

LONGEST_REASON = 500


def submit_for_review(
    session: Session, bundle_id: int, *, actor: Actor, now: datetime, seen: str = ""
) -> None:
    """The draft waits for a person to publish it or to send it back.

    Raises NotFound for an unknown bundle, Refused for a version that is no draft or was changed since it was `seen`.
    """
    with transaction(session):
        bundle = locked_bundle(session, bundle_id)
        version = newest_version(session, bundle_id)
        check_seen(version, seen)
        submit_version(session, bundle, version, actor=actor, now=now)


def send_back(session: Session, bundle_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """A version in review or with a date is a draft again, and its writer reads why.

    Raises NotFound for an unknown bundle, Invalid without a reason (1 to 500 characters), Refused for a draft
    or a published version.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        fault = FieldError("reason", N_("Please say why, in at most 500 characters."))
        raise Invalid(N_("Please check the entries."), code="bundle.invalid", fields=(fault,))
    with transaction(session):
        bundle = locked_bundle(session, bundle_id)
        version = newest_version(session, bundle_id)
        old = version.stage
        if old not in (VersionStage.REVIEW, VersionStage.SCHEDULED):
            raise Refused(N_("This version does not wait for a review."), code="bundle.illegal_transition")
        back_to_draft(version)
        note(
            session, bundle, version, "bundle.sent_back", old=old, actor=actor, now=now, reason=reason
        )  # fmt: skip


def unschedule(session: Session, bundle_id: int, *, actor: Actor, now: datetime) -> None:
    """A version that waits for its date waits for a person again.

    Raises NotFound for an unknown bundle, Refused for a version without a date.
    """
    with transaction(session):
        bundle = locked_bundle(session, bundle_id)
        version = newest_version(session, bundle_id)
        if version.stage is not VersionStage.SCHEDULED:
            raise Refused(N_("This version has no date."), code="bundle.illegal_transition")
        back_to_review(version)
        old = VersionStage.SCHEDULED
        note(session, bundle, version, "bundle.unscheduled", old=old, actor=actor, now=now)
