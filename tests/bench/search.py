"""`python -m tests.bench.search`: what a search costs in long lists, on both engines, and whether they agree."""

import argparse
import contextlib
import gc
import itertools
import json
import random
import re
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert, make_url
from sqlmodel import Session

from app.catalogue.models import Bundle, BundleVersion, Category, Listing
from app.catalogue.queries import listing_cards
from app.catalogue.queries_search import Kept, SearchMemory, search
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.words import index_words
from app.core.db import Database, open_database
from app.core.transaction import transaction
from tests import make
from tests.databases import PostgresDatabase, PostgresRun, migrate

BOUNDS_MS = {20_000: 20.0, 100_000: 40.0}
STEMS = re.findall(
    "[a-z]+",
    "kugel lager rillen dichtung schraube zylinder hydraulik oel getriebe kette riemen keil filter luft pumpe ventil "
    "flansch rohr schlauch bremse kupplung motor brems brett hand schuh reiniger fett schmier spray pinsel buersten "
    "besen boden lappen tuch papier rolle klebe band kabel stecker schalter sicherung lampe leuchte werk zeug bohrer "
    "saege blatt scheibe trenn schleif feile zange hammer meissel kraftstoff",
)
ENGLISH = re.findall(
    "[a-z]+", "bearing seal screw oil filter pump valve hose brush glove cleaner grease drill blade lamp fuse"
)
SHELVES = 12


def main() -> None:
    """Prints one line a measurement; exit 1 where a median misses its bound or the engines disagree."""
    parser = argparse.ArgumentParser(prog="make bench-search", description=__doc__)
    parser.add_argument("--bundles", type=int, nargs="*", default=[20_000, 100_000])
    parser.add_argument("--queries", type=int, default=60, help="of each sort")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    is_good = True
    for count in given.bundles:
        rows = list(_rows(count))
        queries = _queries(rows, count=given.queries)
        answers = {}
        for engine in ("sqlite", "postgresql"):
            with contextlib.ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-search-")))
                database = _opened(engine, folder, stack)
                _fill(database, rows)
                say = _Printer(f"{count:,} {engine}", is_json=given.json)
                answers[engine], median = _measure(database, queries, say)
                bound = BOUNDS_MS.get(count)
                if bound:
                    is_good &= median <= bound
                    say.line("median of all, bound", bound, "ms", "met" if median <= bound else "NOT MET")
        agrees = answers["sqlite"] == answers["postgresql"]
        is_good &= agrees
        _Printer(f"{count:,} both", is_json=given.json).line(
            "queries answered alike", len(answers["sqlite"]), "", "yes" if agrees else "NO"
        )
    sys.exit(0 if is_good else 1)


def _measure(
    database: Database, queries: dict[str, list[str]], say: "_Printer"
) -> tuple[list[tuple[tuple[int, ...], int]], float]:
    memory = SearchMemory()
    # The rows that were made for the filling are no part of a shop: its collector would not walk them.
    gc.collect()
    gc.freeze()
    with database.read_session() as session:
        before_mb = _peak_mb()
        started, worked = time.perf_counter(), time.process_time()
        with _ticking() as stalls:
            kept = memory.current(session)
        say.line("index read and built", time.perf_counter() - started, "s")
        say.line("… CPU of this process", time.process_time() - worked, "s")
        say.line("… longest wait of another thread", 1000 * max(stalls), "ms")
        say.line("… peak memory grew by", _peak_mb() - before_mb, "MB")
        say.line("… words", len(kept.index.vocabulary), "")
        found, walls, works = [], [], []
        for sort, texts in queries.items():
            times = []
            for text in texts:
                started, worked = time.perf_counter(), time.process_time()
                answer = _page(session, memory, text)
                times.append(1000 * (time.perf_counter() - started))
                works.append(1000 * (time.process_time() - worked))
                found.append(answer)
            walls += times
            say.line(f"{sort}: median", statistics.median(times), "ms", f"most {max(times):.1f} ms")
    say.line("median of all", statistics.median(walls), "ms")
    say.line("99th percentile of all", statistics.quantiles(walls, n=100)[98], "ms")
    say.line("… CPU of this process, median", statistics.median(works), "ms")
    return found, statistics.median(walls)


def _page(session: Session, memory: SearchMemory, text: str) -> tuple[tuple[int, ...], int]:
    """What the catalogue page asks for one query: the hits, the facets' counts, the cards."""
    kept: Kept = memory.current(session)
    hits = search(session, text, kept).hits
    listing_cards(session, hits.bundle_ids, language="de")
    return hits.bundle_ids, hits.count


@contextlib.contextmanager
def _ticking() -> Iterator[list[float]]:
    """Seconds by which a thread that wants to run every millisecond was kept waiting."""
    stalls, is_over = [0.0], threading.Event()

    def tick() -> None:
        while not is_over.is_set():
            started = time.perf_counter()
            time.sleep(0.001)
            stalls.append(time.perf_counter() - started - 0.001)

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield stalls
    finally:
        is_over.set()
        thread.join()


def _rows(count: int) -> Iterator[dict[str, Any]]:
    """Listings in their order: some 200,000 different words and numbers where there are 100,000 bundles."""
    rng = random.Random(7)
    words = [*STEMS, *map("".join, itertools.product(STEMS, STEMS))]
    words += map("".join, itertools.product(STEMS[:20], STEMS[20:35], STEMS[35:]))
    kinds = list(Kind)
    for place in range(1, count + 1):
        first, second = rng.choices(words, k=2)
        number = f"{rng.choice(['ET', 'NU', 'DIN', 'WZ'])}-{100_000 + place}"
        name_de, name_en = f"{first.title()} {number} für {second.title()}", f"{rng.choice(ENGLISH)} {number}"
        rest = " ".join([*rng.choices(words, k=16), *rng.choices(ENGLISH, k=6), "Satz set Wartung"])
        yield {
            "bundle_id": place, "bundle_version_id": place, "slug": f"b-{place}", "kind": rng.choice(kinds),
            "name_de": name_de, "name_en": name_en, "price_cents": 4_990, "minimum_quantity": 1, "order_step": 1,
            "main_brand_lead_time_days": 2, "block_count": 3, "position": place, "kind_position": place,
            "sort_key": f"{place:08}", "category_id": 1 + place % SHELVES,
            "search_name": " ".join(index_words(f"{name_de} {name_en}")),
            "search_text": " ".join(index_words(f"{name_de} {name_en} {rest}")),
        }  # fmt: skip


def _queries(rows: list[dict[str, Any]], *, count: int) -> dict[str, list[str]]:
    """Queries of each sort, as people type them."""
    rng = random.Random(11)

    def word() -> str:
        return rng.choice(rng.choice(rows)["search_text"].split()[-20:])

    def mistyped(text: str) -> str:
        place = rng.randrange(1, max(2, len(text) - 2))
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :] if len(text) > 4 else text

    def number() -> str:
        written = rng.choice(rows)["name_en"].split()[-1]
        return rng.choice([written, written.replace("-", ""), written.replace("-", " "), written.lower()])

    sorts = {
        "one word": word,
        "two words": lambda: f"{word()} {word()}",
        "frequent word": lambda: rng.choice([*STEMS, *ENGLISH]),
        "typing error": lambda: mistyped(word()),
        "beginning": lambda: word()[: rng.randint(2, 6)],
        "part number": number,
        "compound apart": lambda: f"{rng.choice(STEMS)} {rng.choice(STEMS)} satz",
        "nothing": lambda: f"{mistyped(mistyped(word()))}x qu{rng.randrange(999)}",
    }
    return {sort: [ask() for _ in range(count)] for sort, ask in sorts.items()}


def _fill(database: Database, rows: list[dict[str, Any]]) -> None:
    shelves = [
        {"slug": f"s-{n}", "name_de": f"Regal {n}", "name_en": f"Shelf {n}", "position": n}
        for n in range(SHELVES)
    ]
    same = {"bundle_id": None, "version_number": 1, "created_at": make.NOW}
    of_version = ("name_de", "name_en", "kind", "price_cents")
    with database.session() as session, transaction(session):
        session.execute(insert(Category), shelves)
        for start in range(0, len(rows), 2_000):
            part = rows[start : start + 2_000]
            session.execute(insert(Bundle), [{"slug": row["slug"], "created_at": make.NOW} for row in part])
            session.execute(
                insert(BundleVersion),
                [
                    same | {"bundle_id": row["bundle_id"]} | {key: row[key] for key in of_version}
                    for row in part
                ],
            )
            session.execute(insert(Listing), part)


def _opened(engine: str, folder: Path, stack: contextlib.ExitStack) -> Database:
    url = f"sqlite:///{folder}/shop.db"
    if engine == "postgresql":
        cluster = PostgresRun()
        stack.callback(cluster.stop)
        PostgresDatabase(cluster.server.url, name="bench_search", template=None).close()
        url = make_url(cluster.server.url).set(database="bench_search").render_as_string(hide_password=False)
    migrate(url)
    database = open_database(url)
    stack.callback(database.close)
    return database


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class _Printer:
    """Prints one line a measurement, as text or JSON."""

    def __init__(self, where: str, *, is_json: bool) -> None:
        self.where, self.is_json = where, is_json

    def line(self, what: str, value: float, unit: str, note: str = "") -> None:
        if self.is_json:
            fields = {"where": self.where, "what": what, "value": value, "unit": unit, "note": note}
            print(json.dumps(fields), flush=True)
        else:
            print(f"{self.where:<22}{what:<36}{value:>10,.2f} {unit:<3} {note}", flush=True)


if __name__ == "__main__":
    main()
