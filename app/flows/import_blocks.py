"""Taking in a list of blocks: the whole file or nothing, and a second time changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from app.audit.service import Actor
from app.core.transaction import transaction
from app.imports.reading import read_blocks
from app.imports.rules.states import ImportKind, ImportState
from app.imports.service import add_import
from app.imports.service_blocks import known_blocks
from app.imports.service_writing import count_list, write_list
from app.mainbrand.files import TableFile
from app.mainbrand.rejects import Reject
from app.mainbrand.staging import Spill
from app.ordering.queries_stock import needs_of_open_orders


@dataclass(frozen=True)
class ImportedBlocks:
    """What became of the lines of a list."""

    new_count: int
    changed_count: int
    unchanged_count: int
    rejected_count: int


def import_blocks(
    session: Session,
    table: TableFile,
    *,
    on_reject: Callable[[Reject], None],
    on_note: Callable[[Reject], None],
    on_progress: Callable[[int], None],
    is_dry_run: bool,
    actor: Actor,
    now: datetime,
    file_name: str = "list",
    spill_folder: Path | None = None,
) -> ImportedBlocks:
    """Adds and changes blocks with the history of their amounts, and works out the margins that depend on them.

    The file is read and checked to its end before anything is written, then written in one transaction. Refused
    lines go to `on_reject`, values that stand in for missing ones to `on_note`. Raises Invalid (`file.damaged`)
    where the file breaks off.
    """
    known = known_blocks(session)
    # Reading the file may take its time, and no transaction may stay open meanwhile.
    session.rollback()
    with Spill(spill_folder) as spill:
        counts = read_blocks(
            table, known, spill, on_reject=on_reject, on_note=on_note, on_progress=on_progress
        )
        if is_dry_run:
            merged = count_list(session, ImportKind.BLOCKS, spill.frames(), now=now)
        else:
            with transaction(session):
                entry = add_import(
                    session,
                    kind=ImportKind.BLOCKS,
                    file_name=file_name,
                    actor=actor,
                    now=now,
                    state=ImportState.APPLIED,
                    titles=list(table.titles),
                    read_count=counts.read_count,
                    rejected_count=counts.rejected_count,
                    noted_count=counts.noted_count,
                    reasons=counts.reasons,
                )
                merged = write_list(
                    session, entry, spill.frames(), open_needs=needs_of_open_orders, actor=actor, now=now
                )
    return ImportedBlocks(
        merged.new_count, merged.changed_count, merged.unchanged_count, counts.rejected_count
    )
