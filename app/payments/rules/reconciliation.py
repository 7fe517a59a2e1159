"""Comparing our books of payments with Stripe's, both ways: what is there and not here, and the reverse."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState, RefundState


class Difference(StrEnum):
    """One way in which the books differ; see `compare` for what each means."""

    CAPTURED_THERE = "captured_there"
    NOT_CAPTURED_THERE = "not_captured_there"
    AMOUNT_DIFFERS = "amount_differs"
    TAKEN_TWICE = "taken_twice"
    LEFT_OPEN = "left_open"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_PAYMENT = "unknown_payment"
    WITHOUT_MARK = "without_mark"
    REFUND_UNKNOWN = "refund_unknown"
    REFUND_MISSING = "refund_missing"
    REFUND_DIFFERS = "refund_differs"
    DISPUTE_UNKNOWN = "dispute_unknown"


class Mend(StrEnum):
    """What the shop can do about a difference by itself; `none`: a person has to, in Stripe's dashboard."""

    SETTLE = "settle"
    FOLLOW_REFUND = "follow_refund"
    FOLLOW_DISPUTE = "follow_dispute"
    NONE = "none"


ENDS = frozenset({PaymentState.CAPTURED, PaymentState.RELEASED})
INQUIRY = "warning"
"""How the states of a mere question of the bank begin: no money moves."""


@dataclass(frozen=True, slots=True)
class TheirIntent:
    """A PaymentIntent in Stripe's list; `received_cents` is what was taken, refunds not taken off."""

    id: str
    status: IntentStatus
    amount_cents: int
    received_cents: int
    currency: str
    order_number: str
    attempt: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirCharge:
    """A Charge in Stripe's list; without an intent it was made past every checkout."""

    id: str
    intent_id: str
    captured_cents: int
    order_number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirRefund:
    """A Refund in Stripe's list; `mark` is our metadata on it, "" where somebody made it in the dashboard."""

    id: str
    intent_id: str
    amount_cents: int
    has_failed: bool
    mark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirDispute:
    """A Dispute in Stripe's list, with Stripe's word for its state."""

    id: str
    intent_id: str
    amount_cents: int
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirFee:
    """What Stripe kept of one entry of its balance; `source_id` is the charge, refund or dispute it is of."""

    id: str
    source_id: str
    fee_cents: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirBooks:
    """All that Stripe lists of a span of time, each by the moment it was made there."""

    intents: tuple[TheirIntent, ...] = ()
    charges: tuple[TheirCharge, ...] = ()
    refunds: tuple[TheirRefund, ...] = ()
    disputes: tuple[TheirDispute, ...] = ()
    fees: tuple[TheirFee, ...] = ()

    @property
    def object_count(self) -> int:
        """How many objects were looked at."""
        return sum(map(len, (self.intents, self.charges, self.refunds, self.disputes, self.fees)))


@dataclass(frozen=True, slots=True)
class OurPayment:
    """A payment attempt of ours with its order's number; `is_due`: it was taken, and their lists ought to hold it."""

    payment_id: int
    order_id: int
    order_number: str
    state: PaymentState
    amount_cents: int
    currency: str
    intent_id: str
    at: datetime
    is_due: bool = True


@dataclass(frozen=True, slots=True)
class OurRefund:
    """A refund of ours; `mark` is how our metadata on it begins at Stripe, whichever try made it.

    `is_due`: it is done, and their lists ought to hold it.
    """

    refund_row_id: int
    order_number: str
    state: RefundState
    amount_cents: int
    stripe_id: str
    mark: str
    at: datetime
    is_due: bool = True


@dataclass(frozen=True, slots=True)
class OurBooks:
    """What we know of what they list, and what of a span of time they ought to list."""

    payments: tuple[OurPayment, ...] = ()
    refunds: tuple[OurRefund, ...] = ()
    order_numbers: frozenset[str] = frozenset()
    dispute_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """One difference: the object at Stripe (or our row, `payment:1`) with the amount here and there."""

    kind: Difference
    object_id: str
    order_number: str
    ours_cents: int
    theirs_cents: int
    at: datetime
    payment_id: int | None = None
    mend: Mend = Mend.NONE


def compare(ours: OurBooks, theirs: TheirBooks) -> list[Found]:
    """Every difference once, in a steady order.

    captured there: taken at Stripe, not in our books · not captured there: the reverse · taken twice: more than one
    payment of an order was taken · left open: reserved at Stripe with nobody deciding · unknown order, unknown
    payment: our metadata names what is not (or no longer) here · without mark: money without our metadata ·
    refund unknown, missing, differs · dispute unknown.
    """
    known = _Known(ours, theirs)
    return [
        *_of_intents(known, theirs),
        *_of_charges(theirs),
        *_of_payments(known, ours),
        *_of_refunds(known, ours, theirs),
        *_of_disputes(known, ours, theirs),
    ]


class _Known:
    """Who belongs to whom: our payment of an intent, by its id or else by our metadata on it."""

    def __init__(self, ours: OurBooks, theirs: TheirBooks) -> None:
        self._by_intent = {one.intent_id: one for one in ours.payments if one.intent_id}
        self._by_mark = {(str(one.payment_id), one.order_number): one for one in ours.payments}
        self.order_numbers = ours.order_numbers
        self.intents = {one.id: one for one in theirs.intents}
        self.refunded_cents: dict[str, int] = {}
        for refund in theirs.refunds:
            if not refund.has_failed:
                before = self.refunded_cents.get(refund.intent_id, 0)
                self.refunded_cents[refund.intent_id] = before + refund.amount_cents
        self._taken: dict[str, list[TheirIntent]] = {}
        for intent in theirs.intents:
            if intent.order_number and self.left_cents(intent) > 0:
                self._taken.setdefault(intent.order_number, []).append(intent)

    def payment_of(self, intent: TheirIntent) -> OurPayment | None:
        return self._by_intent.get(intent.id) or self._by_mark.get((intent.attempt, intent.order_number))

    def payment_of_id(self, intent_id: str) -> OurPayment | None:
        intent = self.intents.get(intent_id)
        return self.payment_of(intent) if intent else self._by_intent.get(intent_id)

    def number_of(self, intent_id: str) -> str:
        payment, intent = self.payment_of_id(intent_id), self.intents.get(intent_id)
        return payment.order_number if payment else intent.order_number if intent else ""

    def left_cents(self, intent: TheirIntent) -> int:
        taken = intent.received_cents if intent.status is IntentStatus.CAPTURED else 0
        return taken - self.refunded_cents.get(intent.id, 0)

    def is_second(self, intent: TheirIntent) -> bool:
        """Whether another payment of the same order stands before this one: the one of our books, or the older."""
        taken = self._taken.get(intent.order_number, [])
        if len(taken) < 2 or intent not in taken:
            return False
        ours = [one for one in taken if (it := self.payment_of(one)) and it.state is PaymentState.CAPTURED]
        first = min(ours or taken, key=lambda one: (one.at, one.id))
        return first is not intent


def _of_intents(known: _Known, theirs: TheirBooks) -> Iterator[Found]:
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


def _of_taken(intent: TheirIntent, payment: OurPayment, known: _Known) -> Iterator[Found]:
    mend = Mend.NONE if payment.state in ENDS else Mend.SETTLE
    if known.is_second(intent):
        yield _found(Difference.TAKEN_TWICE, intent, payment, intent.received_cents, mend=mend)
    elif payment.state is not PaymentState.CAPTURED:
        # What was taken and paid back in full is what "released" says.
        if known.left_cents(intent) > 0 or payment.state is not PaymentState.RELEASED:
            yield _found(Difference.CAPTURED_THERE, intent, payment, intent.received_cents, mend=mend)
    elif (intent.received_cents, intent.currency.upper()) != (payment.amount_cents, payment.currency):
        yield _found(Difference.AMOUNT_DIFFERS, intent, payment, intent.received_cents)


def _stranger(intent: TheirIntent, known: _Known) -> Difference:
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


def _of_payments(known: _Known, ours: OurBooks) -> Iterator[Found]:
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


def _of_refunds(known: _Known, ours: OurBooks, theirs: TheirBooks) -> Iterator[Found]:
    by_id = {one.stripe_id: one for one in ours.refunds if one.stripe_id}
    met: set[int] = set()
    for refund in theirs.refunds:
        mine = by_id.get(refund.id) or next(
            (one for one in ours.refunds if refund.mark and refund.mark.startswith(one.mark)), None
        )
        payment = known.payment_of_id(refund.intent_id)
        number = known.number_of(refund.intent_id)
        if mine is None:
            # Giving back what was taken by mistake is the payment's own affair.
            is_release = payment is not None and payment.state is PaymentState.RELEASED
            if not refund.has_failed and not is_release:
                mend = Mend.FOLLOW_REFUND if payment else Mend.NONE
                yield _refund(
                    Difference.REFUND_UNKNOWN, refund, number, 0, refund.amount_cents, mend, payment
                )
            continue
        is_living = not refund.has_failed
        if is_living or refund.id == mine.stripe_id:
            met.add(mine.refund_row_id)
        if mine.state is RefundState.DONE and refund.id == mine.stripe_id and refund.has_failed:
            mend = Mend.FOLLOW_REFUND
            yield _refund(Difference.REFUND_MISSING, refund, number, mine.amount_cents, 0, mend, payment)
        elif is_living and refund.amount_cents != mine.amount_cents:
            cents = refund.amount_cents
            yield _refund(
                Difference.REFUND_DIFFERS, refund, number, mine.amount_cents, cents, Mend.NONE, payment
            )
    for one in ours.refunds:
        if one.is_due and one.state is RefundState.DONE and one.refund_row_id not in met:
            yield Found(
                Difference.REFUND_MISSING,
                one.stripe_id or f"refund:{one.refund_row_id}",
                one.order_number,
                one.amount_cents,
                0,
                one.at,
            )


def _of_disputes(known: _Known, ours: OurBooks, theirs: TheirBooks) -> Iterator[Found]:
    for dispute in theirs.disputes:
        if dispute.status.startswith(INQUIRY) or dispute.id in ours.dispute_ids:
            continue
        payment = known.payment_of_id(dispute.intent_id)
        yield Found(
            Difference.DISPUTE_UNKNOWN,
            dispute.id,
            known.number_of(dispute.intent_id),
            0,
            dispute.amount_cents,
            dispute.at,
            payment.payment_id if payment else None,
            Mend.FOLLOW_DISPUTE if payment else Mend.NONE,
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


def _refund(
    kind: Difference,
    refund: TheirRefund,
    number: str,
    ours_cents: int,
    theirs_cents: int,
    mend: Mend,
    payment: OurPayment | None,
) -> Found:
    payment_id = payment.payment_id if payment else None
    return Found(kind, refund.id, number, ours_cents, theirs_cents, refund.at, payment_id, mend)
