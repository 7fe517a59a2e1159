"""Staff take a bundle off the catalogue."""

from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.catalogue.rules.kinds import BundleState
from app.catalogue.service import remove_listing, touch_catalogue
from app.catalogue.service_margins import refresh_margins
from app.catalogue.service_publishing import forget_dates, locked_bundle
from app.core.errors import N_, Refused
from app.core.transaction import transaction


def retire_bundle(session: Session, bundle_id: int, *, actor: Actor, now: datetime, reason: str = "") -> None:
    """Nobody sees or buys the bundle any more; carts say so, orders keep what they bought.

    A newer version that had a date loses it. A retired bundle stays as it is. Raises NotFound for an unknown
    bundle, Refused for a mere draft.
    """
    with transaction(session):
        touch_catalogue(session)
        bundle = locked_bundle(session, bundle_id)
        if bundle.state is BundleState.RETIRED:
            return
        if bundle.state is BundleState.DRAFT:
            raise Refused(
                N_("A draft is not on sale and cannot be retired."), code="bundle.illegal_transition"
            )
        bundle.state = BundleState.RETIRED
        session.flush()
        forget_dates(session, [bundle_id])
        remove_listing(session, bundle_id)
        refresh_margins(session, bundle_ids=[bundle_id], now=now)
        record(
            session,
            actor,
            action="bundle.retired",
            object_kind="bundle",
            object_id=bundle.id,
            object_name=bundle.slug,
            now=now,
            reason=reason,
            old={"state": BundleState.PUBLISHED},
            new={"state": BundleState.RETIRED},
        )
