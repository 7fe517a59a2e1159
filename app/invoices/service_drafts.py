"""Writing what shall become a document, inside the caller's transaction: once for each order and each refund."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.invoices.models import InvoiceDraft
from app.invoices.rules.document import DocumentKind, DraftState
from app.jobs.service import insert_into, put_job

_Row = dict[str, int | None]


def put_drafts(
    session: Session, order_ids: Iterable[int], *, kind: DocumentKind = DocumentKind.INVOICE, now: datetime
) -> int:
    """A draft and its job for each of these orders that has none; the number of new ones."""
    return _put(session, [{"order_id": order_id, "refund_id": None} for order_id in order_ids], kind, now)


def put_correction_drafts(session: Session, refunds: Iterable[tuple[int, int]], *, now: datetime) -> int:
    """A draft and its job for each of these refunds (id, order id) that has none; the number of new ones."""
    rows: list[_Row] = [{"order_id": order_id, "refund_id": refund_id} for refund_id, order_id in refunds]
    return _put(session, rows, DocumentKind.CORRECTION, now)


def put_issue_job(
    session: Session, draft: InvoiceDraft, *, now: datetime, run_at: datetime | None = None
) -> None:
    """The work of making a draft a document, once for each time that it is asked for."""
    put_job(
        session,
        "issue_invoice",
        key=f"issue_invoice:{draft.id}:{draft.attempt_count}",
        now=now,
        run_at=run_at,
        draft_id=draft.id,
    )


def wait_again(
    session: Session, draft: InvoiceDraft, *, now: datetime, run_at: datetime | None = None
) -> None:
    """Has a blocked draft tried once more, at once or then; its problem is put away."""
    draft.state, draft.problem, draft.changed_at = DraftState.WAITING, None, now
    draft.attempt_count += 1
    put_issue_job(session, draft, now=now, run_at=run_at)


def lock_draft(session: Session, draft_id: int) -> InvoiceDraft | None:
    """The draft as it is now, locked after its order; None for one that is gone."""
    query = select(InvoiceDraft).where(col(InvoiceDraft.id) == draft_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def drop_draft(session: Session, draft: InvoiceDraft) -> None:
    """Forgets a draft that has nothing to become; the sweep writes it anew where that changes."""
    session.execute(delete(InvoiceDraft).where(col(InvoiceDraft.id) == draft.id))
    session.expunge(draft)


def _put(session: Session, rows: list[_Row], kind: DocumentKind, now: datetime) -> int:
    if not rows:
        return 0
    common = {
        "kind": kind,
        "state": DraftState.WAITING,
        "attempt_count": 0,
        "created_at": now,
        "changed_at": now,
    }
    insert = insert_into(session, InvoiceDraft).on_conflict_do_nothing().returning(col(InvoiceDraft.id))
    new = session.execute(insert.values([{**common, **row} for row in rows])).scalars().all()
    for draft_id in new:
        put_job(session, "issue_invoice", key=f"issue_invoice:{draft_id}:0", now=now, draft_id=draft_id)
    return len(new)
