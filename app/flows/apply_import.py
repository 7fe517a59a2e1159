"""The worker writes a list: it is read and checked to its end first, and then written in one transaction."""

from datetime import datetime

from sqlmodel import Session

from app.core.errors import Invalid
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.imports.child import Message, Stopped
from app.imports.rules.states import ImportState
from app.imports.service import (
    actor_of,
    keep_counts,
    lock_import,
    move,
    note_progress,
    refuse_file,
    remember,
)
from app.imports.service_reading import Reader, frames_of, take_rejects, task_of
from app.imports.service_writing import write_list
from app.imports.spool import Spool
from app.ordering.queries_stock import needs_of_open_orders


def apply_import(
    session: Session, import_id: int, *, spool: Spool, read: Reader, timezone: str, now: datetime
) -> None:
    """Writes a list once: killed at any point it leaves the former state, and run again it begins anew.

    One that was cancelled meanwhile, or is written already, stays as it is. Of two at the same time the
    second waits for the first.
    """
    with transaction(session):
        entry = lock_import(session, import_id)
        if entry.state is not ImportState.APPLYING or entry.token is None:
            return
        token = entry.token
        entry.is_writing = False
        task = task_of(session, entry, spool, timezone=timezone, now=now)

    def listen(message: Message) -> bool:
        values = {"preview": message["lines"]} if message["kind"] == "preview" else {}
        if message["kind"] == "progress":
            values = {"read_count": message["read_count"]}
        with transaction(session):
            return note_progress(session, import_id, ImportState.APPLYING, **values)

    with spool.work_folder() as folder:
        try:
            done = read(task, folder, listen)
        except Stopped:
            return
        except Invalid as error:
            with transaction(session):
                entry = lock_import(session, import_id)
                if entry.state is ImportState.APPLYING:
                    refuse_file(session, entry, error, now=now)
            return
        reach("apply_import.after_read")
        with transaction(session):
            if not note_progress(session, import_id, ImportState.APPLYING, is_writing=True):
                return
        with transaction(session):
            entry = lock_import(session, import_id)
            if entry.state is not ImportState.APPLYING:
                return
            move(entry, ImportState.APPLIED)
            keep_counts(entry, done)
            write_list(
                session,
                entry,
                frames_of(folder),
                open_needs=needs_of_open_orders,
                actor=actor_of(entry),
                now=now,
            )
            remember(session, entry, now=now)
            take_rejects(spool, token, folder)
            reach("apply_import.before_commit")
        reach("apply_import.after_commit")
    # Nobody needs the file any more; where this is not reached, the tidying up finds it.
    spool.forget_list(token)
