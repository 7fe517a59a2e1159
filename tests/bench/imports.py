"""`make bench-imports`: how long real lists take, by wall clock and CPU, how much memory, and how that grows."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from tests.bench.cpu import cpu_ms
from tests.databases import ROOT, Databases, PostgresRun
from tests.processes import process_environment

DATA = ROOT.parent / "shared" / "data"
MOST_SECONDS, MOST_BYTES = 30, 800 * 1024**2
GROWTH_BOUND = 1.35
SERVER: list[int] = []
"""The process of the database server, where the bench started one."""


@dataclass(frozen=True)
class Row:
    """One run of a command. `cpu_s` is the program's own, `server_s` what the database server used meanwhile."""

    scenario: str
    engine: str
    lines: int
    wall_s: float
    cpu_s: float
    server_s: float
    peak_mb: int
    said: str
    is_bounded: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it took less time and memory than the issue allows, by the clock on the wall."""
        is_light = self.peak_mb * 1024**2 <= MOST_BYTES
        return not self.is_bounded or (self.wall_s <= MOST_SECONDS and is_light)


def main() -> None:
    """Runs the bench and prints the table; exit 1 when a bound is not met, 2 when there are no data."""
    parser = argparse.ArgumentParser(prog="make bench-imports", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="where the real data lie")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument(
        "--accounts", type=int, action="append", help="sizes for the growth; default up to a million"
    )
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    if not (wanted.data / "online_retail_ii.parquet").exists():
        print(f"{wanted.data} does not hold the real data: nothing was measured.", file=sys.stderr)
        raise SystemExit(2)
    sizes = wanted.accounts or [250_000, 500_000, 1_000_000]
    with tempfile.TemporaryDirectory(prefix="schlicht-bench-") as name, contextlib.ExitStack() as stack:
        rows = []
        for engine in wanted.engine or ["sqlite", "postgresql"]:
            for row in _run(stack, Path(name), engine, wanted.data, sizes):
                rows.append(row)
                if not wanted.json:
                    _print(row, is_first=len(rows) == 1)
    growths = [
        _growth([row for row in rows if row.engine == engine])
        for engine in dict.fromkeys(r.engine for r in rows)
    ]
    if wanted.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        for engine, growth in zip(dict.fromkeys(row.engine for row in rows), growths, strict=True):
            print(f"{engine}: CPU per account at the largest list over that at the smallest: {growth:.2f}")
    if not all(row.is_met for row in rows) or any(growth > GROWTH_BOUND for growth in growths):
        raise SystemExit(1)


def _run(
    stack: contextlib.ExitStack, folder: Path, engine: str, data: Path, sizes: list[int]
) -> Iterator[Row]:
    run = None
    if engine == "postgresql":
        run = PostgresRun()
        stack.callback(run.stop)
        pid_file = Path(run.folder, "data", "postmaster.pid")
        SERVER[:] = [int(pid_file.read_text().split()[0])] if run.folder else []
    databases = Databases(folder, server=run.server if run else None)
    purchases, companies = data / "online_retail_ii.parquet", _companies(data, folder, 90_000)
    csv = folder / "purchases.csv"
    pl.read_parquet(purchases).write_csv(csv, separator=";")
    made = databases.new()
    for scenario, command, path in (
        ("purchases, parquet", "import-purchases", purchases),
        ("the same again, CSV", "import-purchases", csv),
        ("accounts, CSV", "import-accounts", companies),
        ("the same again", "import-accounts", companies),
        ("all of them changed", "import-accounts", _companies(data, folder, 90_000, city="Neustadt")),
    ):
        yield _measure(scenario, engine, made.url, folder, command, path, is_bounded=True)
    yield _undo(engine, made.url, folder)
    made.drop()
    made = databases.new()
    yield _measure("purchases, CSV", engine, made.url, folder, "import-purchases", csv, is_bounded=True)
    made.drop()
    for size in sizes:
        made = databases.new()
        path = _companies(data, folder, size)
        yield _measure(f"accounts, {size:,}", engine, made.url, folder, "import-accounts", path)
        path.unlink()
        made.drop()


def _companies(data: Path, folder: Path, count: int, city: str = "") -> Path:
    """A list of real companies; beyond 90,000 they come again under other numbers and names."""
    real = pl.read_parquet(data / "companies_de.parquet")
    path = folder / f"accounts-{count}-{city}.csv"
    with path.open("wb") as target:
        for start in range(0, count, real.height):
            part = real.head(min(real.height, count - start))
            suffix = "" if start == 0 else f" {start // real.height}"
            part.select(
                pl.int_range(start + 1, start + part.height + 1).alias("account_number"),
                (pl.col("name") + suffix).alias("company_name"),
                "legal_form",
                pl.col("company_number").str.extract(r"_([A-Za-z]+\d+)").alias("register_number"),
                pl.col("court").alias("register_court"),
                "street",
                pl.col("postcode").alias("postal_code"),
                pl.lit(city).alias("city") if city else pl.col("city"),
                pl.lit("C").alias("segment"),
            ).write_csv(target, separator=";", include_header=start == 0)
    return path


def _measure(
    scenario: str,
    engine: str,
    url: str,
    folder: Path,
    command: str,
    path: Path,
    *,
    is_bounded: bool = False,
) -> Row:
    said, wall, cpu, server, peak = _command(url, folder, command, str(path), "--json")
    counts = {name: said[name] for name in ("new", "changed", "unchanged", "rejected") if said.get(name)}
    words = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return Row(scenario, engine, sum(counts.values()), wall, cpu, server, peak, words, is_bounded)


def _undo(engine: str, url: str, folder: Path) -> Row:
    said, wall, cpu, server, peak = _command(url, folder, "undo-import", "--json")
    return Row(
        "undoing that",
        engine,
        said["restored"],
        wall,
        cpu,
        server,
        peak,
        f"{said['restored']:,} restored",
        True,
    )


def _command(url: str, folder: Path, *words: str) -> tuple[dict[str, int], float, float, float, int]:
    """What a command said, its wall and CPU seconds, the CPU seconds of the server, and its peak memory in MiB."""
    settings = {"SHOP_DATA_FOLDER": str(folder / "data")}
    environment = process_environment(url, base_url="http://127.0.0.1:8000", settings=settings)
    with (folder / "said").open("w+") as said, (folder / "complaint").open("w+") as complaint:
        started, server_ms = time.monotonic(), cpu_ms(SERVER)
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *words], cwd=ROOT, env=environment, stdout=said, stderr=complaint
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaint.seek(0)
            raise RuntimeError(
                f"{' '.join(words)} ended with {process.returncode}: {complaint.read()[-2000:]}"
            )
        said.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        peak = used.ru_maxrss * unit // 1024**2
        return json.load(said), wall, used.ru_utime + used.ru_stime, (cpu_ms(SERVER) - server_ms) / 1000, peak


def _growth(rows: list[Row]) -> float:
    sized = [row for row in rows if not row.is_bounded and row.lines]
    if len(sized) < 2:
        return 1.0
    first, last = (row.cpu_s + row.server_s for row in (sized[0], sized[-1]))
    return (last / sized[-1].lines) / (first / sized[0].lines)


def _print(row: Row, *, is_first: bool) -> None:
    if is_first:
        print(f"{'':<22}{'':<12}{'lines':>10}{'wall s':>9}{'CPU s':>8}{'server':>8}{'MiB':>6}")
    mark = "" if row.is_met else "  MISSED"
    print(
        f"{row.scenario:<22}{row.engine:<12}{row.lines:>10,}{row.wall_s:>9.1f}{row.cpu_s:>8.1f}{row.server_s:>8.1f}{row.peak_mb:>6}"
        f"  {row.said}{mark}",
        flush=True,
    )


if __name__ == "__main__":
    main()
