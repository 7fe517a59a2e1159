"""Writing down what a comparison with Stripe's books found, inside the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from app.payments.models import BookDifference
from app.payments.rules.books import Difference, Found, Mend


def keep_differences(
    session: Session, found: Iterable[Found], *, since: datetime, until: datetime, now: datetime
) -> None:
    """Opens what is new, keeps what is still there, and closes what was made in the span and is there no more."""
    known = {
        (row.kind, row.object_id): row
        for row in session.exec(
            select(BookDifference)
            .where((col(BookDifference.made_at) >= since) | col(BookDifference.resolved_at).is_(None))
            .order_by(col(BookDifference.id))
            .with_for_update()
        )
    }
    seen: set[tuple[Difference, str]] = set()
    for one in found:
        key = (one.kind, one.object_id)
        if key in seen:
            continue
        seen.add(key)
        row = known.get(key) or _lost_from_sight(session, one)
        if row is None:
            row = _new(one, now=now)
            session.add(row)
        elif row.resolved_at is not None:
            row.resolved_at, row.asked_at, row.asked_by, row.found_at = None, None, "", now
        row.ours_cents, row.theirs_cents, row.mend = one.ours_cents, one.theirs_cents, one.mend
        row.seen_at = now
    for key, row in known.items():
        if key not in seen and row.resolved_at is None and since <= row.made_at <= until:
            row.resolved_at = now


def _lost_from_sight(session: Session, one: Found) -> BookDifference | None:
    """The row of a difference that was closed, and whose object is older than the span."""
    return session.exec(
        select(BookDifference).where(
            col(BookDifference.kind) == one.kind, col(BookDifference.object_id) == one.object_id
        )
    ).first()


def _new(one: Found, *, now: datetime) -> BookDifference:
    return BookDifference(
        kind=one.kind,
        object_id=one.object_id,
        order_number=one.order_number[:64],
        payment_id=one.payment_id,
        ours_cents=one.ours_cents,
        theirs_cents=one.theirs_cents,
        mend=Mend(one.mend),
        made_at=one.at,
        found_at=now,
        seen_at=now,
    )
