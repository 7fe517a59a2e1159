"""A list was handed in: it gets its row, and the worker looks into it."""

from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.errors import N_, Invalid, Refused
from app.core.transaction import transaction
from app.imports.queries import count_waiting
from app.imports.rules.states import ImportKind
from app.imports.service import ATTEMPTS, LONGEST_SOURCE, add_import
from app.imports.spool import Incoming
from app.jobs.service import put_job

MOST_WAITING = 20


def receive_import(
    session: Session,
    incoming: Incoming,
    *,
    kind: ImportKind,
    file_name: str,
    source: str,
    actor: Actor,
    now: datetime,
    is_automatic: bool = False,
    is_dry_run: bool = False,
) -> int:
    """Keeps a received file and returns the id of its import; the worker reads its head next.

    With `is_automatic` nobody chooses the columns: it is checked, and written unless it is a dry run. Raises
    Invalid (`import.no_file`) for an empty file and Refused (`import.too_many`) where too many wait; then
    nothing of the file stays.
    """
    try:
        if not incoming.byte_count:
            raise Invalid(N_("Please choose a file that is not empty."), code="import.no_file")
        incoming.keep()
        with transaction(session):
            if count_waiting(session) >= MOST_WAITING:
                raise Refused(
                    N_("Too many lists are waiting already. Finish or cancel some of them first."),
                    code="import.too_many",
                )
            entry = add_import(
                session,
                kind=kind,
                file_name=file_name,
                actor=actor,
                now=now,
                token=incoming.token,
                file_bytes=incoming.byte_count,
                file_hash=incoming.file_hash,
                source=" ".join(source.split())[:LONGEST_SOURCE],
                is_automatic=is_automatic,
                is_dry_run=is_dry_run,
            )
            assert entry.id is not None
            put_job(
                session,
                "look_into_import",
                now=now,
                key=f"look_into_import:{entry.id}",
                maximum_attempts=ATTEMPTS,
                import_id=entry.id,
            )
            record(
                session,
                actor,
                action="import.received",
                object_kind="import",
                object_id=entry.id,
                object_name=entry.file_name,
                now=now,
                new={"kind": kind.value, "bytes": entry.file_bytes, "sha256": entry.file_hash},
            )
            return entry.id
    except BaseException:
        incoming.discard()
        raise
