"""`python -m tests.bench.screening`: applications against a long list, its import, and re-screening all."""

import argparse
import contextlib
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from sqlalchemy import make_url
from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.db import Database, open_database
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.customers.queries_candidates import find_candidates
from app.customers.rules.admission import ScreeningState
from app.customers.rules.comparison import find_matches
from app.customers.rules.matching import Applicant
from app.flows.import_main_brand import import_main_brand
from app.flows.screen_customer import screen_all
from app.mainbrand.files import open_table
from app.mainbrand.rules.columns import ACCOUNT_COLUMNS
from app.mainbrand.rules.keys import email_domain, name_key
from app.mainbrand.rules.phones import phone_key
from app.mainbrand.rules.segments import Segment
from tests import make
from tests.bench.cpu import cpu_ms
from tests.bench.screening.companies import companies
from tests.databases import PostgresDatabase, PostgresRun, migrate

COMPANIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "companies_de.parquet"
WARM_UP = 20
ACTOR = Actor(ActorKind.COMMAND, "bench")


def main() -> None:
    """Wall times are of a machine that may be busy; CPU times beside them count the database server in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=90_000)
    parser.add_argument("--applications", type=int, default=500)
    parser.add_argument("--customers", type=int, default=10_000, help="0: no re-screening")
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--companies", type=Path, default=COMPANIES)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    listed = companies(given.companies, count=given.accounts)
    engines = ("sqlite", "postgresql") if given.engine == "both" else (given.engine,)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-screening-")))
        path = folder / "accounts.parquet"
        listed.write_parquet(path)
        for engine in engines:
            database, pids = _opened(engine, folder, stack)
            _measure(database, path, listed, given, _Printer(engine, pids, is_json=given.json))
            database.close()


def _measure(
    database: Database, path: Path, listed: pl.DataFrame, given: argparse.Namespace, say: "_Printer"
) -> None:
    with database.session() as session:
        say.timed("import", lambda: _import(session, path))
        say.timed("import again, unchanged", lambda: _import(session, path))
    with database.read_session() as session:
        wall, cpu = _applications(session, listed, count=given.applications, pids=say.pids)
    say.line("application, median", statistics.median(wall), cpu, unit="ms")
    say.line("application, p99", statistics.quantiles(wall, n=100)[98], cpu, unit="ms")
    if given.customers:
        with database.session() as session:
            _add_customers(session, listed, count=given.customers)
            # The first time a tenth of them turn out to resemble an account, each a transaction of its own.
            say.timed("screening of all, 1st", lambda: screen_all(session, now=utc_now()))
            say.timed("screening of all, 2nd", lambda: screen_all(session, now=utc_now()))


def _applications(
    session: Session, listed: pl.DataFrame, *, count: int, pids: tuple[int, ...]
) -> tuple[list[float], float]:
    """Wall milliseconds of single applications, of which half resemble an account; mean CPU milliseconds of
    one, the database server's counted in.
    """
    wall: list[float] = []
    before = 0.0
    # The first ones warm the caches that a running shop has.
    for at, row in enumerate(_applicants(listed, count=count + WARM_UP)):
        if at == WARM_UP:
            before = _cpu_seconds(pids)
        applicant = _applicant(row)
        started = time.perf_counter()
        found = find_candidates(session, [applicant])
        find_matches(applicant, found.candidates[0], rarity=found.rarity)
        wall.append(1000 * (time.perf_counter() - started))
    return wall[WARM_UP:], 1000 * (_cpu_seconds(pids) - before) / count


def _applicants(listed: pl.DataFrame, *, count: int, alike: float = 0.5) -> list[dict[str, str]]:
    """Companies of which the share `alike` are accounts; the others have a name of their own and frequent words."""
    rng = random.Random(11)
    rows = listed.sample(count, seed=5).to_dicts()
    others = listed.sample(count, seed=6).to_dicts()
    made = []
    for row, other in zip(rows, others, strict=True):
        if rng.random() >= alike:
            words = row["company_name"].split()
            tail = other["company_name"].split()[1:]
            row = {
                **other,
                "company_name": " ".join([words[0][::-1].capitalize(), *tail]),
                "email": "x@gmx.de",
            }
            row["street"], row["phone"] = f"{rng.randrange(100, 300)} Nebenweg", ""
        made.append(row)
    return made


def _applicant(row: dict[str, str]) -> Applicant:
    domain = email_domain(row["email"])
    return Applicant(
        vat_id=None,
        register_key=None,
        email_domains=frozenset({domain} if domain else ()),
        name_key=name_key(row["company_name"]),
        postal_code=row["postal_code"],
        company_name=row["company_name"],
        street=row["street"],
        city=row["city"],
        phone=phone_key(row["phone"], country="DE"),
    )


def _add_customers(session: Session, listed: pl.DataFrame, *, count: int) -> None:
    with transaction(session):
        for at, row in enumerate(_applicants(listed, count=min(count, listed.height), alike=0.1)):
            customer = Customer(
                number=f"K-{at:06d}",
                company_name=row["company_name"],
                name_key=name_key(row["company_name"]),
                street=row["street"],
                postal_code=row["postal_code"],
                city=row["city"],
                phone=row["phone"],
                screening=ScreeningState.CLEAR,
                segment=Segment.C,
                business_verified_at=make.NOW,
                business_confirmed_at=make.NOW,
                created_at=make.NOW,
            )
            session.add(customer)
            session.flush()
            email = f"p{at}.{row['email']}" if row["email"] else f"p{at}@gmx.de"
            values = {"email": email, "name": f"Kim Probst {at}", "password_hash": "-", "language": "de"}
            session.add(
                Contact(customer_id=customer.id, email_verified_at=make.NOW, created_at=make.NOW, **values)
            )


def _import(session: Session, path: Path) -> None:
    with open_table(path, ACCOUNT_COLUMNS) as table:
        import_main_brand(
            session,
            table,
            on_reject=lambda reject: print("rejected", reject.line, reject.column, reject.reason),
            on_note=lambda _: None,
            on_progress=lambda _: None,
            is_dry_run=False,
            actor=ACTOR,
            now=utc_now(),
        )


def _opened(engine: str, folder: Path, stack: contextlib.ExitStack) -> tuple[Database, tuple[int, ...]]:
    """A migrated database, and the processes that work for it."""
    pids: tuple[int, ...] = ()
    if engine == "sqlite":
        url = f"sqlite:///{folder}/shop.db"
    else:
        cluster = PostgresRun()
        stack.callback(cluster.stop)
        PostgresDatabase(cluster.server.url, name="bench_screening", template=None).close()
        url = (
            make_url(cluster.server.url).set(database="bench_screening").render_as_string(hide_password=False)
        )
        pid_file = Path(cluster.folder, "data", "postmaster.pid")
        pids = (int(pid_file.read_text().split()[0]),) if cluster.folder and pid_file.exists() else ()
    migrate(url)
    return open_database(url), pids


def _cpu_seconds(pids: tuple[int, ...]) -> float:
    return time.process_time() + (cpu_ms(pids) / 1000 if pids else 0.0)


class _Printer:
    """Prints one line a measurement, as text or JSON."""

    def __init__(self, engine: str, pids: tuple[int, ...], *, is_json: bool) -> None:
        self.engine, self.pids, self.is_json = engine, pids, is_json

    def timed(self, what: str, act: Callable[[], object]) -> None:
        started, worked = time.perf_counter(), _cpu_seconds(self.pids)
        act()
        self.line(what, time.perf_counter() - started, _cpu_seconds(self.pids) - worked)

    def line(self, what: str, wall: float, cpu: float, *, unit: str = "s") -> None:
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if self.is_json:
            values = {"wall": wall, "cpu": cpu, "unit": unit, "peak_mb": peak_mb}
            print(json.dumps({"engine": self.engine, "what": what, **values}), flush=True)
            return
        print(
            f"{self.engine:<12}{what:<26}{wall:>10.2f} {unit:<3} CPU {cpu:>8.2f} {unit:<3} peak {peak_mb} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
