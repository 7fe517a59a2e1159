"""A program shows its key: uses are counted, wrong keys too, and too many are refused for a while."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from app.core.transaction import transaction
from app.staff.models import ApiKey
from app.throttling.service import hit, key_of

USES_PER_MINUTE = 120
WRONG_KEYS = 20
WRONG_KEYS_WITHIN = timedelta(minutes=10)


def note_use(session: Session, key_id: int, *, now: datetime) -> None:
    """Counts one request of a key and remembers when it was used. Raises Refused `throttled`."""
    with transaction(session):
        hit(session, f"api:{key_id}", limit=USES_PER_MINUTE, window=timedelta(minutes=1), now=now)
        session.execute(
            update(ApiKey)
            .where(col(ApiKey.id) == key_id)
            .values(last_used_at=now)
            .execution_options(synchronize_session=False)
        )


def note_wrong_key(session: Session, *, address: str, now: datetime) -> None:
    """Counts one request with a key that does not fit. Raises Refused `throttled`."""
    with transaction(session):
        hit(session, key_of("api-wrong", address), limit=WRONG_KEYS, window=WRONG_KEYS_WITHIN, now=now)
