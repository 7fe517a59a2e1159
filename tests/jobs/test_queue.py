"""Jobs are claimed once, kept under a lease, and never lost."""

import threading
from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.core.db import Database
from app.core.transaction import transaction
from app.jobs import queue
from app.jobs.models import Job, JobState
from app.jobs.service import put_job

LEASE = timedelta(seconds=30)


def _claim(session: Session, now: datetime) -> list[queue.Claim]:
    with transaction(session):
        return queue.claim(session, now=now, lease=LEASE)


def test_a_known_key_puts_no_second_job(session: Session, now: datetime) -> None:
    with transaction(session):
        put_job(session, "settle", key="a", now=now, payment_id=1)
        put_job(session, "settle", key="a", now=now, payment_id=2)

    assert [job.args for job in session.exec(select(Job))] == [{"payment_id": 1}]


def test_a_rolled_back_change_leaves_no_job(session: Session, now: datetime) -> None:
    try:
        with transaction(session):
            put_job(session, "settle", now=now)
            raise RuntimeError("half-way")
    except RuntimeError:
        pass

    assert session.exec(select(Job)).all() == []


def test_many_workers_run_each_job_once(database: Database, session: Session, now: datetime) -> None:
    with transaction(session):
        for n in range(60):
            put_job(session, "settle", now=now, n=n)
    seen: list[int] = []

    def work() -> None:
        with database.session() as own:
            while claims := _claim(own, now):
                seen.extend(claim.args["n"] for claim in claims)
                with transaction(own):
                    assert queue.finish(own, claims[0], now=now)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen) == list(range(60))


def test_a_dead_workers_job_is_taken_over_and_its_late_answer_refused(
    session: Session, now: datetime
) -> None:
    with transaction(session):
        put_job(session, "settle", now=now)
    [first] = _claim(session, now)
    assert _claim(session, now + timedelta(seconds=29)) == []

    [second] = _claim(session, now + timedelta(seconds=31))

    with transaction(session):
        assert not queue.finish(session, first, now=now)
        assert queue.finish(session, second, now=now)
    assert second.attempt_count == 2


def test_a_failing_job_waits_longer_each_time_and_ends_dead(session: Session, now: datetime) -> None:
    with transaction(session):
        put_job(session, "settle", now=now, maximum_attempts=3)
    waits = []
    moment = now
    for _ in range(3):
        [claim] = _claim(session, moment)
        with transaction(session):
            queue.fail(session, claim, now=moment, error="boom")
        job = session.exec(select(Job)).one()
        waits.append((job.run_at - moment).total_seconds())
        moment = job.run_at

    assert 8 <= waits[0] <= 12
    assert 16 <= waits[1] <= 24
    assert job.state is JobState.DEAD
    assert job.error == "boom"
    assert _claim(session, moment + timedelta(days=1)) == []


def test_a_schedule_puts_one_job_per_period_however_many_workers_look(
    session: Session, now: datetime
) -> None:
    every = {"sweep": timedelta(minutes=1)}
    for moment in (
        now,
        now,
        now + timedelta(seconds=59),
        now + timedelta(seconds=61),
        now + timedelta(hours=5),
    ):
        with transaction(session):
            queue.put_due_schedules(session, every, now=moment)

    assert len(session.exec(select(Job)).all()) == 3


def test_a_worker_of_some_kinds_passes_over_the_others(session: Session, now: datetime) -> None:
    with transaction(session):
        for n in range(5):
            put_job(session, "send_mail", now=now, n=n)
        put_job(session, "settle", now=now)

    with transaction(session):
        taken = queue.claim(session, now=now, lease=LEASE, count=10, kinds=("settle",))

    assert [claim.kind for claim in taken] == ["settle"]
    assert not queue.has_due(session, now=now, kinds=("settle",))
    assert queue.has_due(session, now=now)
