"""`python -m tests.mutants`: takes one guard of the gate away at a time and demands that the suite notices."""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from tests.databases import NoPostgres, postgres_binaries
from tests.mutants.trial import Mutant, Trial, attempt, copied_tree, read_mutants, run_tests
from tests.web.test_gate_walk import MISTAKES, opened_by_mistake

WALK = "tests/web/test_gate_walk.py"
OPENED = f"{WALK}::test_the_walk_finds_every_single_route_that_is_opened_by_mistake"
PROCESSES = 2

Given = TypeVar("Given")
Answer = TypeVar("Answer")


def main() -> int:
    """Prints `N of N` and comes back with 0 only if every mutant was killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--only", default="", help="only the mutants whose name holds this text")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    given = parser.parse_args()
    mutants = [mutant for mutant in read_mutants() if given.only in mutant.name]
    if given.list:
        print("\n".join(mutant.name for mutant in mutants))
        return 0

    started = time.monotonic()
    mutants, left_out = _possible(mutants)
    route_count = sum(len(opened_by_mistake(mistake)) for mistake in MISTAKES) if not given.only else 0
    with copied_tree() as first, copied_tree() as second:
        trees: SimpleQueue[Path] = SimpleQueue()
        for tree in (first, second):
            trees.put(tree)
        with ThreadPoolExecutor(PROCESSES) as pool:
            healthy = pool.submit(_in_turn, trees, _healthy, mutants)
            routes = pool.submit(_in_turn, trees, _routes, route_count)
            sick, is_open = healthy.result(), routes.result()
            trials = list(pool.map(lambda mutant: _in_turn(trees, _try, mutant), mutants))
    return _sum_up(
        trials, sick=sick, is_open=is_open, route_count=route_count, left_out=left_out, started=started
    )


def _possible(mutants: list[Mutant]) -> tuple[list[Mutant], list[Mutant]]:
    """Those that can be tried here, and those that would need PostgreSQL where there is none."""
    try:
        postgres_binaries()
    except NoPostgres:
        return (
            [one for one in mutants if one.engine == "sqlite"],
            [one for one in mutants if one.engine != "sqlite"],
        )
    return mutants, []


def _in_turn(trees: "SimpleQueue[Path]", work: Callable[[Given, Path], Answer], given: Given) -> Answer:
    """Does a piece of work in whichever copy is free."""
    tree = trees.get()
    try:
        return work(given, tree)
    finally:
        trees.put(tree)


def _healthy(mutants: Iterable[Mutant], tree: Path) -> str:
    """What fails without any mutant: a test that fails anyway kills nothing."""
    for engine in ("sqlite", "postgresql"):
        tests = tuple(sorted({test for one in mutants if one.engine == engine for test in one.tests}))
        if tests:
            code, said = run_tests(tree, tests, engine=engine)
            if code:
                return said
    return ""


def _routes(count: int, tree: Path) -> str:
    """What the walk did not find of the routes that are opened by mistake, all in one process."""
    code, said = run_tests(tree, (OPENED,), engine="sqlite") if count else (0, "")
    return said if code else ""


def _try(mutant: Mutant, tree: Path) -> Trial:
    trial = attempt(mutant, tree)
    print(f"{trial.outcome:9} {mutant.name}", flush=True)
    return trial


def _sum_up(
    trials: list[Trial],
    *,
    sick: str,
    is_open: str,
    route_count: int,
    left_out: list[Mutant],
    started: float,
) -> int:
    if sick:
        print(f"The tests fail without any mutant:\n{sick}")
    if is_open:
        print(f"The walk did not find every opened route:\n{is_open}")
    for trial in trials:
        if trial.outcome != "killed":
            print(f"\n── {trial.outcome}: {trial.mutant.name} ({trial.mutant.file})\n{trial.said[-1500:]}")
    for mutant in left_out:
        print(f"LEFT OUT for want of PostgreSQL: {mutant.name}")
    killed = sum(trial.outcome == "killed" for trial in trials) + (0 if is_open else route_count)
    total = len(trials) + route_count
    print(f"{route_count} routes opened by mistake, {len(trials)} guards taken out of code and templates:")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, cpu_seconds = time.monotonic() - started, used.ru_utime + used.ru_stime
    print(f"{killed} of {total} mutants killed in {seconds:.0f} s ({cpu_seconds:.0f} s of CPU)", flush=True)
    return 0 if killed == total and not sick and not left_out else 1


if __name__ == "__main__":
    sys.exit(main())
