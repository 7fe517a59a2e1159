"""A person has a checked list written, or does without it."""

from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.errors import N_, Refused
from app.core.transaction import transaction
from app.imports.models import Import
from app.imports.rules.states import ImportState
from app.imports.service import ATTEMPTS, lock_import, move
from app.imports.spool import Spool
from app.jobs.service import put_job


def start_import(session: Session, import_id: int, *, actor: Actor, now: datetime) -> None:
    """Hands a checked list to the worker. Pressed twice, it is written once.

    Raises NotFound, Refused (`import.wrong_state`).
    """
    with transaction(session):
        entry = lock_import(session, import_id, is_patient=False)
        if entry.state in (ImportState.APPLYING, ImportState.APPLIED):
            return
        if entry.is_dry_run:
            raise Refused(
                N_("A program asked for a dry run only. Hand the list in again to import it."),
                code="import.dry_run",
            )
        move(entry, ImportState.APPLYING)
        entry.read_count = 0
        put_job(
            session,
            "apply_import",
            now=now,
            key=f"apply_import:{entry.id}",
            maximum_attempts=ATTEMPTS,
            import_id=entry.id,
        )
        _record(session, entry, "import.started", actor, now=now)


def cancel_import(session: Session, import_id: int, *, spool: Spool, actor: Actor, now: datetime) -> None:
    """Ends an import before it is written, and deletes its file.

    Raises NotFound, Refused (`import.wrong_state`, or `import.being_written` where it is too late).
    """
    with transaction(session):
        entry = lock_import(session, import_id, is_patient=False)
        if entry.state is ImportState.CANCELLED:
            return
        move(entry, ImportState.CANCELLED)
        _record(session, entry, "import.cancelled", actor, now=now)
        token = entry.token
    if token is not None:
        spool.forget(token)


def _record(session: Session, entry: Import, action: str, actor: Actor, *, now: datetime) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="import",
        object_id=entry.id,
        object_name=entry.file_name,
        now=now,
    )
