from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, select

from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.throttling.models import Throttle
from app.throttling.service import forget, forget_older, hit, key_of

QUARTER = timedelta(minutes=15)


def _hit(session: Session, now: datetime, *, key: str = "log_in:x", limit: int = 3) -> None:
    with transaction(session):
        hit(session, key, limit=limit, window=QUARTER, now=now)


def test_the_fourth_of_three_allowed_attempts_is_refused_with_the_time_to_wait(
    session: Session, now: datetime
) -> None:
    for minute in range(3):
        _hit(session, now + timedelta(minutes=minute))

    with pytest.raises(Refused) as refusal:
        _hit(session, now + timedelta(minutes=5))

    assert refusal.value.code == "throttled"
    assert refusal.value.values["retry_after_seconds"] == 601
    assert refusal.value.values["minutes"] == 11
    _hit(session, now, key="log_in:another")


def test_a_window_that_is_over_starts_afresh(session: Session, now: datetime) -> None:
    for _ in range(3):
        _hit(session, now)

    _hit(session, now + QUARTER)

    row = session.exec(select(Throttle)).one()
    assert (row.attempt_count, row.window_started_at) == (1, now + QUARTER)


def test_forgetting_a_key_lets_it_try_again_and_leaves_others(session: Session, now: datetime) -> None:
    _hit(session, now, limit=1)
    _hit(session, now, key="log_in:y", limit=1)

    with transaction(session):
        forget(session, "log_in:x")

    _hit(session, now, limit=1)
    with pytest.raises(Refused):
        _hit(session, now, key="log_in:y", limit=1)


def test_only_windows_before_the_moment_are_swept(session: Session, now: datetime) -> None:
    _hit(session, now - timedelta(days=2), key="old")
    _hit(session, now, key="new")

    with transaction(session):
        forget_older(session, before=now - timedelta(days=1))

    assert session.exec(select(Throttle.key)).all() == ["new"]


def test_ten_attempts_at_once_pass_three_times(database: Database, now: datetime) -> None:
    start, passed = Barrier(10), []

    def attempt() -> None:
        with database.session() as session:
            start.wait()
            try:
                _hit(session, now)
            except Refused:
                return
            passed.append(1)

    threads = [Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(passed) == 3


def test_a_key_hides_what_it_stands_for_and_differs_by_purpose() -> None:
    assert "anna" not in key_of("log_in", "anna@example.org")
    assert key_of("log_in", "a") != key_of("reset", "a")
    assert len(key_of("log_in", "\ud800")) <= 128
