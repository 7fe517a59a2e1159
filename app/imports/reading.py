"""Reading a list to its end: good lines go to disk, refused ones to their own file, and everything is counted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from app.imports.block_lines import BlockReader
from app.imports.rules.known_block import KnownBlock
from app.mainbrand.account_lines import AccountReader
from app.mainbrand.files import Batch, TableFile
from app.mainbrand.purchase_lines import LineReader, Terms
from app.mainbrand.rejects import Reject
from app.mainbrand.rules.thresholds import Thresholds


class Lines(Protocol):
    """What takes the good lines, batch after batch."""

    def add(self, frame: pl.DataFrame) -> None:
        """Takes up the rows of one batch."""


@dataclass
class Counts:
    """How many lines were read, refused, and taken without one of their values; the refused ones by reason."""

    read_count: int = 0
    rejected_count: int = 0
    noted_count: int = 0
    sums: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """The reasons for which lines were refused, most frequent first, at most a hundred."""
        most = sorted(self.sums.items(), key=lambda item: -item[1])[:100]
        return [{"column": column, "reason": reason, "count": count} for (column, reason), count in most]


Say = Callable[[Reject], None]
Checked = tuple[pl.DataFrame, list[Reject], list[Reject]]


def read_accounts(
    table: TableFile,
    thresholds: Thresholds,
    lines: Lines,
    *,
    on_reject: Say,
    on_note: Say,
    on_progress: Callable[[int], None],
) -> Counts:
    """Reads companies. Raises Invalid (`file.damaged`) where the file breaks off."""
    reader = AccountReader(table, thresholds)
    return _read(table, reader.read, lines, on_reject=on_reject, on_note=on_note, on_progress=on_progress)


def read_purchases(
    table: TableFile, terms: Terms, lines: Lines, *, on_reject: Say, on_progress: Callable[[int], None]
) -> Counts:
    """Reads purchases. Raises Invalid (`file.damaged`) where the file breaks off."""
    reader = LineReader(table, terms)

    def check(batch: Batch) -> Checked:
        good, rejects = reader.read(batch)
        return good, rejects, []

    return _read(table, check, lines, on_reject=on_reject, on_note=on_reject, on_progress=on_progress)


def read_blocks(
    table: TableFile,
    known: Mapping[str, KnownBlock],
    lines: Lines,
    *,
    on_reject: Say,
    on_note: Say,
    on_progress: Callable[[int], None],
    is_automatic: bool = False,
) -> Counts:
    """Reads blocks; `known` and `is_automatic` as for `BlockReader`.

    Raises Invalid (`file.damaged`) where the file breaks off.
    """
    reader = BlockReader(table, known, is_automatic=is_automatic)
    return _read(table, reader.read, lines, on_reject=on_reject, on_note=on_note, on_progress=on_progress)


def _read(
    table: TableFile,
    check: Callable[[Batch], Checked],
    lines: Lines,
    *,
    on_reject: Say,
    on_note: Say,
    on_progress: Callable[[int], None],
) -> Counts:
    counts = Counts()
    for batch in table.batches:
        good, rejects, notes = check(batch)
        lines.add(good)
        for reject in rejects:
            on_reject(reject)
            key = reject.column, reject.reason
            # Reasons that name a line differ from line to line: their number is bounded, the counts stay right.
            if key in counts.sums or len(counts.sums) < 1_000:
                counts.sums[key] = counts.sums.get(key, 0) + 1
        for note in notes:
            on_note(note)
        counts.rejected_count += len(rejects)
        counts.noted_count += len(notes)
        counts.read_count += good.height + len(rejects)
        on_progress(counts.read_count)
    return counts
