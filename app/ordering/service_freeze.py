"""Nothing is sold from a restored database until its books were compared with Stripe's."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.core.errors import N_, Refused
from app.ordering.models import SalesFreeze
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, from_values


def open_freeze(session: Session) -> SalesFreeze | None:
    """The freeze that is in force, the oldest of several; None while the shop sells."""
    query = select(SalesFreeze).where(col(SalesFreeze.opened_at).is_(None)).order_by(col(SalesFreeze.id))
    return session.exec(query.limit(1)).first()


def refuse_frozen(session: Session) -> None:
    """Raises Refused (`order.sales_frozen`) while nothing is sold."""
    if open_freeze(session) is not None:
        raise sales_frozen()


def policy_of_sales(session: Session) -> Policy:
    """The policy in force, as `current_policy`, in one look with the freeze. Raises Refused (`order.sales_frozen`)."""
    is_frozen = select(SalesFreeze.id).where(col(SalesFreeze.opened_at).is_(None)).exists()
    row = session.execute(
        select(PolicyVersion.values, is_frozen.label("is_frozen"))
        .order_by(col(PolicyVersion.id).desc())
        .limit(1)
    ).first()
    if row is None:
        refuse_frozen(session)
        return Policy()
    if row.is_frozen:
        raise sales_frozen()
    return from_values(dict(row[0])) if row[0] else Policy()


def sales_frozen() -> Refused:
    """What everybody is told meanwhile."""
    return Refused(
        N_("Orders are paused for a short while. Nothing was ordered or charged; please try again later."),
        code="order.sales_frozen",
    )


def freeze_sales(session: Session, *, backup_made_at: datetime, now: datetime) -> None:
    """Stops selling, as the database came from a backup."""
    session.add(SalesFreeze(backup_made_at=backup_made_at, frozen_at=now))


def open_sales(session: Session, *, by: str, now: datetime, seen_since: datetime | None = None) -> int:
    """Ends the freezes; with `seen_since` only those whose backup was made after it. How many ended."""
    query = select(SalesFreeze).where(col(SalesFreeze.opened_at).is_(None)).order_by(col(SalesFreeze.id))
    ending = [
        freeze
        for freeze in session.exec(query.with_for_update())
        if seen_since is None or freeze.backup_made_at >= seen_since
    ]
    for freeze in ending:
        freeze.opened_at, freeze.opened_by = now, by[:200]
    return len(ending)
