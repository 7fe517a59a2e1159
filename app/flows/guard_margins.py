"""The margins of all bundles on sale are worked out anew, and by policy what is below the floor leaves the shop."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.catalogue.models import BundleMargin
from app.catalogue.queries_margins import BATCH, published_ids
from app.catalogue.service_margins import forget_unpublished, refresh_margins, retire_below_floor
from app.core.transaction import transaction
from app.policy.queries import current_policy
from app.policy.rules.policy import BelowFloor


def guard_margins(session: Session, *, is_whole: bool, now: datetime) -> int:
    """Retires the bundles below the floor where the policy says so; how many. With `is_whole` all margins are new.

    Works in many small transactions; started again it goes on where it was.
    """
    if is_whole:
        ids = published_ids(session)
        for start in range(0, len(ids), BATCH):
            with transaction(session):
                refresh_margins(session, bundle_ids=ids[start : start + BATCH], now=now)
        with transaction(session):
            forget_unpublished(session)
    if current_policy(session).below_floor is not BelowFloor.RETIRE:
        return 0
    below = session.exec(
        select(BundleMargin.bundle_id)
        .where(col(BundleMargin.is_below_floor))
        .order_by(BundleMargin.bundle_id)  # type: ignore[arg-type]
    ).all()
    retired = 0
    for bundle_id in below:
        with transaction(session):
            retired += retire_below_floor(session, bundle_id, now=now)
    return retired
