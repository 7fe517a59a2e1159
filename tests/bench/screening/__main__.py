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
from tests.bench.screening.companies import companies
from tests.databases import PostgresDatabase, PostgresRun, migrate

COMPANIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "companies_de.parquet"
ACTOR = Actor(ActorKind.COMMAND, "bench")


def main() -> None:
    """Prints one line a measurement, or JSON; times are of this machine, CPU times beside them."""
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
            database = _opened(engine, folder, stack)
            _measure(database, path, listed, given, engine)
            database.close()


def _measure(
    database: Database, path: Path, listed: pl.DataFrame, given: argparse.Namespace, engine: str
) -> None:
    say = _printer(engine, is_json=given.json)
    with database.session() as session:
        say("import", _timed(lambda: _import(session, path)), peak_mb=_peak_mb())
        say("import again, unchanged", _timed(lambda: _import(session, path)))
    with database.read_session() as session:
        wall, cpu = _applications(session, listed, count=given.applications)
    percentiles = statistics.quantiles(wall, n=100)
    say("application, median", (statistics.median(wall), statistics.median(cpu)), unit="ms")
    say("application, p99", (percentiles[98], statistics.quantiles(cpu, n=100)[98]), unit="ms")
    if given.customers:
        with database.session() as session:
            _add_customers(session, listed, count=given.customers)
            # The first time a tenth of them turn out to resemble an account, each a transaction of its own.
            say("screening of all, 1st", _timed(lambda: screen_all(session, now=utc_now())))
            say(
                "screening of all, 2nd",
                _timed(lambda: screen_all(session, now=utc_now())),
                peak_mb=_peak_mb(),
            )


def _applications(session: Session, listed: pl.DataFrame, *, count: int) -> tuple[list[float], list[float]]:
    """Wall and CPU milliseconds of single applications: half resemble an account, half nobody."""
    wall, cpu = [], []
    for row in _applicants(listed, count=count + 20):
        applicant = _applicant(row)
        started, worked = time.perf_counter(), time.process_time()
        found = find_candidates(session, [applicant])
        find_matches(applicant, found.candidates[0], rarity=found.rarity)
        wall.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - worked))
    # The first ones warm the caches that a running shop has.
    return wall[20:], cpu[20:]


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


def _opened(engine: str, folder: Path, stack: contextlib.ExitStack) -> Database:
    if engine == "sqlite":
        url = f"sqlite:///{folder}/shop.db"
    else:
        cluster = PostgresRun()
        stack.callback(cluster.stop)
        PostgresDatabase(cluster.server.url, name="bench_screening", template=None).close()
        url = (
            make_url(cluster.server.url).set(database="bench_screening").render_as_string(hide_password=False)
        )
    migrate(url)
    return open_database(url)


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    started, worked = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - started, time.process_time() - worked


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _printer(engine: str, *, is_json: bool) -> Callable[..., None]:
    def say(what: str, took: tuple[float, float], *, unit: str = "s", peak_mb: int | None = None) -> None:
        wall, cpu = took
        if is_json:
            line = {
                "engine": engine,
                "what": what,
                "wall": wall,
                "cpu": cpu,
                "unit": unit,
                "peak_mb": peak_mb,
            }
            print(json.dumps(line), flush=True)
            return
        peak = f"  peak {peak_mb} MB" if peak_mb else ""
        print(f"{engine:<12}{what:<28}{wall:>10.2f} {unit:<3} CPU {cpu:>8.2f} {unit}{peak}", flush=True)

    return say


if __name__ == "__main__":
    main()
