"""The verbs of kept and tried cards of our stand-in for the gateway."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from app.payments.rules.facts import DeclineFacts, FeeWish, IntentFacts, IntentStatus, MethodFacts
from app.payments.stripe_gateway import CardRefused, StripeRefusal


@dataclass
class FakeCards:
    """Cards that stay with Stripe, what is charged to them, and declined tries on card pages."""

    methods: dict[str, MethodFacts] = field(default_factory=dict)
    fees: dict[str, IntentFacts] = field(default_factory=dict)
    fee_wishes: list[FeeWish] = field(default_factory=list)
    declined: dict[str, list[DeclineFacts]] = field(default_factory=dict)
    refusing: dict[str, str] = field(default_factory=dict)
    """By the id of a kept card the word with which its bank refuses each charge."""
    detached: list[str] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def _do(self, verb: str, key: str | None, asked: Any, work: Callable[[], Any]) -> Any:
        raise NotImplementedError

    def keep(self, stripe_customer_id: str, **facts: Any) -> MethodFacts:
        """A card stays with Stripe for a customer."""
        made = f"pm_{next(self._ids)}"
        values: dict[str, Any] = {
            "id": made,
            "stripe_customer_id": stripe_customer_id,
            "brand": "visa",
            "last4": "4242",
            "expires_month": 12,
            "expires_year": 2030,
        }
        self.methods[made] = MethodFacts(**{**values, **facts})
        return self.methods[made]

    def let_go(self, payment_method_id: str) -> None:
        """Somebody has Stripe let a card go, in its dashboard for instance."""
        self.methods[payment_method_id] = replace(self.methods[payment_method_id], stripe_customer_id=None)

    def renew(self, payment_method_id: str, **facts: Any) -> None:
        """The bank sends its customer a new card; Stripe keeps it under the same id."""
        self.methods[payment_method_id] = replace(self.methods[payment_method_id], **facts)

    # StripeGateway's verbs

    def declines_of(self, intent_id: str) -> list[DeclineFacts]:
        self._do("declines_of", None, None, lambda: None)
        return list(reversed(self.declined.get(intent_id, [])))

    def charge_kept_card(self, wish: FeeWish, *, key: str) -> IntentFacts:
        def work() -> str | CardRefused:
            self.fee_wishes.append(wish)
            method = self.methods[wish.payment_method_id]
            if method.stripe_customer_id != wish.stripe_customer_id:
                raise StripeRefusal("resource_missing")
            made = f"pi_{next(self._ids)}"
            code = self.refusing.get(method.id, "")
            self.fees[made] = IntentFacts(
                made,
                IntentStatus.WAITING if code else IntentStatus.AUTHORISED,
                wish.amount_cents,
                wish.currency,
                wish.order_number,
                wish.attempt,
                failure_code=code,
                card_brand=method.brand,
                card_last4=method.last4,
                card_fingerprint=f"fp-{method.id}",
            )
            return CardRefused(code) if code else made

        answer = self._do("charge_kept_card", key, wish, work)
        if isinstance(answer, CardRefused):
            raise answer
        return self.fees[answer]

    def find_intent(self, stripe_customer_id: str, *, attempt: str, order_number: str) -> IntentFacts | None:
        self._do("find_intent", None, None, lambda: None)
        for one in reversed(self.fees.values()):
            if (one.attempt, one.order_number) == (attempt, order_number):
                return one
        return None

    def read_method(self, payment_method_id: str) -> MethodFacts:
        self._do("read_method", None, None, lambda: None)
        if payment_method_id not in self.methods:
            raise StripeRefusal("resource_missing")
        return self.methods[payment_method_id]

    def detach(self, payment_method_id: str) -> None:
        def work() -> None:
            self.detached.append(payment_method_id)
            if payment_method_id in self.methods:
                self.let_go(payment_method_id)

        self._do("detach", None, None, work)
