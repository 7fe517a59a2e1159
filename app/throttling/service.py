"""Counting attempts inside the caller's transaction and refusing those above a limit."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.core.errors import N_, Refused
from app.throttling.models import Throttle


def hit(session: Session, key: str, *, limit: int, window: timedelta, now: datetime) -> None:
    """Counts one attempt under `key` in one atomic statement; the first `limit` of each window pass.

    Commit it before the work it guards (a password hash, a mail): attempts made at once are then all counted.
    Raises Refused `throttled` with `retry_after_seconds` and `minutes` until the window is over.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(Throttle).values(key=key, window_started_at=now, attempt_count=1)
    is_over = col(Throttle.window_started_at) <= now - window
    counted = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "attempt_count": case((is_over, 1), else_=col(Throttle.attempt_count) + 1),
            "window_started_at": case((is_over, now), else_=col(Throttle.window_started_at)),
        },
    ).returning(col(Throttle.attempt_count), col(Throttle.window_started_at))
    attempt_count, window_started_at = session.execute(counted).one()
    if attempt_count > limit:
        seconds = max(1, int((window_started_at + window - now).total_seconds()) + 1)
        raise Refused(
            N_("Too many attempts. Please try again in %(minutes)s min."),
            code="throttled",
            minutes=-(-seconds // 60),
            retry_after_seconds=seconds,
        )


def forget(session: Session, key: str) -> None:
    """Starts a key afresh, for instance after the right password."""
    session.execute(delete(Throttle).where(col(Throttle.key) == key))


def forget_older(session: Session, *, before: datetime) -> None:
    """Deletes the keys whose window started before a moment."""
    session.execute(delete(Throttle).where(col(Throttle.window_started_at) < before))


def key_of(purpose: str, secret_or_personal: str) -> str:
    """A key of at most 128 characters that does not show the e-mail or network address it stands for."""
    return f"{purpose}:{hashlib.sha256(secret_or_personal.encode('utf-8', 'surrogatepass')).hexdigest()}"
