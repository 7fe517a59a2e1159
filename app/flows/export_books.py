"""An export of the books for an audit is asked for, made by the worker, and forgotten after some days."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.books.archive import Archived, Scope, months_between, write_archive
from app.books.models import BookExport
from app.books.rules.gdpdu import Supplier
from app.books.rules.months import Month
from app.books.rules.states import ExportState, may_follow
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.ids import new_token
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.policy.queries import current_policy

KEPT = timedelta(days=14)
MOST_MONTHS = 120


def ask_export(
    session: Session, first: Month, last: Month, *, zone: ZoneInfo, actor: Actor, now: datetime
) -> int:
    """Puts the export of months (both included) into the hands of the worker; its id. The same months that nobody
    has made yet are one export: twice is once.

    Raises Invalid for months in the wrong order, in the future, or more than ten years of them.
    """
    _check(first, last, zone, now=now)
    with transaction(session):
        waiting = session.exec(
            select(BookExport).where(
                col(BookExport.state) == ExportState.ASKED,
                col(BookExport.first_month) == first.first_on,
                col(BookExport.last_month) == last.first_on,
            )
        ).first()
        if waiting is not None:
            return waiting.id or 0
        export = BookExport(
            first_month=first.first_on,
            last_month=last.first_on,
            token=new_token(),
            asked_by=actor.name,
            asked_at=now,
        )
        session.add(export)
        session.flush()
        put_job(session, "export_books", key=f"export_books:{export.id}", now=now, export_id=export.id)
        _record(session, first, last, actor=actor, now=now, export_id=export.id)
    return export.id or 0


def note_export(session: Session, first: Month, last: Month, *, actor: Actor, now: datetime) -> None:
    """Writes down that somebody took the books of months (both included) along as a file."""
    with transaction(session):
        _record(session, first, last, actor=actor, now=now)


def make_export(
    session: Session,
    reading: Session,
    export_id: int,
    *,
    folder: Path,
    zone: ZoneInfo,
    supplier: Supplier,
    now: datetime,
) -> Archived | None:
    """Writes the file of an export that was asked for and says that it is ready; None where it is not asked any more.

    `reading` reads without a transaction, so that nobody waits for it. Raises OSError where the disk takes no file.
    """
    export = reading.get(BookExport, export_id)
    if export is None or export.state is not ExportState.ASKED:
        return None
    months = months_between(Month.of(export.first_month), Month.of(export.last_month))
    path = export_path(folder, export)
    written = write_archive(reading, path, Scope(months, zone, supplier, current_policy(reading)))
    with transaction(session):
        export = _locked(session, export_id)
        if may_follow(export.state, ExportState.READY):
            export.state, export.done_at = ExportState.READY, now
            export.byte_count, export.sha256 = written.byte_count, written.sha256
            export.document_count = written.document_count
            session.add(export)
    return written


def give_up_export(session: Session, export_id: int, *, now: datetime) -> None:
    """The last attempt has failed: the page says so."""
    with transaction(session):
        export = _locked(session, export_id)
        if may_follow(export.state, ExportState.FAILED):
            export.state, export.done_at = ExportState.FAILED, now
            session.add(export)


def forget_exports(session: Session, *, folder: Path, now: datetime) -> int:
    """Deletes the files of exports that were made two weeks ago; how many. They can be made again, byte by byte."""
    with transaction(session):
        old = session.exec(
            select(BookExport)
            .where(col(BookExport.state) == ExportState.READY, col(BookExport.done_at) < now - KEPT)
            .with_for_update(skip_locked=True)
        ).all()
        paths = [export_path(folder, export) for export in old]
        for export in old:
            export.state = ExportState.GONE
            session.add(export)
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def export_path(folder: Path, export: BookExport) -> Path:
    """Where the file of an export lies."""
    return folder / f"{export.token}.zip"


def _record(
    session: Session, first: Month, last: Month, *, actor: Actor, now: datetime, export_id: int | None = None
) -> None:
    record(
        session,
        actor,
        action="books.exported",
        object_kind="month",
        object_id=export_id,
        object_name=str(first) if first == last else f"{first} – {last}",
        now=now,
    )


def _check(first: Month, last: Month, zone: ZoneInfo, *, now: datetime) -> None:
    message = ""
    if last < first:
        message = N_("The last month must not come before the first.")
    elif Month.at(now, zone) < last:
        message = N_("This month has not begun yet.")
    elif (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        message = N_("Please choose at most ten years.")
    if message:
        raise Invalid(
            N_("Please check the entries."), code="books.invalid", fields=(FieldError("last_month", message),)
        )


def _locked(session: Session, export_id: int) -> BookExport:
    found = session.exec(select(BookExport).where(col(BookExport.id) == export_id).with_for_update()).first()
    if found is None:
        raise NotFound(N_("There is no such export."), code="books.no_export")
    return found
