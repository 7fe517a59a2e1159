"""Comparing what went out: refunds and disputes of our books and of Stripe's, both ways."""

from collections.abc import Iterator

from app.payments.rules.books import (
    Difference,
    Found,
    Mend,
    OurBooks,
    OurDispute,
    OurRefund,
    TheirBooks,
    TheirDispute,
    TheirRefund,
)
from app.payments.rules.disputes import Course, course_of, is_news
from app.payments.rules.known_payments import Known
from app.payments.rules.states import PaymentState, RefundState


def of_refunds(known: Known, ours: OurBooks, theirs: TheirBooks) -> Iterator[Found]:
    """Every difference in refunds once: first what Stripe lists, then what it ought to list."""
    by_id = {one.stripe_id: one for one in ours.refunds if one.stripe_id}
    by_mark = {one.mark: one for one in ours.refunds}
    of_row: dict[int, list[TheirRefund]] = {}
    for refund in theirs.refunds:
        mine = by_id.get(refund.id) or by_mark.get(_beginning(refund.mark))
        if mine is None:
            yield from _of_strange_refund(known, refund)
        else:
            of_row.setdefault(mine.refund_row_id, []).append(refund)
    for one in ours.refunds:
        yield from _of_refund(known, one, of_row.get(one.refund_row_id, []))


def of_disputes(known: Known, ours: OurBooks, theirs: TheirBooks) -> Iterator[Found]:
    """Every difference in disputes once: unknown here, another amount or course, not at Stripe at all."""
    by_id = {one.dispute_id: one for one in ours.disputes}
    for dispute in theirs.disputes:
        mine = by_id.get(dispute.id)
        if mine is None:
            if course_of(dispute.status) is not Course.ASKED:
                mend = Mend.FOLLOW_DISPUTE if known.payment_of_id(dispute.intent_id) else Mend.NONE
                yield _dispute(Difference.DISPUTE_UNKNOWN, known, dispute, 0, mend)
        elif _differs(mine, dispute):
            mend = Mend.FOLLOW_DISPUTE if is_news(mine.status, dispute.status) else Mend.NONE
            yield _dispute(Difference.DISPUTE_DIFFERS, known, dispute, mine.amount_cents, mend)
    listed = {one.id for one in theirs.disputes}
    for one in ours.disputes:
        if one.is_due and one.dispute_id not in listed and course_of(one.status) is not Course.ASKED:
            yield Found(
                Difference.DISPUTE_MISSING,
                one.dispute_id,
                one.order_number,
                one.amount_cents,
                0,
                one.at,
                one.payment_id,
            )


def _beginning(mark: str) -> str:
    """A mark without the number of the try."""
    return mark[: mark.rfind("-") + 1]


def _of_strange_refund(known: Known, refund: TheirRefund) -> Iterator[Found]:
    payment = known.payment_of_id(refund.intent_id)
    # Giving back what was taken by mistake is the payment's own affair.
    is_release = payment is not None and payment.state is PaymentState.RELEASED
    if not refund.has_failed and not is_release:
        mend = Mend.FOLLOW_REFUND if payment else Mend.NONE
        yield _refund(Difference.REFUND_UNKNOWN, known, refund, 0, mend)


def _of_refund(known: Known, mine: OurRefund, there: list[TheirRefund]) -> Iterator[Found]:
    """One row of ours with all that Stripe has of it: each try that lives moved money of its own."""
    living = [one for one in there if not one.has_failed]
    living.sort(key=lambda one: (one.id != mine.stripe_id, one.at, one.id))
    told = next((one for one in there if one.id == mine.stripe_id), None)
    is_done = mine.state is RefundState.DONE
    if is_done and told is not None and told.has_failed:
        yield Found(
            Difference.REFUND_MISSING,
            told.id,
            mine.order_number,
            mine.amount_cents,
            0,
            told.at,
            _payment_id(known, told),
            Mend.FOLLOW_REFUND,
        )
    elif is_done and mine.is_due and not living:
        object_id = mine.stripe_id or f"refund:{mine.refund_row_id}"
        yield Found(Difference.REFUND_MISSING, object_id, mine.order_number, mine.amount_cents, 0, mine.at)
    for place, refund in enumerate(living):
        if place > 0:
            yield _refund(Difference.REFUNDED_TWICE, known, refund, 0, Mend.NONE, mine)
        elif not is_done:
            yield _refund(Difference.REFUND_UNKNOWN, known, refund, 0, Mend.FOLLOW_REFUND, mine)
        elif refund.amount_cents != mine.amount_cents:
            yield _refund(Difference.REFUND_DIFFERS, known, refund, mine.amount_cents, Mend.NONE, mine)


def _differs(mine: OurDispute, theirs: TheirDispute) -> bool:
    return (mine.amount_cents, course_of(mine.status)) != (theirs.amount_cents, course_of(theirs.status))


def _payment_id(known: Known, thing: TheirRefund | TheirDispute) -> int | None:
    payment = known.payment_of_id(thing.intent_id)
    return payment.payment_id if payment else None


def _refund(
    kind: Difference,
    known: Known,
    refund: TheirRefund,
    ours_cents: int,
    mend: Mend,
    mine: OurRefund | None = None,
) -> Found:
    number = mine.order_number if mine else known.number_of(refund.intent_id)
    payment_id = _payment_id(known, refund)
    return Found(kind, refund.id, number, ours_cents, refund.amount_cents, refund.at, payment_id, mend)


def _dispute(kind: Difference, known: Known, dispute: TheirDispute, ours_cents: int, mend: Mend) -> Found:
    number, payment_id = known.number_of(dispute.intent_id), _payment_id(known, dispute)
    return Found(kind, dispute.id, number, ours_cents, dispute.amount_cents, dispute.at, payment_id, mend)
