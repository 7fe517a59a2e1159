"""`make bench`: the shop against a bare server in one run, as ratios and CPU milliseconds."""

import argparse
import contextlib
import itertools
import json
import statistics
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import make_url, text

from app.mainbrand.rules.segments import Segment
from tests.bench.cpu import cpu_ms
from tests.bench.invoices import WANTED_PER_MINUTE, issue_invoices
from tests.bench.load import Measured, get, measure, post
from tests.bench.orders import place_and_settle
from tests.bench.stage import Stage, bare_server, fill, shop_on
from tests.databases import PostgresDatabase, PostgresRun, PostgresServer

WORDS = (
    "dichtung",
    "filter",
    "ol",
    "reiniger",
    "kugellager",
    "band",
    "schmier",
    "satz",
    "seal",
    "set",
    "oil",
)


@dataclass(frozen=True)
class Row:
    """One line of the outcome. `ratio` is the shop's answers a second over the bare server's in the same rounds."""

    scenario: str
    engine: str
    per_second: float
    ratio: float | None
    cpu_ms: float
    bound: str = ""
    is_met: bool | None = None


BOUNDS: dict[tuple[str, str], tuple[float | None, float | None]] = {
    ("catalogue page", "sqlite"): (0.20, 2.5),
    ("catalogue page", "postgresql"): (0.15, 2.5),
    ("refused request", "sqlite"): (0.25, None),
    ("refused request", "postgresql"): (0.18, None),
    ("place order + settle", "sqlite"): (None, 40),
    ("place order + settle", "postgresql"): (None, 40),
}
"""Least ratio and greatest CPU milliseconds that the issue asks for."""
GROWTH_BOUND = 1.20


def main() -> None:
    """Runs the bench and prints the table; exit 1 when a bound is not met."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--bundles", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="per scenario, engine and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--orders", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="schlicht-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        rows = list(_run(stack, folder, wanted))
    if wanted.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        _print(rows)
    sys.exit(0 if all(row.is_met is not False for row in rows) else 1)


def _run(stack: contextlib.ExitStack, folder: Path, wanted: argparse.Namespace) -> Iterator[Row]:
    cluster = PostgresRun()
    stack.callback(cluster.stop)
    postgres_pids = _postmaster(cluster)
    stages, small = [], []
    for engine in ("sqlite", "postgresql"):
        pids = postgres_pids if engine == "postgresql" else ()
        for size, into in ((wanted.bundles, stages), (200, small)):
            _say(f"filling {engine} with {size} bundles")
            url = _database(engine, f"bench_{size}", folder=folder, server=cluster.server, is_new=True)
            fill(url, bundle_count=size)
            into.append(
                stack.enter_context(
                    shop_on(url, name=f"{engine}-{size}", folder=folder, database_pids=pids, has_worker=False)
                )
            )
    for scenario, status, make_requests in SCENARIOS:
        yield from _against_bare(scenario, status, make_requests, stages, wanted)
    yield from _growth(stages, small, wanted)
    for stage in [*stages, *small]:
        stage.shop.stop()
    for engine in ("sqlite", "postgresql"):
        _say(f"placing orders on {engine}")
        url = _database(engine, "bench_200", folder=folder, server=cluster.server)
        pids = postgres_pids if engine == "postgresql" else ()
        with shop_on(
            url, name=f"{engine}-orders", folder=folder, database_pids=pids, has_worker=True
        ) as stage:
            place_and_settle(stage, count=5)
            cost = place_and_settle(stage, count=wanted.orders)
            invoices = issue_invoices(stage)
            mail_ms = stage.send_mails()
        yield _row("place order + settle", engine, cost.per_second, None, cost.cpu_ms)
        yield _row("one e-mail (an order has two)", engine, 0, None, mail_ms)
        bound, is_met = f"≥ {WANTED_PER_MINUTE} a minute", invoices.per_second * 60 >= WANTED_PER_MINUTE
        yield Row("invoices by the worker", engine, invoices.per_second, None, invoices.cpu_ms, bound, is_met)


def _against_bare(
    scenario: str,
    status: int,
    make_requests: Callable[[Stage], list[bytes]],
    stages: Sequence[Stage],
    wanted: argparse.Namespace,
) -> Iterator[Row]:
    _say(scenario)
    requests = {stage.name: make_requests(stage) for stage in stages}
    probe = measure(stages[0].port, requests[stages[0].name], seconds=0.3, status=status, connections=1)
    with bare_server(b"x" * max(probe.body_bytes, 1)) as (bare_port, _):
        bare: list[float] = []
        found: dict[str, list[tuple[Measured, float]]] = {stage.name: [] for stage in stages}
        for _round in range(wanted.rounds):
            bare.append(measure(bare_port, [get(bare_port, "/")], seconds=wanted.seconds).per_second)
            for stage in stages:
                before = cpu_ms(stage.pids)
                got = measure(stage.port, requests[stage.name], seconds=wanted.seconds, status=status)
                found[stage.name].append((got, (cpu_ms(stage.pids) - before) / got.request_count))
                if got.wrong_count:
                    raise RuntimeError(
                        f"{scenario} on {stage.name}: {got.wrong_count} answers were not {status}: {got.first_wrong!r}"
                    )
    yard = statistics.median(bare)
    for stage in stages:
        speed = statistics.median(got.per_second for got, _ in found[stage.name])
        cpu = statistics.median(cost for _, cost in found[stage.name])
        yield _row(scenario, _engine(stage), speed, speed / yard, cpu)


def _growth(stages: Sequence[Stage], small: Sequence[Stage], wanted: argparse.Namespace) -> Iterator[Row]:
    """CPU of the catalogue page with many bundles over that with 200: every page and kind in turn, cold and warm."""
    _say("growth of the catalogue page")
    for big, little in zip(stages, small, strict=True):
        costs: dict[str, list[float]] = {big.name: [], little.name: []}
        requests = {stage.name: _catalogue(stage) for stage in (big, little)}
        for _round in range(wanted.rounds * 2):
            for stage in (little, big):
                before = cpu_ms(stage.pids)
                got = measure(stage.port, requests[stage.name], seconds=wanted.seconds)
                costs[stage.name].append((cpu_ms(stage.pids) - before) / got.request_count)
        cost, base = (statistics.median(costs[stage.name]) for stage in (big, little))
        growth = cost / base
        yield Row(
            f"catalogue page, {wanted.bundles} over 200 bundles",
            _engine(big),
            0,
            growth,
            cost,
            f"≤ {GROWTH_BOUND:.2f}",
            growth <= GROWTH_BOUND,
        )


def _catalogue(stage: Stage) -> list[bytes]:
    return [get(stage.port, "/catalogue", cookie=stage.visitor().cookie) for _ in range(8)]


def _bundle(stage: Stage) -> list[bytes]:
    slugs = _slugs(stage, 50)
    cookie = stage.visitor().cookie
    return [get(stage.port, f"/bundles/{slug}", cookie=cookie) for slug in slugs]


def _search(stage: Stage) -> list[bytes]:
    cookie = stage.visitor().cookie
    pairs = itertools.permutations(WORDS, 2)
    queries = [*WORDS, *(" ".join(pair) for pair in pairs)]
    return [
        get(stage.port, f"/catalogue?{urllib.parse.urlencode({'q': query})}", cookie=cookie)
        for query in queries
    ]


def _refused(stage: Stage) -> list[bytes]:
    cookies = [stage.visitor(segment=segment).cookie for segment in (Segment.A, Segment.B)]
    return [get(stage.port, "/catalogue", cookie=cookie) for cookie in cookies]


def _add_to_cart(stage: Stage) -> list[bytes]:
    bundle_id = stage.simple_bundle()
    requests = []
    for buyer in [stage.visitor() for _ in range(20)]:
        body = urllib.parse.urlencode({"bundle_id": bundle_id, "quantity": 1, "csrf": buyer.csrf})
        requests.append(post(stage.port, "/cart/lines", body, cookie=buyer.cookie))
    return requests


def _slugs(stage: Stage, count: int) -> list[str]:
    with stage.database.read_session() as session:
        found = session.execute(text("SELECT slug FROM listings ORDER BY position LIMIT :n"), {"n": count})
        return [row[0] for row in found]


SCENARIOS = (
    ("catalogue page", 200, _catalogue),
    ("bundle page", 200, _bundle),
    ("search", 200, _search),
    ("refused request", 403, _refused),
    ("add to cart", 303, _add_to_cart),
)


def _database(engine: str, name: str, *, folder: Path, server: PostgresServer, is_new: bool = False) -> str:
    if engine == "sqlite":
        return f"sqlite:///{folder / name}.db"
    if is_new:
        PostgresDatabase(server.url, name=name, template=None).close()
    return make_url(server.url).set(database=name).render_as_string(hide_password=False)


def _postmaster(cluster: PostgresRun) -> tuple[int, ...]:
    file = Path(cluster.folder, "data", "postmaster.pid")
    return (int(file.read_text().split()[0]),) if cluster.folder and file.exists() else ()


def _engine(stage: Stage) -> str:
    return stage.name.partition("-")[0]


def _row(scenario: str, engine: str, per_second: float, ratio: float | None, cpu: float) -> Row:
    least, most = BOUNDS.get((scenario, engine), (None, None))
    bounds = [f"≥ {least:.0%}"] if least else []
    bounds += [f"≤ {most} ms"] if most else []
    is_met = None
    if bounds:
        is_met = (least is None or (ratio or 0) >= least) and (most is None or cpu <= most)
    return Row(scenario, engine, per_second, ratio, cpu, ", ".join(bounds), is_met)


def _print(rows: Sequence[Row]) -> None:
    print(f"\n{'':42}{'':12}{'per second':>12}{'of bare':>10}{'CPU ms':>9}   bound")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.0%}"
        speed = f"{row.per_second:,.0f}" if row.per_second >= 50 else f"{row.per_second:,.1f}"
        verdict = "" if row.is_met is None else ("met" if row.is_met else "NOT MET")
        print(
            f"{row.scenario:42}{row.engine:12}{speed:>12}{ratio:>10}{row.cpu_ms:9.2f}   {row.bound} {verdict}"
        )


def _say(what: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
