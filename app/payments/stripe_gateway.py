"""The shop's only words with Stripe: card pages, reserving, taking and giving back money, reading events."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import stripe
from stripe.params import DisputeUpdateParamsEvidence, PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from app.payments.rules.books import TheirBooks
from app.payments.rules.facts import (
    DeclineFacts,
    DisputeFacts,
    EventFacts,
    FeeWish,
    IntentFacts,
    MethodFacts,
    RecentThings,
    RefundFacts,
    RefundStatus,
    SessionFacts,
    SessionStatus,
    SessionWish,
    WarningFacts,
)
from app.payments.rules.keys import is_test_key
from app.payments.rules.refunding import is_lost_refund
from app.payments.stripe_answers import CardRefused as CardRefused
from app.payments.stripe_answers import KeyMismatch as KeyMismatch
from app.payments.stripe_answers import StripeRefusal as StripeRefusal
from app.payments.stripe_answers import StripeUnavailable as StripeUnavailable
from app.payments.stripe_answers import answers as _answers
from app.payments.stripe_answers import intent_facts as _intent_facts
from app.payments.stripe_answers import method_facts, ours
from app.payments.stripe_books import read_books

stripe.enable_telemetry = False

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 8.0
EVENT_TOLERANCE_SECONDS = 300


class Forged(Exception):
    """An event that was not signed by Stripe for this endpoint, too old, or of the other mode."""


class StripeGateway:
    """One Stripe account. Every verb raises StripeUnavailable when the answer is missing or unclear."""

    def __init__(
        self,
        *,
        api_key: str,
        webhook_secret: str,
        api_base: str | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        if not webhook_secret:
            raise ValueError("an empty webhook secret accepts any forged event")
        self._given = (api_key, webhook_secret, api_base)
        self._webhook_secret = webhook_secret
        self._is_live = not is_test_key(api_key)
        addresses: dict[str, Any] = {}
        if api_base:
            # Evidence is uploaded to a host of its own at Stripe.
            addresses["base_addresses"] = {"api": api_base.rstrip("/"), "files": api_base.rstrip("/")}
        # Without retries of the SDK: whoever asks decides, and a page must not wait three times.
        self._client = stripe.StripeClient(
            api_key,
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=(min(CONNECT_SECONDS, answer_seconds), answer_seconds)),
            **addresses,
        )
        self._hurried: StripeGateway | None = None

    def hurried(self, *, answer_seconds: float) -> "StripeGateway":
        """The same account for a page that somebody waits for."""
        if self._hurried is None:
            key, secret, base = self._given
            self._hurried = StripeGateway(
                api_key=key, webhook_secret=secret, api_base=base, answer_seconds=answer_seconds
            )
        return self._hurried

    def make_customer(self, *, name: str, email: str, number: str, key: str) -> str:
        """The id of a new customer at Stripe."""
        with _answers():
            made = self._client.v1.customers.create(
                {"name": name, "email": email, "metadata": {"customer": number}}, {"idempotency_key": key}
            )
        return made.id

    def create_session(self, wish: SessionWish, *, key: str) -> SessionFacts:
        """An open card page. Raises KeyMismatch, and StripeRefusal for a wish that Stripe does not take."""
        with _answers():
            session = self._client.v1.checkout.sessions.create(_params(wish), {"idempotency_key": key})
        return _session_facts(session)

    def find_session(
        self, stripe_customer_id: str, *, attempt: str, order_number: str
    ) -> SessionFacts | None:
        """The newest session of a customer that carries our metadata; for answers that were lost."""
        with _answers():
            found = self._client.v1.checkout.sessions.list(
                {
                    "customer": stripe_customer_id,
                    "limit": 100,
                    "expand": ["data.payment_intent.latest_charge"],
                }
            )
        for session in found.data:
            facts = _session_facts(session)
            if (facts.attempt, facts.order_number) == (attempt, order_number):
                return facts
        return None

    def read_session(self, session_id: str) -> SessionFacts:
        """A session as it is now, with its intent."""
        with _answers():
            session = self._client.v1.checkout.sessions.retrieve(
                session_id, {"expand": ["payment_intent.latest_charge"]}
            )
        return _session_facts(session)

    def read_intent(self, intent_id: str) -> IntentFacts:
        """An intent as it is now."""
        with _answers():
            intent = self._client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        return _intent_facts(intent)

    def declines_of(self, intent_id: str) -> list[DeclineFacts]:
        """The declined tries of a card page, newest first, at most a hundred."""
        with _answers():
            found = self._client.v1.charges.list({"payment_intent": intent_id, "limit": 100})
        return [
            DeclineFacts(one.id, one.failure_code or "declined", datetime.fromtimestamp(one.created, UTC))
            for one in found.data
            if one.status == "failed"
        ]

    def charge_kept_card(self, wish: FeeWish, *, key: str) -> IntentFacts:
        """Reserves an amount on a kept card, nobody being present. Raises CardRefused where its bank says no, and
        StripeRefusal for a card that is gone; neither reserved anything.
        """
        with _answers():
            try:
                intent = self._client.v1.payment_intents.create(_fee_params(wish), {"idempotency_key": key})
            except stripe.CardError as error:
                reason = error.error.decline_code if error.error else None
                raise CardRefused(str(reason or error.code or "declined")[:64]) from error
        return _intent_facts(intent)

    def find_intent(self, stripe_customer_id: str, *, attempt: str, order_number: str) -> IntentFacts | None:
        """The newest intent of a customer that carries our metadata; for answers that were lost."""
        with _answers():
            found = self._client.v1.payment_intents.list(
                {"customer": stripe_customer_id, "limit": 100, "expand": ["data.latest_charge"]}
            )
        for intent in map(_intent_facts, found.data):
            if (intent.attempt, intent.order_number) == (attempt, order_number):
                return intent
        return None

    def read_method(self, payment_method_id: str) -> MethodFacts:
        """A kept card as it is now. Raises StripeRefusal for an unknown one."""
        with _answers():
            return method_facts(self._client.v1.payment_methods.retrieve(payment_method_id))

    def detach(self, payment_method_id: str) -> None:
        """Has Stripe let a card go for ever; one that is gone already is as good."""
        try:
            with _answers():
                self._client.v1.payment_methods.detach(payment_method_id)
        except StripeRefusal as refusal:
            if refusal.code != "resource_missing" and self.read_method(payment_method_id).stripe_customer_id:
                raise

    def expire_session(self, session_id: str) -> SessionFacts:
        """Closes a card page; where the customer was faster, the session as it is now."""
        try:
            with _answers():
                self._client.v1.checkout.sessions.expire(session_id)
        except StripeRefusal:
            pass
        return self.read_session(session_id)

    def capture(self, intent_id: str, *, amount_cents: int, key: str) -> IntentFacts:
        """Takes the reserved money, once; what the intent says afterwards is the truth."""
        try:
            with _answers():
                intent = self._client.v1.payment_intents.capture(
                    intent_id,
                    {"amount_to_capture": amount_cents, "expand": ["latest_charge"]},
                    {"idempotency_key": key},
                )
            return _intent_facts(intent)
        except StripeRefusal:
            return self.read_intent(intent_id)

    def release(self, intent_id: str, *, key: str) -> IntentFacts:
        """Gives reserved money back; what the intent says afterwards is the truth."""
        try:
            with _answers():
                intent = self._client.v1.payment_intents.cancel(
                    intent_id, {"expand": ["latest_charge"]}, {"idempotency_key": key}
                )
            return _intent_facts(intent)
        except StripeRefusal:
            return self.read_intent(intent_id)

    def refund(self, intent_id: str, *, key: str) -> None:
        """Pays back in full what was taken; done before is as good."""
        try:
            with _answers():
                self._client.v1.refunds.create({"payment_intent": intent_id}, {"idempotency_key": key})
        except StripeRefusal as refusal:
            if refusal.code != "charge_already_refunded":
                raise

    def pay_back(
        self, intent_id: str, *, amount_cents: int, mark: str, order_number: str, key: str
    ) -> RefundFacts:
        """Pays back a part of what was taken. Raises StripeRefusal: charged back, or more than is left."""
        with _answers():
            refund = self._client.v1.refunds.create(
                {
                    "payment_intent": intent_id,
                    "amount": amount_cents,
                    "metadata": {"refund": mark, "order": order_number},
                },
                {"idempotency_key": key},
            )
        return _refund_facts(refund)

    def find_refund(self, intent_id: str, *, mark: str, amount_cents: int) -> RefundFacts | None:
        """The living refund of that amount whose mark is ours, of whichever try; for answers that were lost."""
        with _answers():
            found = self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        theirs = map(_refund_facts, found.data)
        return next((one for one in theirs if is_lost_refund(one, mark, amount_cents=amount_cents)), None)

    def read_refund(self, refund_id: str) -> RefundFacts:
        """A refund as it is now."""
        with _answers():
            return _refund_facts(self._client.v1.refunds.retrieve(refund_id))

    def read_dispute(self, dispute_id: str) -> DisputeFacts:
        """A dispute as it is now. Raises StripeRefusal for an unknown one."""
        with _answers():
            return _dispute_facts(self._client.v1.disputes.retrieve(dispute_id))

    def upload_evidence(self, content: bytes, *, name: str, key: str) -> str:
        """The id of a file at Stripe that evidence may refer to. Raises StripeRefusal: too large, of another kind."""
        file = io.BytesIO(content)
        file.name = name
        with _answers():
            made = self._client.v1.files.create(
                {"purpose": "dispute_evidence", "file": file}, {"idempotency_key": key}
            )
        return made.id

    def submit_evidence(self, dispute_id: str, evidence: Mapping[str, str], *, key: str) -> DisputeFacts:
        """Sends texts and files to the bank, once and for good. Raises StripeRefusal: closed, or sent before."""
        with _answers():
            dispute = self._client.v1.disputes.update(
                dispute_id,
                {"evidence": cast(DisputeUpdateParamsEvidence, dict(evidence)), "submit": True},
                {"idempotency_key": key},
            )
        return _dispute_facts(dispute)

    def read_warning(self, warning_id: str) -> WarningFacts:
        """An early fraud warning as it is now. Raises StripeRefusal for an unknown one."""
        with _answers():
            warning = self._client.v1.radar.early_fraud_warnings.retrieve(warning_id)
        return WarningFacts(
            id=warning.id,
            intent_id=_id_of(warning.payment_intent),
            fraud_type=warning.fraud_type,
            is_open=warning.actionable,
        )

    def refunds_of_charge(self, charge_id: str) -> tuple[str, ...]:
        """The ids of a charge's refunds, the newest 100."""
        with _answers():
            found = self._client.v1.refunds.list({"charge": charge_id, "limit": 100})
        return tuple(one.id for one in found.data)

    def read_recent(self) -> RecentThings:
        """The ids of the newest 100 refunds, disputes and early fraud warnings of the account."""
        with _answers():
            return RecentThings(
                tuple(one.id for one in self._client.v1.refunds.list({"limit": 100}).data),
                tuple(one.id for one in self._client.v1.disputes.list({"limit": 100}).data),
                tuple(one.id for one in self._client.v1.radar.early_fraud_warnings.list({"limit": 100}).data),
            )

    def read_books(self, *, since: datetime, until: datetime) -> TheirBooks:
        """All that Stripe lists of a span of time, over as many pages as there are."""
        with _answers():
            return read_books(self._client, since=since, until=until)

    def read_event(self, body: bytes, *, signature: str) -> EventFacts:
        """What a webhook is about. Raises Forged; nothing of an unsigned body is looked at."""
        try:
            stripe.WebhookSignature.verify_header(
                body, signature, self._webhook_secret, tolerance=EVENT_TOLERANCE_SECONDS
            )
            event = json.loads(body)
            if event["livemode"] is not self._is_live:
                raise Forged("an event of the other mode")
            return EventFacts(
                str(event["id"]), str(event["type"]), str(event["data"]["object"].get("id", ""))
            )
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Forged(str(error)) from error


def _params(wish: SessionWish) -> SessionCreateParams:
    metadata = {"order": wish.order_number, "attempt": wish.attempt}
    params: SessionCreateParams = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "allowed_payment_method_types": ["card"],
        "customer": wish.stripe_customer_id,
        "client_reference_id": wish.order_number,
        "locale": "de" if wish.language == "de" else "en",
        "metadata": metadata,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": wish.currency.lower(),
                    "unit_amount": item.gross_cents,
                    "product_data": {"name": item.name},
                },
            }
            for item in wish.items
        ],
        "payment_intent_data": {
            "capture_method": "manual",
            "description": wish.order_number,
            "metadata": metadata,
        },
        "wallet_options": {"link": {"display": "never"}},
        "expires_at": int(wish.expires_at.timestamp()),
        "success_url": wish.return_url,
        "cancel_url": wish.cancel_url,
    }
    if wish.keeps_card:
        params["payment_intent_data"]["setup_future_usage"] = "off_session"
    return params


def _fee_params(wish: FeeWish) -> PaymentIntentCreateParams:
    return {
        "amount": wish.amount_cents,
        "currency": wish.currency.lower(),
        "customer": wish.stripe_customer_id,
        "payment_method": wish.payment_method_id,
        "allowed_payment_method_types": ["card"],
        "capture_method": "manual",
        "confirm": True,
        "off_session": True,
        "description": wish.order_number,
        "metadata": {"order": wish.order_number, "attempt": wish.attempt},
        "expand": ["latest_charge"],
    }


def _session_facts(session: stripe.checkout.Session) -> SessionFacts:
    intent = session.payment_intent
    return SessionFacts(
        id=session.id,
        status=SessionStatus(session.status or "open"),
        url=session.url,
        order_number=ours(session.metadata, "order"),
        attempt=ours(session.metadata, "attempt"),
        intent=_intent_facts(intent) if isinstance(intent, stripe.PaymentIntent) else None,
    )


def _dispute_facts(dispute: stripe.Dispute) -> DisputeFacts:
    details = dispute.evidence_details
    return DisputeFacts(
        id=dispute.id,
        status=dispute.status,
        reason=dispute.reason,
        intent_id=_id_of(dispute.payment_intent),
        amount_cents=dispute.amount,
        opened_at=datetime.fromtimestamp(dispute.created, UTC),
        due_at=datetime.fromtimestamp(details.due_by, UTC) if details.due_by else None,
        is_submitted=details.submission_count > 0,
    )


def _id_of(thing: "str | stripe.PaymentIntent | None") -> str:
    return thing.id if isinstance(thing, stripe.PaymentIntent) else thing or ""


def _refund_facts(refund: stripe.Refund) -> RefundFacts:
    has_failed = refund.status in ("failed", "canceled")
    return RefundFacts(
        id=refund.id,
        status=RefundStatus.FAILED if has_failed else RefundStatus.WAY,
        amount_cents=refund.amount,
        mark=ours(refund.metadata, "refund"),
        intent_id=_id_of(refund.payment_intent),
        failure_code=str(refund.failure_reason or refund.status)[:64] if has_failed else "",
    )
