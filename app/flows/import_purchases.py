"""Taking in what the main brand's customers bought: the whole file or nothing, and a second time changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.mainbrand.files import Reject, TableFile
from app.mainbrand.purchase_lines import LineReader, Terms
from app.mainbrand.service_purchases import merge_purchases
from app.mainbrand.staging import Spill


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
) -> Imported:
    """Adds the purchases that are not known yet; each line that is refused goes to `on_reject`.

    The file is read and checked to its end before anything is written, then written in one transaction.
    `on_progress` is told how many lines were read. Raises Invalid (`file.damaged`) where the file breaks off.
    """
    reader = LineReader(table, Terms(currency, timezone, now.year + 1))
    rejected_count = line_count = 0
    with Spill() as spill:
        for batch in table.batches:
            good, rejects = reader.read(batch)
            spill.add(good)
            for reject in rejects:
                on_reject(reject)
            rejected_count += len(rejects)
            line_count += good.height + len(rejects)
            on_progress(line_count)
        with transaction(session):
            merged = merge_purchases(session, spill.frames(), is_dry_run=is_dry_run)
            if merged.new_count and not is_dry_run:
                put_job(session, "rate_accounts", now=now)
                record(
                    session,
                    actor,
                    action="purchases.imported",
                    object_kind="purchases",
                    object_id=None,
                    now=now,
                    new={
                        "new": merged.new_count,
                        "unchanged": merged.unchanged_count,
                        "rejected": rejected_count,
                    },
                )
    return Imported(merged.new_count, merged.unchanged_count, rejected_count)
