"""`make test`: every check in turn, what was left out said aloud, one closing line with the sum."""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chromium import find_chromium
from tests.databases import NoPostgres, postgres_binaries
from tests.nginx import WHAT_TO_INSTALL, find_nginx

ROOT = Path(__file__).resolve().parent.parent
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
SUMMARY = re.compile(r"^=* ?(?:\d+ \w+, )*\d+ \w+ in [\d.:]+s?")


@dataclass
class Result:
    """What one step counted."""

    name: str
    seconds: float
    passed_count: int = 0
    failed_count: int = 0
    skipped_count: int = 0
    left_out: list[str] = field(default_factory=list)


def main() -> int:
    """Runs the steps; 0 if nothing failed and, on CI, nothing was left out for want of a program."""
    parser = argparse.ArgumentParser(prog="python -m tests.suite")
    parser.add_argument("--fast", action="store_true", help="no types, no PostgreSQL, no browser")
    is_fast = parser.parse_args().fast
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    is_ci = os.environ.get("CI", "").lower() in ("1", "true", "yes")

    results = [
        _check("format", "ruff", "format", "--check", "."),
        _check("lint", "ruff", "check", "."),
    ]
    if not is_fast:
        results.append(_check("types", "mypy"))
    results.append(_tests("tests on SQLite", "-m", "not browser and not soak"))
    missing: list[str] = []
    if find_nginx() is None:
        missing.append(f"the tests behind a caching proxy. {WHAT_TO_INSTALL}")
    if not is_fast:
        results += _postgresql(missing)
        results += _browser(missing)
    return _sum_up(results, missing=missing, is_ci=is_ci, is_fast=is_fast)


def _postgresql(missing: list[str]) -> list[Result]:
    if not os.environ.get("TEST_PG_URL"):
        try:
            postgres_binaries()
        except NoPostgres as error:
            missing.append(f"the tests on PostgreSQL. {error}")
            return []
    return [_tests("tests on PostgreSQL", "--db=postgresql", "-m", "not browser and not soak")]


def _browser(missing: list[str]) -> list[Result]:
    if find_chromium() is None:
        missing.append(
            "the browser tests. There is no Chromium here: apt-get install chromium-headless-shell."
        )
        return []
    return [_tests("tests in the browser", "-m", "browser and not soak")]


def _check(name: str, module: str, *arguments: str) -> Result:
    code, _, seconds = _run(name, module, *arguments)
    return Result(name, seconds, passed_count=int(code == 0), failed_count=int(code != 0))


def _tests(name: str, *arguments: str) -> Result:
    code, lines, seconds = _run(name, "pytest", "-q", "-n", "2", "--dist", "worksteal", *arguments)
    counts = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
    summary = next((line for line in reversed(lines) if SUMMARY.match(line)), "")
    for number, word in COUNT.findall(summary):
        counts[word.removesuffix("s") if word.startswith("error") else word] += int(number)
    failed = counts["failed"] + counts["error"]
    # Exit 5 means that there is no such test: a step without tests is not a success on its own.
    if code not in (0, 5) and not failed:
        failed = 1
    left_out = [line for line in lines if line.startswith("SKIPPED")]
    return Result(name, seconds, counts["passed"], failed, counts["skipped"], left_out)


def _run(name: str, module: str, *arguments: str) -> tuple[int, list[str], float]:
    """Runs a module, passes its output on line by line; returns exit code, lines, seconds."""
    print(f"\n── {name} " + "─" * max(1, 70 - len(name)), flush=True)
    started = time.monotonic()
    lines: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_with_kept_bytecode(),
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            print(line, end="", flush=True)
        code = process.wait()
    except BaseException:
        # pytest stops its throw-away PostgreSQL on SIGTERM; it gets the time to do so.
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
    return code, lines, time.monotonic() - started


def _with_kept_bytecode() -> dict[str, str]:
    """The environment of a step: some hundred processes start in it, and each would compile everything anew."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bytecode"), **kept}


def _sum_up(results: list[Result], *, missing: list[str], is_ci: bool, is_fast: bool) -> int:
    passed = sum(result.passed_count for result in results)
    failed = sum(result.failed_count for result in results)
    skipped = sum(result.skipped_count for result in results)

    print("\n── in short " + "─" * 60)
    for result in results:
        verdict = "ok" if not result.failed_count else "FAILED"
        print(f"{result.name:22} {verdict:7} {result.passed_count:5} passed  {result.seconds:6.1f} s")
        for line in result.left_out:
            print(f"  left out: {line.removeprefix('SKIPPED ')}")
    for sentence in missing:
        print(f"LEFT OUT: {sentence}" + (" On CI that is a failure." if is_ci else ""))
    if is_fast:
        print("Left out on purpose: types, PostgreSQL and the browser. `make test` runs them.")
    print("Not part of this run: the long fault runs (`make soak`).")
    if is_ci:
        failed += len(missing)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped before the end")
