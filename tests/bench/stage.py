"""What is on stage during a bench: a filled database, server processes, signed-in visitors."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from app.core.clock import utc_now
from app.core.db import Database, open_database
from app.core.security import sign
from app.mainbrand.rules.segments import Segment
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests import make
from tests.bench.cpu import cpu_ms
from tests.databases import ROOT, free_port
from tests.processes import ShopProcess, WorkerProcess, run_shop

SECRET = "bench-" * 8
BUYERS = 60


@dataclass
class Stage:
    """One shop under load with the processes whose CPU counts."""

    name: str
    shop: ShopProcess
    worker: WorkerProcess | None
    standin: StandinProcess | None
    database: Database
    database_pids: tuple[int, ...]
    folder: Path
    settings: dict[str, str]

    @property
    def port(self) -> int:
        return self.shop.port

    @property
    def pids(self) -> list[int]:
        """Application, worker and database processes; the stand-in and the load are not ours to pay."""
        return [self.shop.pid, *([self.worker.pid] if self.worker else []), *self.database_pids]

    def visitor(self, *, segment: Segment = Segment.C) -> "SignedIn":
        """A fresh company of a segment with a person who is signed in."""
        with self.database.session() as session:
            contact = make.contact(session, of=make.customer(session, segment=segment))
            customer_id = contact.customer_id
            return SignedIn(customer_id, make.signed_in(session, as_=contact, now=utc_now()))

    def send_mails(self) -> float:
        """CPU milliseconds of one e-mail, measured by sending all that wait; with a worker of their own."""
        waiting = "SELECT count(*) FROM jobs WHERE kind = 'send_mail' AND state <> 'done'"
        count = self._count(waiting)
        log = self.folder / f"{self.name}-mails.log"
        with WorkerProcess(
            self.database.url, base_url=self.shop.url, log=log, settings=self.settings, kinds=["send_mail"]
        ) as worker:
            while self._count(waiting) > count * 0.9:
                time.sleep(0.02)
            warm, first = self._count(waiting), cpu_ms([worker.pid, *self.database_pids])
            give_up_at = time.monotonic() + 120
            while self._count(waiting):
                if time.monotonic() > give_up_at:
                    raise RuntimeError(f"{self.name}: the e-mails were not sent in time")
                time.sleep(0.05)
            return (cpu_ms([worker.pid, *self.database_pids]) - first) / max(warm, 1)

    def _count(self, query: str) -> int:
        with self.database.read_session() as session:
            found: int = session.execute(text(query)).scalar_one()
            return found

    def simple_bundle(self) -> int:
        """The id of a listed bundle that may be ordered one by one."""
        query = "SELECT bundle_id FROM listings WHERE minimum_quantity = 1 AND order_step = 1 ORDER BY position LIMIT 1"
        with self.database.read_session() as session:
            found: int = session.execute(text(query)).scalar_one()
            return found


@dataclass(frozen=True)
class SignedIn:
    """A visitor's cookie and form token."""

    customer_id: int
    token: str

    @property
    def cookie(self) -> str:
        return f"schlicht={self.token}"

    @property
    def csrf(self) -> str:
        return sign(SECRET, purpose="csrf", value=self.token)


def fill(database_url: str, *, bundle_count: int) -> None:
    """Migrates a database and fills it with a company of that many bundles. Raises RuntimeError with the reason."""
    for arguments in (["migrate"], ["demo", "--bundles", str(bundle_count)]):
        done = run_shop(
            *arguments, database_url=database_url, settings={"SHOP_SECRET_KEY": SECRET}, within_seconds=600
        )
        if done.returncode:
            raise RuntimeError(f"shop {' '.join(arguments)}: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def shop_on(
    database_url: str,
    *,
    name: str,
    folder: Path,
    database_pids: tuple[int, ...] = (),
    has_worker: bool = False,
) -> Iterator[Stage]:
    """A serving shop; with a worker also the stand-in that it is paid through, webhooks included."""
    settings = {"SHOP_SECRET_KEY": SECRET, "SHOP_SMTP_URL": f"file://{folder / 'mail'}", "SHOP_LOG": "json"}
    with contextlib.ExitStack() as stack:
        standin = None
        if has_worker:
            standin = stack.enter_context(StandinProcess())
            settings |= {
                "SHOP_STRIPE_API_BASE": standin.url,
                "SHOP_STRIPE_API_KEY": API_KEY,
                "SHOP_STRIPE_WEBHOOK_SECRET": DEFAULT_SECRET,
            }
        shop = stack.enter_context(ShopProcess(database_url, log=folder / f"{name}.log", settings=settings))
        worker = None
        if standin is not None:
            standin.set_webhook(f"{shop.url}/hooks/stripe", DEFAULT_SECRET)
            log = folder / f"{name}-worker.log"
            worker = stack.enter_context(
                WorkerProcess(
                    database_url, base_url=shop.url, log=log, settings=settings, kinds=["settle_payment"]
                )
            )
        database = open_database(database_url)
        stack.callback(database.close)
        yield Stage(name, shop, worker, standin, database, database_pids, folder, settings)


@contextlib.contextmanager
def bare_server(body: bytes) -> Iterator[tuple[int, int]]:
    """The yardstick server with these bytes: its port and pid."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "tests.bench.bare:create_app",
            "--factory",
            "--port",
            str(port),
        ]
        process = subprocess.Popen(
            [*command, "--log-level", "error", "--no-access-log"],
            cwd=ROOT,
            env={**os.environ, "BENCH_BODY": file.name},
        )
        try:
            _wait(port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
            return
        time.sleep(0.05)
    raise RuntimeError("the bare server did not start")
