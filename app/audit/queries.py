"""Reading the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.core.paging import Slice, read_page


@dataclass(frozen=True)
class AuditFilter:
    """What to look for; empty means all. `action` may be the beginning of one (`order.`)."""

    actor: str = ""
    action: str = ""
    object_kind: str = ""
    object_name: str = ""


def list_entries(session: Session, wanted: AuditFilter, *, page: int) -> Slice[AuditEntry]:
    """One page of entries, newest first."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc())
    if wanted.actor:
        query = query.where(col(AuditEntry.actor_name).icontains(wanted.actor, autoescape=True))
    if wanted.action:
        query = query.where(col(AuditEntry.action).istartswith(wanted.action, autoescape=True))
    if wanted.object_kind:
        query = query.where(col(AuditEntry.object_kind) == wanted.object_kind)
    if wanted.object_name:
        query = query.where(col(AuditEntry.object_name).icontains(wanted.object_name, autoescape=True))
    return read_page(session, query, page=page)


def entries_about(
    session: Session, object_kind: str, object_id: int, *, limit: int = 200
) -> Sequence[AuditEntry]:
    """The newest entries about one thing, oldest of them first."""
    newest = session.exec(
        select(AuditEntry)
        .where(col(AuditEntry.object_kind) == object_kind, col(AuditEntry.object_id) == object_id)
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
    ).all()
    return newest[::-1]


def latest_entry(session: Session, object_kind: str, object_id: int, *, action: str) -> AuditEntry | None:
    """The newest entry of one action about one thing, or None."""
    return session.exec(
        select(AuditEntry)
        .where(
            col(AuditEntry.object_kind) == object_kind,
            col(AuditEntry.object_id) == object_id,
            col(AuditEntry.action) == action,
        )
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
    ).first()
