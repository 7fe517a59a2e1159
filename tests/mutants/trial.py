"""Trying a mutant: its file is changed in a copy of the tree, its tests run there, and one of them must fail."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("app", "dev", "migrations", "static", "templates", "tests")
COPIED_FILES = ("alembic.ini", "pyproject.toml", "babel.cfg")
LONGEST_S = 300


@dataclass(frozen=True)
class Mutant:
    """`old` stands exactly once in the file and becomes `new`; then one of `tests` must fail on `engine`."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    engine: str = "sqlite"

    def applied(self, text: str) -> str:
        """The file's text with the guard taken away. Raises ValueError where the guard is not found once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Trial:
    """What came of a mutant: `killed` by its tests, `survived` them, or `failed` to be tried at all."""

    mutant: Mutant
    outcome: str
    said: str


def read_mutants() -> list[Mutant]:
    """All mutants of code and templates, in the order of the file."""
    with (Path(__file__).parent / "mutants.toml").open("rb") as file:
        rows = tomllib.load(file)["mutant"]
    return [Mutant(**{**row, "tests": tuple(row["tests"])}) for row in rows]


@contextmanager
def copied_tree() -> Iterator[Path]:
    """A copy of what runs and of its tests, gone afterwards; the work tree itself is never changed."""
    folder = Path(tempfile.mkdtemp(prefix="schlicht-mutants-"))
    try:
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name)
        for name in COPIED_FILES:
            shutil.copy2(ROOT / name, folder / name)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_tests(tree: Path, tests: tuple[str, ...], *, engine: str) -> tuple[int, str]:
    """The exit code of pytest in a tree, and the end of what it said."""
    outside = {
        name: value for name, value in os.environ.items() if not name.startswith(("SHOP_", "PYTEST_XDIST"))
    }
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"),
            *(f"--db={engine}", "--no-header", *tests),
        ],
        cwd=tree,
        env={**outside, "PYTHONPATH": str(tree)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=LONGEST_S,
        check=False,
    )
    return done.returncode, done.stdout[-3000:]


def attempt(mutant: Mutant, tree: Path) -> Trial:
    """Takes the guard away in a copied tree, runs the tests that must notice, and puts the guard back."""
    path = tree / mutant.file
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text(mutant.applied(original), encoding="utf-8")
    except ValueError as error:
        return Trial(mutant, "failed", str(error))
    _forget_compiled(path)
    try:
        code, said = run_tests(tree, mutant.tests, engine=mutant.engine)
    except subprocess.TimeoutExpired:
        # A test that hangs because its guard is gone has noticed, but a suite that hangs helps nobody.
        return Trial(mutant, "failed", f"its tests took longer than {LONGEST_S} s")
    finally:
        path.write_text(original, encoding="utf-8")
        _forget_compiled(path)
    # 1 means that a test failed; anything else above it that no test could run.
    return Trial(mutant, {0: "survived", 1: "killed"}.get(code, "failed"), said)


def _forget_compiled(path: Path) -> None:
    """Two texts of one length within one second would look the same to Python's cache."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink(missing_ok=True)
