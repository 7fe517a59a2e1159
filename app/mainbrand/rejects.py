"""The list of refused lines: a CSV file that no spreadsheet takes for formulas, and that can be loaded again."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.mainbrand.rules.columns import REJECT_TITLES, plain_title

FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""How a cell begins that a spreadsheet program may run (CWE-1236), or one that was made harmless before."""
DEFUSED = re.compile(r"'+[=+\-@\t\r\n]")


@dataclass(frozen=True)
class Reject:
    """One line that was not taken: where, which column, what stood there, why; `cells` is the line as it came."""

    line: int
    column: str
    value: str
    reason: str
    cells: tuple[str, ...]


def defuse(cell: str) -> str:
    """The cell behind an apostrophe where a spreadsheet program could take it for a formula; see `restore`."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """What `defuse` was given."""
    return cell[1:] if DEFUSED.match(cell) else cell


def is_reject_list(titles: Sequence[str]) -> bool:
    """Whether a file with these headings is a list of refused lines that comes back."""
    return set(REJECT_TITLES) <= {plain_title(title) for title in titles}


class RejectFile:
    """Collects rejected lines in a CSV file, to be corrected and imported again as it is; a context manager.

    The file appears only when it is complete.
    """

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".part")
        self._titles = titles

    def __enter__(self) -> Callable[[Reject], None]:
        self._file = self._partial.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, delimiter=";")
        self._writer.writerow([*map(defuse, self._titles), *REJECT_TITLES])
        return self._write

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)

    def _write(self, reject: Reject) -> None:
        self._writer.writerow([*map(defuse, reject.cells), reject.line, reject.column, reject.reason])
