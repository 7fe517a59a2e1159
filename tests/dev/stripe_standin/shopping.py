"""Builders of the requests that a shop makes of Stripe."""

from typing import Any

import stripe
from stripe.checkout import Session

from dev.stripe_standin.server import StandinProcess

SUCCESS_URL = "http://127.0.0.1:9/checkout/return?session={CHECKOUT_SESSION_ID}"
CANCEL_URL = "http://127.0.0.1:9/checkout"


def plain(metadata: Any) -> dict[str, str]:
    """Metadata of an answer as a dict."""
    found: dict[str, str] = metadata.to_dict()
    return found


class Shop:
    """Asks like the shop does; the customer pays through the stand-in's control."""

    def __init__(self, client: stripe.StripeClient, standin: StandinProcess) -> None:
        self.v1 = client.v1
        self.standin = standin

    def customer(self) -> stripe.Customer:
        """A new customer with an e-mail address."""
        return self.v1.customers.create({"email": "buyer@demo.example", "name": "Müller Werkzeuge GmbH"})

    def session(
        self,
        *,
        amount_cents: int = 11_900,
        capture_method: str = "manual",
        key: str | None = None,
        **more: Any,
    ) -> Session:
        """An open session as the shop makes it; more parameters replace these."""
        params: dict[str, Any] = {
            "mode": "payment",
            "ui_mode": "hosted_page",
            "locale": "en",
            "allowed_payment_method_types": ["card"],
            "client_reference_id": "order-1",
            "metadata": {"order": "1", "attempt": "1"},
            "line_items": [
                {
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": amount_cents,
                        "product_data": {"name": "Wartungspaket"},
                    },
                    "quantity": 1,
                }
            ],
            "payment_intent_data": {
                "capture_method": capture_method,
                "setup_future_usage": "off_session",
                "metadata": {"order": "1", "attempt": "1"},
                "description": "Order 1",
            },
            "wallet_options": {"link": {"display": "never"}},
            "success_url": SUCCESS_URL,
            "cancel_url": CANCEL_URL,
            **more,
        }
        options: stripe.RequestOptions = {} if key is None else {"idempotency_key": key}
        return self.v1.checkout.sessions.create(params, options)  # type: ignore[arg-type]

    def intent(self, session_id: str) -> stripe.PaymentIntent:
        """The session's intent with its latest charge."""
        session = self.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent.latest_charge"]})
        assert isinstance(session.payment_intent, stripe.PaymentIntent)
        return session.payment_intent

    def authorised(self, card: str = "4242424242424242", **more: Any) -> stripe.PaymentIntent:
        """A new session that was paid with this card."""
        session = self.session(**more)
        paid = self.standin.pay(session.id, card)
        assert paid["status"] in ("requires_capture", "succeeded"), paid
        return self.intent(session.id)

    def captured(self, card: str = "4242424242424242", **more: Any) -> stripe.PaymentIntent:
        """A new session, paid and captured."""
        return self.v1.payment_intents.capture(self.authorised(card, **more).id)
