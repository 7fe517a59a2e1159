"""Taking in the main brand's list of companies: the whole file or nothing, and a second time changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.mainbrand.account_lines import AccountReader, Thresholds
from app.mainbrand.files import Reject, TableFile
from app.mainbrand.queries_basis import bounds_in_force
from app.mainbrand.service_accounts import merge_accounts
from app.mainbrand.staging import Spill
from app.policy.queries import current_policy


@dataclass(frozen=True)
class ImportedAccounts:
    """What became of the lines of a list; `noted_count` accounts were taken without one of their values."""

    new_count: int
    changed_count: int
    unchanged_count: int
    rejected_count: int
    noted_count: int


def import_main_brand(
    session: Session,
    table: TableFile,
    *,
    on_reject: Callable[[Reject], None],
    on_note: Callable[[Reject], None],
    on_progress: Callable[[int], None],
    is_dry_run: bool,
    actor: Actor,
    now: datetime,
) -> ImportedAccounts:
    """Adds and renews accounts, and has all customers screened again if anything changed.

    The file is read and checked to its end before anything is written, then written in one transaction.
    Refused lines go to `on_reject`, values that were left out to `on_note`; `on_progress` is told how many
    lines were read. Raises Invalid (`file.damaged`) where the file breaks off.
    """
    thresholds = _thresholds(session)
    # Reading the file may take minutes, and no transaction may stay open meanwhile.
    session.rollback()
    reader = AccountReader(table, thresholds)
    rejected_count = noted_count = line_count = 0
    with Spill() as spill:
        for batch in table.batches:
            good, rejects, notes = reader.read(batch)
            spill.add(good)
            for reject in rejects:
                on_reject(reject)
            for note in notes:
                on_note(note)
            rejected_count += len(rejects)
            noted_count += len(notes)
            line_count += good.height + len(rejects)
            on_progress(line_count)
        with transaction(session):
            merged = merge_accounts(session, spill.frames(), is_dry_run=is_dry_run, now=now)
            if not is_dry_run and (merged.new_count or merged.changed_count):
                put_job(session, "screen_all", now=now)
                put_job(session, "rate_accounts", now=now)
                record(
                    session,
                    actor,
                    action="accounts.imported",
                    object_kind="accounts",
                    object_id=None,
                    now=now,
                    new={
                        "new": merged.new_count,
                        "changed": merged.changed_count,
                        "unchanged": merged.unchanged_count,
                        "rejected": rejected_count,
                        "noted": noted_count,
                    },
                )
    return ImportedAccounts(
        merged.new_count, merged.changed_count, merged.unchanged_count, rejected_count, noted_count
    )


def _thresholds(session: Session) -> Thresholds:
    policy = current_policy(session)
    bounds = bounds_in_force(session, policy)
    return Thresholds(
        bounds,
        growth_cents=max(1, bounds.b_cents * policy.growth_bound_percent // 100),
        prospect_bound=policy.prospect_bound_percent / 100,
        judgement_factor_percent=policy.judgement_factor_percent,
    )
