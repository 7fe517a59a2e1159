"""Finds whatever shall become a document and has no draft: nothing depends on one way through the program."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.core.transaction import transaction
from app.invoices.queries_drafts import (
    LIMIT,
    paid_before_delivery,
    refunds_to_correct,
    stuck_drafts,
    supplied_orders,
)
from app.invoices.rules.document import DocumentKind
from app.invoices.service_drafts import put_correction_drafts, put_drafts
from app.jobs.service import put_job
from app.policy.queries import current_policy
from app.policy.rules.policy import InvoiceAt

STUCK_AFTER = timedelta(minutes=10)


def write_drafts(session: Session, *, zone: ZoneInfo, now: datetime, is_whole: bool = False) -> int:
    """Writes the drafts that are missing; the number of new ones.

    Refunds of invoiced orders; orders paid before this month and not delivered yet, or all that are paid where the
    policy wants the invoice at payment. `is_whole` looks through all delivered orders besides, those of earlier
    versions of the shop included, and comes again at once where there were too many for one look.
    """
    month_began_at = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    is_at_payment = current_policy(session).invoice_at is InvoiceAt.PAYMENT
    before = paid_before_delivery(session, paid_before=now if is_at_payment else month_began_at)
    refunds = refunds_to_correct(session)
    stuck = stuck_drafts(session, before=now - STUCK_AFTER)
    supplied: Sequence[int] = supplied_orders(session) if is_whole else ()
    session.rollback()
    if not (before or refunds or stuck or supplied):
        return 0
    with transaction(session):
        count = put_drafts(session, before, kind=DocumentKind.PREPAYMENT, now=now)
        count += put_drafts(session, supplied, now=now)
        count += put_correction_drafts(session, refunds, now=now)
        for draft_id in stuck:
            key = f"issue_invoice_again:{draft_id}:{now:%Y%m%d%H}"
            put_job(session, "issue_invoice", key=key, now=now, draft_id=draft_id)
        if len(supplied) == LIMIT:
            put_job(session, "write_all_drafts", now=now)
    return count
