"""The worker reads the head of an uploaded list; a person chooses the columns next, or nobody has to."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from app.core.errors import N_, Invalid
from app.core.transaction import transaction
from app.imports.child import Message
from app.imports.models import Import
from app.imports.rules.mapping import COLUMNS, faults_of
from app.imports.rules.states import BUSY, ImportState
from app.imports.service import ATTEMPTS, lock_import, move, refuse_file, suggest
from app.imports.spool import Spool
from app.imports.task import ReadTask
from app.jobs.service import put_job


def look_into_import(
    session: Session, import_id: int, *, spool: Spool, read: Callable[[ReadTask], Message], now: datetime
) -> None:
    """Keeps headings and first rows and suggests the columns; run again, it changes nothing."""
    with transaction(session):
        entry = lock_import(session, import_id)
        if entry.state is not ImportState.UPLOADED or entry.token is None:
            return
        task = ReadTask(
            path=str(spool.list_path(entry.token)),
            file_name=entry.file_name,
            kind=entry.kind,
            is_head_only=True,
        )
    head: Message | Invalid
    try:
        head = read(task)
    except Invalid as error:
        head = error
    with transaction(session):
        entry = lock_import(session, import_id)
        if entry.state is not ImportState.UPLOADED:
            return
        if isinstance(head, Invalid):
            refuse_file(session, entry, head, now=now)
            return
        entry.titles, entry.sample = head["titles"], head["rows"]
        suggest(session, entry)
        if not entry.is_automatic:
            move(entry, ImportState.MAPPING)
            return
        _go_on(session, entry, now=now)


def _go_on(session: Session, entry: Import, *, now: datetime) -> None:
    faults = faults_of(entry.mapping, entry.titles, COLUMNS[entry.kind])
    if faults:
        error = Invalid(
            N_("%(path)s lacks these columns, or has them twice: %(names)s."),
            code="file.columns_missing",
            path=entry.file_name,
            names=", ".join(fault.field for fault in faults),
        )
        refuse_file(session, entry, error, now=now)
        return
    if entry.is_dry_run:
        move(entry, ImportState.CHECKING)
        put_job(session, "check_import", now=now, maximum_attempts=ATTEMPTS, import_id=entry.id)
    else:
        move(entry, ImportState.APPLYING)
        put_job(
            session,
            "apply_import",
            now=now,
            key=f"apply_import:{entry.id}",
            maximum_attempts=ATTEMPTS,
            import_id=entry.id,
        )


def give_up_import(session: Session, import_id: int, *, now: datetime) -> None:
    """Ends an import whose work failed again and again for a reason of ours; what it had to change is not changed."""
    with transaction(session):
        entry = lock_import(session, import_id)
        if entry.state not in BUSY:
            return
        error = Invalid(
            N_("The list could not be read, and the fault is ours. It is noted; nothing was changed."),
            code="import.given_up",
        )
        refuse_file(session, entry, error, now=now)
