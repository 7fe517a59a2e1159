"""Which payment of ours an intent at Stripe is of, and what of its money is left there."""

from app.payments.rules.books import OurBooks, OurPayment, TheirBooks, TheirIntent
from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState


class Known:
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
