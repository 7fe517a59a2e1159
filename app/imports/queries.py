"""Reading imports: their history, one of them, what a source is remembered for, and whether one may be undone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.imports.models import Import, ImportSource
from app.imports.rules.states import WAITING, ImportKind, ImportState

UNDO_WITHIN = timedelta(days=30)


def list_imports(
    session: Session, *, kind: ImportKind | None, state: ImportState | None, page: int
) -> Slice[Import]:
    """One page of imports, newest first."""
    query = select(Import).order_by(col(Import.id).desc())
    if kind is not None:
        query = query.where(col(Import.kind) == kind)
    if state is not None:
        query = query.where(col(Import.state) == state)
    return read_page(session, query, page=page)


def find_import(session: Session, import_id: int) -> Import:
    """One import. Raises NotFound."""
    entry = session.get(Import, import_id)
    if entry is None:
        raise NotFound(N_("There is no such import."), code="import.not_found")
    return entry


def count_waiting(session: Session) -> int:
    """How many imports have not come to an end, without the dry runs of programs that are done."""
    is_waiting = col(Import.state).in_(WAITING) & ~(
        (col(Import.state) == ImportState.CHECKED) & col(Import.is_dry_run)
    )
    return session.exec(select(func.count()).select_from(Import).where(is_waiting)).one()


def count_unfinished(session: Session) -> int:
    """How many imports wait for a person: their columns are not chosen, or their dry run is not decided on."""
    states = (ImportState.MAPPING, ImportState.CHECKED)
    is_unfinished = col(Import.state).in_(states) & ~col(Import.is_dry_run)
    return session.exec(select(func.count()).select_from(Import).where(is_unfinished)).one()


def known_sources(session: Session, kind: ImportKind) -> Sequence[str]:
    """The names of sources that were used, the latest first; those known only by their headings are left out."""
    names = session.exec(
        select(ImportSource.name)
        .where(col(ImportSource.kind) == kind, col(ImportSource.name).not_like("headings:%"))
        .order_by(col(ImportSource.used_at).desc())
        .limit(50)
    )
    return names.all()


def remembered(session: Session, kind: ImportKind, *names: str) -> ImportSource | None:
    """How the first known of these sources was read last time, or None."""
    for name in names:
        found = session.get(ImportSource, (kind, name)) if name else None
        if found is not None:
            return found
    return None


def last_effective(session: Session, kind: ImportKind) -> Import | None:
    """The newest import of a kind that changed anything and was not undone."""
    return session.exec(
        select(Import)
        .where(
            col(Import.kind) == kind,
            col(Import.state) == ImportState.APPLIED,
            (col(Import.new_count) > 0) | (col(Import.changed_count) > 0),
        )
        .order_by(col(Import.applied_at).desc(), col(Import.id).desc())
        .limit(1)
    ).first()


def may_undo(session: Session, entry: Import, *, now: datetime) -> bool:
    """Whether an import is the last one of its kind that changed anything, and young enough."""
    if entry.state is not ImportState.APPLIED or entry.applied_at is None:
        return False
    last = last_effective(session, entry.kind)
    return last is not None and last.id == entry.id and entry.applied_at > now - UNDO_WITHIN


def rated_since(session: Session, entry: Import) -> int:
    """How many companies were rated on the ground of an import: their rating is newer, or is not what it left."""
    if entry.kind is ImportKind.ACCOUNTS:
        query = text(
            "SELECT count(*) FROM former_accounts f JOIN main_accounts m ON m.id = f.account_id"
            " WHERE f.import_id = :id AND (m.segment <> f.left_segment OR m.row_hash <> f.left_hash"
            " OR m.rated_at > (SELECT applied_at FROM imports WHERE id = :id))"
        )
    else:
        query = text(
            "SELECT count(*) FROM main_accounts m"
            " WHERE m.rated_at > (SELECT applied_at FROM imports WHERE id = :id)"
            " AND m.account_number IN (SELECT p.account_number FROM purchases p WHERE p.import_id = :id)"
        )
    count: Any = session.execute(query, {"id": entry.id}).scalar_one()
    return int(count)
