"""The worker reads a list to its end and counts what it would change; nothing is written."""

from datetime import datetime

from sqlmodel import Session

from app.core.errors import Invalid
from app.core.transaction import transaction
from app.imports.child import Message, Stopped
from app.imports.rules.states import ImportState
from app.imports.service import keep_counts, lock_import, move, note_progress, refuse_file
from app.imports.service_reading import Reader, frames_of, take_rejects, task_of
from app.imports.service_writing import count_list, keep_merged
from app.imports.spool import Spool


def check_import(
    session: Session, import_id: int, *, spool: Spool, read: Reader, timezone: str, now: datetime
) -> None:
    """Keeps a preview of the first lines as soon as it is there, then the counts and the refused lines.

    An import that is not to be checked any more (it was cancelled) stays as it is; a file that cannot be read
    to its end ends it with the reason.
    """
    with transaction(session):
        entry = lock_import(session, import_id)
        if entry.state is not ImportState.CHECKING or entry.token is None:
            return
        kind, token = entry.kind, entry.token
        task = task_of(session, entry, spool, timezone=timezone, now=now)

    def listen(message: Message) -> bool:
        values = {"preview": message["lines"]} if message["kind"] == "preview" else {}
        if message["kind"] == "progress":
            values = {"read_count": message["read_count"]}
        with transaction(session):
            return note_progress(session, import_id, ImportState.CHECKING, **values)

    with spool.work_folder() as folder:
        try:
            done = read(task, folder, listen)
        except Stopped:
            return
        except Invalid as error:
            with transaction(session):
                entry = lock_import(session, import_id)
                if entry.state is ImportState.CHECKING:
                    refuse_file(session, entry, error, now=now)
            return
        merged = count_list(session, kind, frames_of(folder), now=now)
        take_rejects(spool, token, folder)
    with transaction(session):
        entry = lock_import(session, import_id)
        if entry.state is not ImportState.CHECKING:
            return
        keep_counts(entry, done)
        keep_merged(entry, merged)
        move(entry, ImportState.CHECKED)
        is_over = entry.is_dry_run
    if is_over:
        spool.forget_list(token)
