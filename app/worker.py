"""Claims due jobs, calls the handler of each kind, backs off on failure."""

import logging
import threading
import traceback
from datetime import timedelta
from types import TracebackType
from typing import Self

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.handlers.registry import GIVE_UP, HANDLERS, LONGEST_BACKOFF, RECURRING
from app.jobs import queue
from app.shop import Shop

log = logging.getLogger("app.worker")

LEASE = timedelta(seconds=30)
LONGEST_RUN = timedelta(minutes=30)
POLL_SECONDS = 0.3


class Worker:
    """A few threads that work off the jobs of one database; used as a context manager or by `run`."""

    def __init__(
        self, shop: Shop, *, threads: int = 2, poll_seconds: float = POLL_SECONDS, kinds: tuple[str, ...] = ()
    ) -> None:
        self._shop = shop
        self._kinds = kinds
        self._poll_seconds = poll_seconds
        self._stop = threading.Event()
        self._held: dict[int, tuple[queue.Claim, float]] = {}
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{n}", daemon=True) for n in range(threads)
        ]
        self._threads.append(threading.Thread(target=self._keep_leases, name="worker-leases", daemon=True))
        self._threads.append(threading.Thread(target=self._tick, name="worker-schedules", daemon=True))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.stop()
        for thread in self._threads:
            thread.join(timeout=40)

    def stop(self) -> None:
        """Asks the threads to finish the job in hand and end."""
        self._stop.set()

    def run(self) -> None:
        """Works until `stop` is called."""
        with self:
            self._stop.wait()

    def _work(self) -> None:
        is_busy = False
        while not self._stop.is_set():
            try:
                is_busy = run_next(self._shop, held=self._held, is_sure=is_busy, kinds=self._kinds)
                if not is_busy:
                    self._stop.wait(self._poll_seconds)
            except Exception:
                is_busy = False
                log.exception("the worker could not reach its jobs")
                self._stop.wait(2)

    def _keep_leases(self) -> None:
        while not self._stop.wait(LEASE.total_seconds() / 3) or self._held:
            for claim, until in list(self._held.values()):
                # A job that hangs loses its lease in the end and is tried again elsewhere.
                if utc_now().timestamp() > until:
                    continue
                try:
                    with self._shop.db.session() as session, transaction(session):
                        queue.keep(session, claim, now=utc_now(), lease=LEASE)
                except Exception:
                    log.exception("a lease could not be kept", extra={"job": claim.id})
            if self._stop.is_set():
                self._stop.wait(1)

    def _tick(self) -> None:
        while not self._stop.is_set():
            try:
                with self._shop.db.session() as session, transaction(session):
                    queue.put_due_schedules(session, RECURRING, now=utc_now())
            except Exception:
                log.exception("schedules could not be moved on")
            self._stop.wait(10)


def run_next(
    shop: Shop,
    *,
    held: dict[int, tuple[queue.Claim, float]] | None = None,
    is_sure: bool = False,
    kinds: tuple[str, ...] = (),
) -> bool:
    """Runs the job (of some kinds) that is due for longest; False when none is due. A failure is written to its row.

    Unless there `is_sure` to be one, a cheap read looks first: an idle worker must not take SQLite's write
    lock three times a second.
    """
    held = {} if held is None else held
    if not is_sure and not _is_anything_due(shop, kinds):
        return False
    with shop.db.session() as session, transaction(session):
        claims = queue.claim(session, now=utc_now(), lease=LEASE, kinds=kinds)
    for claim in claims:
        held[claim.id] = claim, (utc_now() + LONGEST_RUN).timestamp()
        try:
            _run(shop, claim)
        finally:
            held.pop(claim.id, None)
    return bool(claims)


def run_until_idle(shop: Shop, *, limit: int = 1000) -> int:
    """Runs due jobs until none is left; the number that ran. For commands and tests."""
    count = 0
    while count < limit and run_next(shop):
        count += 1
    return count


def _is_anything_due(shop: Shop, kinds: tuple[str, ...]) -> bool:
    with shop.db.read_session() as session:
        return queue.has_due(session, now=utc_now(), kinds=kinds)


def _run(shop: Shop, claim: queue.Claim) -> None:
    try:
        if claim.attempt_count > claim.maximum_attempts:
            raise RuntimeError("its worker was lost too often")
        HANDLERS[claim.kind](shop, claim.args)
    except Exception as error:
        is_last = claim.attempt_count >= claim.maximum_attempts
        log.warning("job failed: %s", claim.kind, exc_info=error, extra={"job": claim.id})
        with shop.db.session() as session, transaction(session):
            longest = LONGEST_BACKOFF.get(claim.kind, queue.LONGEST_BACKOFF)
            queue.fail(session, claim, now=utc_now(), error=traceback.format_exc(), longest=longest)
        if is_last and claim.kind in GIVE_UP:
            GIVE_UP[claim.kind](shop, claim.args, f"{type(error).__name__}: {error}")
        return
    with shop.db.session() as session, transaction(session):
        queue.finish(session, claim, now=utc_now())
