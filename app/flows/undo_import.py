"""The last import is taken back: every row stands there again as it did before."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from app.audit.service import Actor, record
from app.core.errors import N_, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.models import Customer
from app.imports.models import Import
from app.imports.queries import UNDO_WITHIN, last_effective, rated_since
from app.imports.rules.states import ImportKind, ImportState
from app.imports.service import lock_import, move
from app.imports.service_blocks import undo_blocks
from app.imports.service_undo import (
    added_accounts,
    forget_former,
    lock_lists,
    remove_purchases,
    restore_accounts,
)
from app.jobs.service import put_job
from app.ordering.queries_stock import needs_of_open_orders


@dataclass(frozen=True)
class Undone:
    """What was taken back: rows that are gone, rows that are as before, and shop customers whose link was cut."""

    removed_count: int
    restored_count: int
    unlinked_count: int


def undo_import(session: Session, import_id: int, *, actor: Actor, now: datetime) -> Undone:
    """Takes back the newest import of its kind, in one transaction; done twice, it is done once.

    Customers who were linked to an account that goes are compared again. Raises NotFound, or Refused:
    `import.not_applied`, `import.newer`, `import.rated`, `import.in_use` or `import.too_old` where something
    depends on it.
    """
    with transaction(session):
        entry = lock_import(session, import_id, is_patient=False)
        if entry.state is ImportState.UNDONE:
            return Undone(0, 0, 0)
        assert entry.id is not None
        if entry.kind is not ImportKind.BLOCKS:
            lock_lists(session)
        _refuse_where_needed(session, entry, now=now)
        move(entry, ImportState.UNDONE)
        undone = _take_back(session, entry, entry.id, actor=actor, now=now)
        entry.undone_at, entry.undone_by = now, actor.name[:200]
        if entry.kind is ImportKind.ACCOUNTS:
            put_job(session, "screen_all", now=now)
        if entry.kind is not ImportKind.BLOCKS:
            put_job(session, "rate_accounts", now=now)
        record(
            session,
            actor,
            action="import.undone",
            object_kind="import",
            object_id=entry.id,
            object_name=entry.file_name,
            now=now,
            new={
                "removed": undone.removed_count,
                "restored": undone.restored_count,
                "unlinked": undone.unlinked_count,
            },
        )
        reach("undo_import.before_commit")
    return undone


def _take_back(session: Session, entry: Import, import_id: int, *, actor: Actor, now: datetime) -> Undone:
    if entry.kind is ImportKind.BLOCKS:
        return Undone(
            *undo_blocks(session, import_id, open_needs=needs_of_open_orders, actor=actor, now=now), 0
        )
    if entry.kind is ImportKind.PURCHASES:
        return Undone(remove_purchases(session, import_id), 0, 0)
    unlinked = session.execute(
        update(Customer)
        .where(col(Customer.main_account_id).in_(added_accounts(import_id)))
        .values(main_account_id=None)
        .execution_options(synchronize_session=False)
    )
    removed_count, restored_count = restore_accounts(session, import_id, by=actor.name, now=now)
    forget_former(session, import_id)
    return Undone(removed_count, restored_count, unlinked.rowcount)  # type: ignore[attr-defined]


def _refuse_where_needed(session: Session, entry: Import, *, now: datetime) -> None:
    if entry.state is not ImportState.APPLIED or entry.applied_at is None:
        raise Refused(N_("Only an import that was written can be undone."), code="import.not_applied")
    if not entry.new_count and not entry.changed_count:
        raise Refused(
            N_("This import changed nothing: there is nothing to undo."), code="import.nothing_to_undo"
        )
    newest = last_effective(session, entry.kind)
    if newest is not None and newest.id != entry.id:
        raise Refused(
            N_("A newer import (%(file_name)s) builds on this one. Undo that one first."),
            code="import.newer",
            file_name=newest.file_name,
        )
    if entry.applied_at <= now - UNDO_WITHIN:
        raise Refused(
            N_("Imports can be undone for %(days)s days. Load the former list again instead."),
            code="import.too_old",
            days=UNDO_WITHIN.days,
        )
    if entry.kind is ImportKind.BLOCKS:
        return
    rated_count = rated_since(session, entry)
    if rated_count:
        raise Refused(
            N_(
                "%(count)s companies were rated on the ground of this import. "
                "Undo that rating first, or load the former list again instead."
            ),
            code="import.rated",
            count=rated_count,
        )
