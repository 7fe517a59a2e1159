"""The process that opens a file from outside: no database, no secret, bounded memory; it answers in lines of JSON."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from app.core.errors import Invalid
from app.imports.preview import SHOWN_COUNT, Preview
from app.imports.reading import Counts, read_accounts, read_blocks, read_purchases
from app.imports.rules.mapping import COLUMNS
from app.imports.rules.states import ImportKind
from app.imports.task import ReadTask
from app.mainbrand.files import Batch, Notation, TableFile, open_table, read_head
from app.mainbrand.purchase_lines import Terms
from app.mainbrand.rejects import RejectFile
from app.mainbrand.rules.thresholds import Thresholds

MOST_PROCESSOR_SECONDS = 1_800
LONGEST_SAMPLE_CELL = 200
REJECTS = "rejects.csv"


def main() -> None:
    """Reads the task from standard input, does it, and says what it found."""
    task = ReadTask.from_text(sys.stdin.readline())
    _limit_processor()
    try:
        if task.is_head_only:
            _say_head(task)
        else:
            _read(task)
    except Invalid as error:
        _say("invalid", {"code": error.code, "message": error.message, "values": error.values})


def _say_head(task: ReadTask) -> None:
    head = read_head(Path(task.path), shown_as=task.file_name, row_count=SHOWN_COUNT)
    cut = [[cell[:LONGEST_SAMPLE_CELL] for cell in row] for row in head.rows]
    _say("head", {"titles": list(head.titles), "rows": cut})


def _read(task: ReadTask) -> None:
    folder = Path(task.folder)
    kind = ImportKind(task.kind)
    notation = Notation(task.number_style, task.date_style)
    with open_table(
        Path(task.path), COLUMNS[kind], mapping=task.mapping, notation=notation, shown_as=task.file_name
    ) as opened:
        table = dataclasses.replace(
            opened,
            batches=_previewed(
                opened,
                Preview(
                    kind,
                    opened,
                    _thresholds(task),
                    _terms(task),
                    task.known_blocks,
                    is_automatic=task.is_automatic,
                ),
            ),
        )
        with RejectFile(folder / REJECTS, table.titles) as reject:
            counts = _counted(task, table, Batches(folder), reject)
    _say(
        "done",
        {
            "read_count": counts.read_count,
            "rejected_count": counts.rejected_count,
            "noted_count": counts.noted_count,
            "reasons": counts.reasons,
        },
    )


def _counted(task: ReadTask, table: TableFile, lines: "Batches", reject: Any) -> Counts:
    def progress(count: int) -> None:
        _say("progress", {"read_count": count})

    kind = ImportKind(task.kind)
    if kind is ImportKind.ACCOUNTS:
        return read_accounts(
            table,
            _thresholds(task),
            lines,
            on_reject=reject,
            on_note=lambda _: None,
            on_progress=progress,
        )
    if kind is ImportKind.PURCHASES:
        return read_purchases(table, _terms(task), lines, on_reject=reject, on_progress=progress)
    return read_blocks(
        table,
        task.known_blocks,
        lines,
        on_reject=reject,
        on_note=lambda _: None,
        on_progress=progress,
        is_automatic=task.is_automatic,
    )


def _thresholds(task: ReadTask) -> Thresholds:
    if task.thresholds is None:
        raise ValueError("the task names no thresholds")
    return task.thresholds


def _terms(task: ReadTask) -> Terms:
    before_at = datetime.fromisoformat(task.before_at) if task.before_at else None
    return Terms(task.currency, task.timezone, task.latest_year, before_at)


def _previewed(table: TableFile, preview: Preview) -> Iterator[Batch]:
    """The batches as they come; the first one is shown before it is read."""
    first = next(table.batches, None)
    if first is None:
        _say("preview", {"lines": []})
        return
    _say("preview", {"lines": preview.of(first)})
    yield from chain([first], table.batches)


class Batches:
    """Good lines as numbered files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def add(self, frame: pl.DataFrame) -> None:
        frame.write_ipc(self._folder / f"{self._count:06}.arrow")
        self._count += 1


def _say(kind: str, content: dict[str, Any]) -> None:
    print(json.dumps({"kind": kind, **content}, default=str), flush=True)


def _limit_processor() -> None:
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_PROCESSOR_SECONDS, MOST_PROCESSOR_SECONDS))


if __name__ == "__main__":
    main()
