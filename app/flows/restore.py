"""A database that came from a backup sells nothing before its books are compared with Stripe's."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.transaction import transaction
from app.invoices.models import NumberRange
from app.ordering.service_freeze import freeze_sales

RESTORING = Actor(ActorKind.COMMAND, "shop restore")


def freeze_restored(
    session: Session, *, made_at: str, last_numbers: Mapping[tuple[str, int], int], now: datetime
) -> None:
    """Freezes sales since a backup (its moment as ISO text), and says so in the log.

    `last_numbers` are the last numbers of documents that were sent since, by prefix and year: no number is given to
    two documents. A lower number than the backup's changes nothing.
    """
    with transaction(session):
        for (prefix, year), number in last_numbers.items():
            row = session.get(NumberRange, (prefix, year), with_for_update=True) or NumberRange(
                prefix=prefix, year=year
            )
            row.last_number = max(row.last_number, number)
            session.add(row)
        freeze_sales(session, backup_made_at=datetime.fromisoformat(made_at), now=now)
        record(
            session,
            RESTORING,
            action="shop.restored",
            object_kind="shop",
            object_id=None,
            now=now,
            new={
                "backup_made_at": made_at,
                **{f"{prefix}-{year}": number for (prefix, year), number in last_numbers.items()},
            },
        )
