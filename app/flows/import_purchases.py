"""Taking in what the main brand's customers bought: the whole file or nothing, and a second time changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from app.audit.service import Actor
from app.core.transaction import transaction
from app.imports.reading import read_purchases
from app.imports.rules.states import ImportKind, ImportState
from app.imports.service import add_import
from app.imports.service_writing import count_list, write_list
from app.mainbrand.files import TableFile
from app.mainbrand.purchase_lines import Terms, end_of_tomorrow
from app.mainbrand.rejects import Reject
from app.mainbrand.staging import Spill
from app.ordering.queries_stock import needs_of_open_orders


@dataclass(frozen=True)
class Imported:
    """What became of the lines of a file."""

    new_count: int
    unchanged_count: int
    rejected_count: int


def import_purchases(
    session: Session,
    table: TableFile,
    *,
    currency: str,
    timezone: str,
    on_reject: Callable[[Reject], None],
    on_progress: Callable[[int], None],
    is_dry_run: bool,
    actor: Actor,
    now: datetime,
    file_name: str = "list",
    spill_folder: Path | None = None,
) -> Imported:
    """Adds the purchases that are not known yet; each line that is refused goes to `on_reject`.

    The file is read and checked to its end before anything is written, then written in one transaction.
    `on_progress` is told how many lines were read. Raises Invalid (`file.damaged`) where the file breaks off.
    """
    terms = Terms(currency, timezone, now.year + 1, end_of_tomorrow(now, timezone))
    with Spill(spill_folder) as spill:
        counts = read_purchases(table, terms, spill, on_reject=on_reject, on_progress=on_progress)
        if is_dry_run:
            merged = count_list(session, ImportKind.PURCHASES, spill.frames(), now=now)
        else:
            with transaction(session):
                entry = add_import(
                    session,
                    kind=ImportKind.PURCHASES,
                    file_name=file_name,
                    actor=actor,
                    now=now,
                    state=ImportState.APPLIED,
                    titles=list(table.titles),
                    currency=currency,
                    read_count=counts.read_count,
                    rejected_count=counts.rejected_count,
                    reasons=counts.reasons,
                )
                merged = write_list(
                    session, entry, spill.frames(), open_needs=needs_of_open_orders, actor=actor, now=now
                )
    return Imported(merged.new_count, merged.unchanged_count, counts.rejected_count)
