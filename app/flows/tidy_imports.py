"""Old files of imports go, and imports that nobody finished end."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, record
from app.core.transaction import transaction
from app.imports.models import FormerAccount, FormerBlock, Import
from app.imports.queries import UNDO_WITHIN
from app.imports.rules.states import BUSY, WAITING, ImportState
from app.imports.service import move
from app.imports.spool import Spool

FORGOTTEN_AFTER = timedelta(days=7)
REJECTS_KEPT = timedelta(days=30)
PARTIAL_KEPT = timedelta(hours=6)


def tidy_imports(session: Session, *, spool: Spool, now: datetime) -> None:
    """Cancels what waits for a person for a week, deletes lists that are done with, refused lines, first
    lines and former rows after a month, and what broke off."""
    with transaction(session):
        for entry in session.exec(
            select(Import)
            .where(
                col(Import.state).in_(WAITING - BUSY),
                col(Import.created_at) < now - FORGOTTEN_AFTER,
            )
            .with_for_update(skip_locked=True)
        ):
            move(entry, ImportState.CANCELLED)
            record(
                session,
                SYSTEM,
                action="import.cancelled",
                object_kind="import",
                object_id=entry.id,
                object_name=entry.file_name,
                now=now,
                reason="nobody finished it",
            )
        old = select(Import.id).where(col(Import.applied_at) < now - UNDO_WITHIN)
        for former in (FormerAccount, FormerBlock):
            session.execute(
                delete(former)
                .where(col(former.import_id).in_(old))
                .execution_options(synchronize_session=False)
            )
        # The first lines are personal data: they stay no longer than somebody may still look at them.
        session.execute(
            update(Import)
            .where(col(Import.created_at) < now - REJECTS_KEPT, col(Import.state).not_in(WAITING))
            .values(sample=[], preview=[])
            .execution_options(synchronize_session=False)
        )
    rows = session.exec(
        select(Import.token, Import.state, Import.created_at).where(col(Import.token).is_not(None))
    ).all()
    session.rollback()
    known = set()
    for token, state, created_at in rows:
        if token is None:
            continue
        if state not in WAITING:
            spool.forget_list(token)
        if state in WAITING or created_at > now - REJECTS_KEPT:
            known.add(token)
    spool.sweep(known=frozenset(known), before=now - PARTIAL_KEPT)
