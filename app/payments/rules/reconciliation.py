"""Comparing our books of payments with Stripe's, both ways: what is there and not here, and the reverse."""

from collections.abc import Iterator

from app.payments.rules.books import Difference, Found, Mend, OurBooks, OurPayment, TheirBooks, TheirIntent
from app.payments.rules.facts import IntentStatus
from app.payments.rules.known_payments import Known
from app.payments.rules.outgoings import of_disputes, of_refunds
from app.payments.rules.states import PaymentState

ENDS = frozenset({PaymentState.CAPTURED, PaymentState.RELEASED})


def compare(ours: OurBooks, theirs: TheirBooks) -> list[Found]:
    """Every difference once, in a steady order.

    captured there: taken at Stripe, not in our books · not captured there: the reverse · taken twice: more than one
    payment of an order was taken · left open: reserved at Stripe with nobody deciding · unknown order, unknown
    payment: our metadata names what is not (or no longer) here · without mark: money without our metadata ·
    refund unknown, missing, differs, refunded twice: more than one refund of one row of ours went out · dispute
    unknown, missing, differs: in its amount, or in who has the money.
    """
    known = Known(ours, theirs)
    return [
        *_of_intents(known, theirs),
        *_of_charges(theirs),
        *_of_payments(known, ours),
        *of_refunds(known, ours, theirs),
        *of_disputes(known, ours, theirs),
    ]


def _of_intents(known: Known, theirs: TheirBooks) -> Iterator[Found]:
    for intent in theirs.intents:
        is_held = intent.status is IntentStatus.AUTHORISED
        left_cents = known.left_cents(intent)
        if not is_held and left_cents <= 0 and intent.status is not IntentStatus.CAPTURED:
            continue
        payment = known.payment_of(intent)
        cents = intent.amount_cents if is_held else intent.received_cents
        if payment is None:
            if is_held or left_cents > 0:
                yield _found(_stranger(intent, known), intent, None, cents)
        elif is_held:
            yield from _of_held(intent, payment, cents)
        else:
            yield from _of_taken(intent, payment, known)


def _of_held(intent: TheirIntent, payment: OurPayment, cents: int) -> Iterator[Found]:
    if payment.state is PaymentState.CAPTURED:
        yield _found(Difference.NOT_CAPTURED_THERE, intent, payment, 0)
    elif payment.state is not PaymentState.HELD:
        mend = Mend.NONE if payment.state in ENDS else Mend.SETTLE
        yield _found(Difference.LEFT_OPEN, intent, payment, cents, mend=mend)


def _of_taken(intent: TheirIntent, payment: OurPayment, known: Known) -> Iterator[Found]:
    mend = Mend.NONE if payment.state in ENDS else Mend.SETTLE
    if known.is_second(intent):
        yield _found(Difference.TAKEN_TWICE, intent, payment, intent.received_cents, mend=mend)
    elif payment.state is not PaymentState.CAPTURED:
        # What was taken and paid back in full is what "released" says.
        if known.left_cents(intent) > 0 or payment.state is not PaymentState.RELEASED:
            yield _found(Difference.CAPTURED_THERE, intent, payment, intent.received_cents, mend=mend)
    elif (intent.received_cents, intent.currency.upper()) != (payment.amount_cents, payment.currency):
        yield _found(Difference.AMOUNT_DIFFERS, intent, payment, intent.received_cents)


def _stranger(intent: TheirIntent, known: Known) -> Difference:
    if not intent.order_number and not intent.attempt:
        return Difference.WITHOUT_MARK
    if known.is_second(intent):
        return Difference.TAKEN_TWICE
    is_known = intent.order_number in known.order_numbers
    return Difference.UNKNOWN_PAYMENT if is_known else Difference.UNKNOWN_ORDER


def _of_charges(theirs: TheirBooks) -> Iterator[Found]:
    for charge in theirs.charges:
        if charge.captured_cents and not charge.intent_id:
            yield Found(
                Difference.WITHOUT_MARK,
                charge.id,
                charge.order_number,
                0,
                charge.captured_cents,
                charge.at,
            )


def _of_payments(known: Known, ours: OurBooks) -> Iterator[Found]:
    for payment in ours.payments:
        intent = known.intents.get(payment.intent_id)
        is_gone = intent is None or intent.status not in (IntentStatus.CAPTURED, IntentStatus.AUTHORISED)
        if payment.is_due and payment.state is PaymentState.CAPTURED and is_gone:
            yield Found(
                Difference.NOT_CAPTURED_THERE,
                payment.intent_id or f"payment:{payment.payment_id}",
                payment.order_number,
                payment.amount_cents,
                0,
                payment.at,
                payment.payment_id,
            )


def _found(
    kind: Difference,
    intent: TheirIntent,
    payment: OurPayment | None,
    theirs_cents: int,
    *,
    mend: Mend = Mend.NONE,
) -> Found:
    is_taken = payment is not None and payment.state is PaymentState.CAPTURED
    return Found(
        kind,
        intent.id,
        payment.order_number if payment else intent.order_number,
        payment.amount_cents if payment and is_taken else 0,
        theirs_cents,
        intent.at,
        payment.payment_id if payment else None,
        mend,
    )
