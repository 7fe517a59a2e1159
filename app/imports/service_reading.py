"""What has to be told to the reading process about an import, and what it left behind in its folder."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from app.imports.child import Message, read_list
from app.imports.models import Import
from app.imports.rules.states import ImportKind
from app.imports.service_blocks import known_blocks
from app.imports.spool import Spool
from app.imports.task import ReadTask
from app.mainbrand.purchase_lines import end_of_tomorrow
from app.mainbrand.queries_basis import thresholds_in_force
from app.policy.queries import current_policy

REJECTS = "rejects.csv"
Reader = Callable[[ReadTask, Path, Callable[[Message], bool]], Message]
"""Has a file read into a folder: task, folder, listener (see `app.imports.child.read_list`)."""


def read_into(task: ReadTask, folder: Path, listen: Callable[[Message], bool]) -> Message:
    """Has a file read by a process of its own. Raises Invalid or Stopped."""
    return read_list(dataclasses.replace(task, folder=str(folder)), on_message=listen)


def task_of(session: Session, entry: Import, spool: Spool, *, timezone: str, now: datetime) -> ReadTask:
    """Everything that the reading process must know, since it asks nobody."""
    assert entry.token is not None
    return ReadTask(
        path=str(spool.list_path(entry.token)),
        file_name=entry.file_name,
        kind=entry.kind,
        mapping=entry.mapping,
        number_style=entry.number_style,
        date_style=entry.date_style,
        currency=entry.currency,
        timezone=timezone,
        latest_year=now.year + 1,
        before_at=end_of_tomorrow(now, timezone).isoformat(),
        thresholds=thresholds_in_force(session, current_policy(session)),
        is_automatic=entry.is_automatic,
        known_blocks=known_blocks(session) if entry.kind is ImportKind.BLOCKS else {},
    )


def frames_of(folder: Path) -> Iterator[pl.DataFrame]:
    """The good lines, batch after batch, in the order of the file."""
    for path in sorted(folder.glob("*.arrow")):
        yield pl.read_ipc(path)


def take_rejects(spool: Spool, token: str, folder: Path) -> None:
    """Moves the list of refused lines to where it can be downloaded."""
    (folder / REJECTS).replace(spool.rejects_path(token))
