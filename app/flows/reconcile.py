"""Our books of payments are compared with Stripe's, both ways, and each difference is told."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.errors import N_, NotFound, Refused
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.ordering.service_freeze import open_freeze, open_sales
from app.payments.models import BookDifference, Reconciliation
from app.payments.queries_books import noted_fees, open_differences, our_books
from app.payments.rules.books import (
    Found,
    Mend,
    OurBooks,
    OurDispute,
    OurPayment,
    TheirBooks,
    TheirDispute,
    TheirIntent,
    TheirRefund,
)
from app.payments.rules.facts import IntentStatus, RefundStatus
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.reconciliation import compare
from app.payments.service_books import keep_differences
from app.payments.service_ledger import MoneyNote, note_money
from app.payments.stripe_gateway import StripeGateway, StripeRefusal
from app.policy.queries import current_policy

USUAL_SPAN = timedelta(days=35)
NIGHTLY_SPAN = timedelta(days=9)
"""An authorisation lives seven days: what is older was compared before, or has an event of its own."""
QUIET = timedelta(minutes=15)
"""What is younger may still be settling."""
LONGEST_AUTHORISATION = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a comparison came to: the span, what was found in it, how much was looked at, the fees it wrote."""

    since: datetime
    until: datetime
    found: list[Found]
    object_count: int
    fee_count: int
    has_opened_sales: bool


def reconcile(
    session: Session,
    gateway: StripeGateway,
    *,
    by: str,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    span: timedelta = USUAL_SPAN,
) -> Outcome:
    """Compares what Stripe made in a span with what we know of it, and writes each difference down once.

    Without `since` it begins a `span` ago, or before that a week before the backup that this database came from: then
    it also ends the freeze of sales. Stripe's fees become events of the ledger. It changes no payment. Raises
    StripeUnavailable when Stripe does not answer: nothing is written then.
    """
    until = until or now - QUIET
    since = since or _usual_since(session, span, now=now)
    session.rollback()
    theirs = gateway.read_books(since=since, until=until)
    ours = our_books(session, theirs, since=since, until=until)
    session.rollback()
    theirs = _with_missing(gateway, ours, theirs)
    found = compare(ours, theirs)
    fees = _fees(ours, theirs)
    with transaction(session):
        known = noted_fees(session, [f"{note.kind.value}:{note.key}" for note in fees])
        new = [note for note in fees if f"{note.kind.value}:{note.key}" not in known]
        if new:
            note_money(session, *new)
        keep_differences(session, found, since=since, until=until, now=now)
        ended_count = open_sales(session, by=by, now=now, seen_since=since)
        session.add(
            Reconciliation(
                since_at=since,
                until_at=until,
                object_count=theirs.object_count,
                finding_count=len(found),
                fee_count=len(new),
                run_by=by[:200],
                finished_at=now,
            )
        )
    return Outcome(since, until, found, theirs.object_count, len(new), ended_count > 0)


def put_nightly_reconciliation(session: Session, *, local: datetime, now: datetime) -> bool:
    """Puts the one comparison of a local night, once the hour of the nightly work has come; False before."""
    with transaction(session):
        if local.hour < current_policy(session).nightly_rating_hour:
            return False
        put_job(session, "reconcile", key=f"reconcile:{local.date()}", now=now, is_nightly=True)
    return True


def ask_to_reconcile(session: Session, *, actor: Actor, now: datetime) -> None:
    """Has the books compared at once, by the worker."""
    with transaction(session):
        put_job(session, "reconcile", key=f"reconcile:{now.isoformat()}", now=now, by=actor.name)
        record(
            session,
            actor,
            action="books.comparison_asked",
            object_kind="book_difference",
            object_id=None,
            now=now,
        )


def mend_difference(session: Session, difference_id: int, *, actor: Actor, now: datetime) -> BookDifference:
    """Puts the job that mends a difference by the flow that should have seen it, and notes who asked.

    Raises NotFound, and Refused (`difference.not_mendable`) for one that only a person can mend, or that is mended.
    """
    with transaction(session):
        row = session.get(BookDifference, difference_id, with_for_update=True)
        if row is None:
            raise NotFound(N_("There is no such difference."), code="difference.unknown")
        if row.resolved_at is not None or row.mend is Mend.NONE:
            raise Refused(
                N_("This difference is mended, or only a person can mend it."), code="difference.not_mendable"
            )
        _put_mending(session, row, now=now)
        row.asked_at, row.asked_by = now, actor.name[:200]
        record(
            session,
            actor,
            action="books.mending_asked",
            object_kind="book_difference",
            object_id=row.id,
            object_name=row.order_number or row.object_id,
            now=now,
            new={"kind": row.kind.value, "mend": row.mend.value, "stripe_id": row.object_id},
        )
        return row


def mend_all(session: Session, *, actor: Actor, now: datetime) -> int:
    """Mends each open difference that the shop can mend by itself; how many."""
    ids = [row.id for row in open_differences(session) if row.mend is not Mend.NONE and row.id is not None]
    session.rollback()
    for difference_id in ids:
        mend_difference(session, difference_id, actor=actor, now=now)
    return len(ids)


def sell_again(session: Session, *, actor: Actor, reason: str, now: datetime) -> int:
    """Ends the freeze of sales after a restore without a comparison, for a reason; how many ended."""
    with transaction(session):
        count = open_sales(session, by=actor.name, now=now)
        if count:
            record(
                session,
                actor,
                action="sales.opened",
                object_kind="shop",
                object_id=None,
                now=now,
                reason=reason,
            )
        return count


def _put_mending(session: Session, row: BookDifference, *, now: datetime) -> None:
    key = f"mend:{row.id}:{now.isoformat()}"
    if row.mend is Mend.SETTLE:
        put_job(session, "settle_payment", key=key, now=now, payment_id=row.payment_id)
    elif row.mend is Mend.FOLLOW_REFUND:
        put_job(session, "look_at_refund", key=key, now=now, stripe_refund_id=row.object_id)
    elif row.mend is Mend.FOLLOW_DISPUTE:
        put_job(session, "follow_dispute", key=key, now=now, dispute_id=row.object_id)


def _usual_since(session: Session, span: timedelta, *, now: datetime) -> datetime:
    freeze = open_freeze(session)
    usual = now - span
    return usual if freeze is None else min(usual, freeze.backup_made_at - LONGEST_AUTHORISATION)


def _with_missing(gateway: StripeGateway, ours: OurBooks, theirs: TheirBooks) -> TheirBooks:
    """Their books with what our books name and the lists do not: read one by one, as a list may end before it."""
    intents, refunds, disputes = list(theirs.intents), list(theirs.refunds), list(theirs.disputes)
    listed = {one.id for one in intents}
    for payment in ours.payments:
        if payment.is_due and payment.intent_id and payment.intent_id not in listed:
            intents += _read_intent(gateway, payment)
    listed = {one.id for one in refunds}
    for refund in ours.refunds:
        if refund.is_due and refund.stripe_id and refund.stripe_id not in listed:
            try:
                facts = gateway.read_refund(refund.stripe_id)
            except StripeRefusal:
                continue
            has_failed = facts.status is RefundStatus.FAILED
            refunds.append(TheirRefund(facts.id, "", facts.amount_cents, has_failed, facts.mark, refund.at))
    listed = {one.id for one in disputes}
    for dispute in ours.disputes:
        if dispute.is_due and dispute.dispute_id not in listed:
            disputes += _read_dispute(gateway, dispute)
    return replace(theirs, intents=tuple(intents), refunds=tuple(refunds), disputes=tuple(disputes))


def _read_dispute(gateway: StripeGateway, dispute: OurDispute) -> list[TheirDispute]:
    try:
        facts = gateway.read_dispute(dispute.dispute_id)
    except StripeRefusal:
        return []
    return [TheirDispute(facts.id, facts.intent_id, facts.amount_cents, facts.status, dispute.at)]


def _read_intent(gateway: StripeGateway, payment: OurPayment) -> list[TheirIntent]:
    try:
        facts = gateway.read_intent(payment.intent_id)
    except StripeRefusal:
        return []
    received_cents = facts.amount_cents if facts.status is IntentStatus.CAPTURED else 0
    return [
        TheirIntent(
            facts.id,
            facts.status,
            facts.amount_cents,
            received_cents,
            facts.currency,
            facts.order_number,
            facts.attempt,
            payment.at,
        )
    ]


def _fees(ours: OurBooks, theirs: TheirBooks) -> list[MoneyNote]:
    """What Stripe kept, as events of the order that it is of."""
    intent_of = {one.id: one.intent_id for one in theirs.charges}
    intent_of |= {one.id: one.intent_id for one in theirs.refunds}
    intent_of |= {one.id: one.intent_id for one in theirs.disputes}
    by_intent = {one.intent_id: one for one in ours.payments if one.intent_id}
    notes = []
    for fee in theirs.fees:
        payment = by_intent.get(intent_of.get(fee.source_id, ""))
        if payment is not None and fee.fee_cents > 0:
            notes.append(
                MoneyNote(
                    MoneyKind.FEE,
                    payment.order_id,
                    fee.fee_cents,
                    fee.id,
                    fee.at,
                    payment.payment_id,
                    fee.id,
                )
            )
    return notes
