"""Stand-ins with the interface of our gateways, for tests of flows."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from app.invoices.checking import Checker, Report
from app.payments.rules.books import TheirBooks, TheirDispute, TheirIntent, TheirRefund
from app.payments.rules.facts import (
    DeclineFacts,
    DisputeFacts,
    EventFacts,
    IntentFacts,
    IntentStatus,
    RecentThings,
    RefundFacts,
    RefundStatus,
    SessionFacts,
    SessionStatus,
    SessionWish,
    WarningFacts,
)
from app.payments.rules.refunding import is_lost_refund
from app.payments.stripe_gateway import Forged, KeyMismatch, StripeRefusal, StripeUnavailable
from tests import make
from tests.fakes_cards import FakeCards

Answer = TypeVar("Answer")


@dataclass
class _Fault:
    """What the next call of a verb suffers."""

    verb: str
    is_after_work: bool = False
    is_stored: bool = False


@dataclass
class FakeStripe(FakeCards):
    """StripeGateway's verbs on a dictionary: idempotent, with one state per session and intent."""

    sessions: dict[str, SessionFacts] = field(default_factory=dict)
    payers: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    wishes: dict[str, SessionWish] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refunded: list[str] = field(default_factory=list)
    refunds: dict[str, RefundFacts] = field(default_factory=dict)
    charged_back: set[str] = field(default_factory=set)
    is_list_behind: bool = False
    disputes: dict[str, DisputeFacts] = field(default_factory=dict)
    warnings: dict[str, WarningFacts] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    evidence: dict[str, dict[str, str]] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    _answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)
    _faults: list[_Fault] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # What a test does to it

    def pay(self, session_id: str, *, amount_cents: int | None = None, **facts: Any) -> str:
        """The customer pays: the money is reserved, the page complete. Gives the intent's id."""
        with self._lock:
            session = self.sessions[session_id]
            assert session.status is SessionStatus.OPEN, session.status
            wanted = self.amounts[session_id] if amount_cents is None else amount_cents
            values: dict[str, Any] = {
                "id": session.intent.id if session.intent else f"pi_{next(self._ids)}",
                "status": IntentStatus.AUTHORISED,
                "amount_cents": wanted,
                "currency": "EUR",
                "order_number": session.order_number,
                "attempt": session.attempt,
                "card_brand": "visa",
                "card_last4": "4242",
                "card_fingerprint": "fp-1",
            }
            wish = self.wishes[session_id]
            if wish.keeps_card:
                values["kept_method_id"] = self.keep(wish.stripe_customer_id).id
            intent = IntentFacts(**{**values, **facts})
            self.sessions[session_id] = replace(
                session, status=SessionStatus.COMPLETE, url=None, intent=intent
            )
            return intent.id

    def decline(self, session_id: str, *, code: str = "insufficient_funds", at: datetime = make.NOW) -> None:
        """A card is refused; the page stays open for another one."""
        session = self.sessions[session_id]
        intent = session.intent or IntentFacts(
            f"pi_{next(self._ids)}",
            IntentStatus.WAITING,
            self.amounts[session_id],
            "EUR",
            session.order_number,
            session.attempt,
        )
        charge_id = f"ch_{next(self._ids)}"
        self.declined.setdefault(intent.id, []).append(DeclineFacts(charge_id, code, at))
        self.sessions[session_id] = replace(
            session, intent=replace(intent, failure_code=code, charge_id=charge_id)
        )

    def expire(self, session_id: str) -> None:
        """The page's time is over."""
        session = self.sessions[session_id]
        if session.status is SessionStatus.OPEN:
            self.sessions[session_id] = replace(session, status=SessionStatus.EXPIRED, url=None)

    def cancel_at_stripe(self, intent_id: str) -> None:
        """Somebody or time gave the reserved money back."""
        self._set(intent_id, IntentStatus.CANCELED)

    def fail_next(self, verb: str, *, is_after_work: bool = False, is_stored: bool = False) -> None:
        """The next call of a verb ends in StripeUnavailable; `is_stored`: its key answers so for ever."""
        self._faults.append(_Fault(verb, is_after_work, is_stored))

    def refuse_next(self, verb: str, code: str) -> None:
        """The next call of a verb is refused."""

        def refuse() -> None:
            raise StripeRefusal(code)

        self.before[verb] = refuse

    def forget_keys(self) -> None:
        """A day passes: the answers to old keys are replayed no more."""
        self._stored.clear()
        self._answers.clear()

    def books(self) -> dict[str, IntentStatus]:
        """Each intent's state: what happened to the money."""
        paid = [one.intent for one in self.sessions.values() if one.intent]
        return {one.id: one.status for one in [*paid, *self.fees.values()]}

    # StripeGateway's verbs

    def hurried(self, *, answer_seconds: float) -> "FakeStripe":
        return self

    def make_customer(self, *, name: str, email: str, number: str, key: str) -> str:
        def work() -> str:
            made = f"cus_{next(self._ids)}"
            self.payers[made] = number
            return made

        return self._do("make_customer", key, (name, email, number), work)

    def create_session(self, wish: SessionWish, *, key: str) -> SessionFacts:
        def work() -> str:
            made = f"cs_{next(self._ids)}"
            self.sessions[made] = SessionFacts(
                made, SessionStatus.OPEN, f"https://pay.example/{made}", wish.order_number, wish.attempt
            )
            self.amounts[made] = sum(item.gross_cents for item in wish.items)
            self.wishes[made] = wish
            return made

        return self.sessions[self._do("create_session", key, wish, work)]

    def find_session(
        self, stripe_customer_id: str, *, attempt: str, order_number: str
    ) -> SessionFacts | None:
        self._do("find_session", None, None, lambda: None)
        for made, session in reversed(self.sessions.items()):
            is_theirs = self.wishes[made].stripe_customer_id == stripe_customer_id
            if is_theirs and (session.attempt, session.order_number) == (attempt, order_number):
                return session
        return None

    def read_session(self, session_id: str) -> SessionFacts:
        self._do("read_session", None, None, lambda: None)
        if session_id not in self.sessions:
            raise StripeRefusal("resource_missing")
        return self.sessions[session_id]

    def read_intent(self, intent_id: str) -> IntentFacts:
        self._do("read_intent", None, None, lambda: None)
        return self._intent(intent_id)

    def expire_session(self, session_id: str) -> SessionFacts:
        self._do("expire_session", None, None, lambda: self.expire(session_id))
        return self.sessions[session_id]

    def capture(self, intent_id: str, *, amount_cents: int, key: str) -> IntentFacts:
        def work() -> None:
            intent = self._intent(intent_id)
            if intent.status is IntentStatus.AUTHORISED:
                assert amount_cents == intent.amount_cents
                self._set(intent_id, IntentStatus.CAPTURED)

        self._do("capture", key, (intent_id, amount_cents), work)
        return self._intent(intent_id)

    def release(self, intent_id: str, *, key: str) -> IntentFacts:
        def work() -> None:
            if self._intent(intent_id).status is IntentStatus.AUTHORISED:
                self._set(intent_id, IntentStatus.CANCELED)

        self._do("release", key, intent_id, work)
        return self._intent(intent_id)

    def refund(self, intent_id: str, *, key: str) -> None:
        def work() -> None:
            assert self._intent(intent_id).status is IntentStatus.CAPTURED
            self.refunded.append(intent_id)

        self._do("refund", key, intent_id, work)

    def pay_back(
        self, intent_id: str, *, amount_cents: int, mark: str, order_number: str, key: str
    ) -> RefundFacts:
        def work() -> str:
            intent = self._intent(intent_id)
            if intent_id in self.charged_back:
                raise StripeRefusal("charge_disputed")
            back_cents = sum(
                one.amount_cents
                for refund_id, one in self.refunds.items()
                if refund_id.startswith(f"re_{intent_id}_") and one.status is RefundStatus.WAY
            )
            if intent.status is not IntentStatus.CAPTURED or back_cents + amount_cents > intent.amount_cents:
                raise StripeRefusal("amount_too_large")
            made = f"re_{intent_id}_{next(self._ids)}"
            self.refunds[made] = RefundFacts(made, RefundStatus.WAY, amount_cents, mark, intent_id=intent_id)
            return made

        return self.refunds[self._do("pay_back", key, (intent_id, amount_cents, mark), work)]

    def find_refund(self, intent_id: str, *, mark: str, amount_cents: int) -> RefundFacts | None:
        self._do("find_refund", None, None, lambda: None)
        theirs = [one for one in self.refunds.values() if one.id.startswith(f"re_{intent_id}_")]
        if self.is_list_behind:
            return None
        return next((one for one in theirs if is_lost_refund(one, mark, amount_cents=amount_cents)), None)

    def read_refund(self, refund_id: str) -> RefundFacts:
        self._do("read_refund", None, None, lambda: None)
        if refund_id not in self.refunds:
            raise StripeRefusal("resource_missing")
        return self.refunds[refund_id]

    def refunds_of_charge(self, charge_id: str) -> tuple[str, ...]:
        self._do("refunds_of_charge", None, None, lambda: None)
        intent_id = charge_id.replace("ch_", "pi_", 1)
        return tuple(one.id for one in self.refunds.values() if one.intent_id == intent_id)

    def read_recent(self) -> RecentThings:
        self._do("read_recent", None, None, lambda: None)
        return RecentThings(tuple(self.refunds), tuple(self.disputes), tuple(self.warnings))

    def read_books(self, *, since: datetime, until: datetime) -> TheirBooks:
        """All that was ever made here, as if at the end of the span: it keeps no times, as the stand-in does."""
        self._do("read_books", None, None, lambda: None)
        paid = [one.intent for one in self.sessions.values() if one.intent]
        return TheirBooks(
            intents=tuple(_listed(one, until) for one in [*paid, *self.fees.values()]),
            refunds=tuple(
                TheirRefund(
                    one.id,
                    one.intent_id,
                    one.amount_cents,
                    one.status is RefundStatus.FAILED,
                    one.mark,
                    until,
                )
                for one in self.refunds.values()
            ),
            disputes=tuple(
                TheirDispute(one.id, one.intent_id, one.amount_cents, one.status, until)
                for one in self.disputes.values()
            ),
        )

    def read_warning(self, warning_id: str) -> WarningFacts:
        self._do("read_warning", None, None, lambda: None)
        if warning_id not in self.warnings:
            raise StripeRefusal("resource_missing")
        return self.warnings[warning_id]

    def upload_evidence(self, content: bytes, *, name: str, key: str) -> str:
        def work() -> str:
            made = f"file_{next(self._ids)}"
            self.files[made] = (name, content)
            return made

        return self._do("upload_evidence", key, (name, content), work)

    def submit_evidence(self, dispute_id: str, evidence: Mapping[str, str], *, key: str) -> DisputeFacts:
        def work() -> None:
            if self.disputes[dispute_id].is_submitted:
                raise StripeRefusal("dispute_evidence_submitted")
            self.evidence[dispute_id] = dict(evidence)
            self.disputes[dispute_id] = replace(
                self.disputes[dispute_id], status="under_review", is_submitted=True
            )

        self._do("submit_evidence", key, (dispute_id, dict(evidence)), work)
        return self.disputes[dispute_id]

    def read_dispute(self, dispute_id: str) -> DisputeFacts:
        self._do("read_dispute", None, None, lambda: None)
        if dispute_id not in self.disputes:
            raise StripeRefusal("resource_missing")
        return self.disputes[dispute_id]

    def read_event(self, body: bytes, *, signature: str) -> EventFacts:
        if signature != "genuine":
            raise Forged("not signed")
        event_id, event_type, object_id = body.decode().split()
        return EventFacts(event_id, event_type, object_id)

    def _do(self, verb: str, key: str | None, asked: Any, work: Callable[[], Answer]) -> Answer:
        hook = self.before.pop(verb, None)
        if hook:
            hook()
        with self._lock:
            self.calls.append(verb)
            fault = next((one for one in self._faults if one.verb == verb), None)
            if fault:
                self._faults.remove(fault)
            if key in self._stored:
                raise StripeUnavailable(is_stored=True)
            if key in self._answers:
                known, answer = self._answers[key]
                if known != asked:
                    raise KeyMismatch("idempotency_error")
            else:
                if fault and not fault.is_after_work:
                    if fault.is_stored and key:
                        self._stored.add(key)
                    raise StripeUnavailable()
                answer = work()
                if key:
                    self._answers[key] = (asked, answer)
            if fault:
                if fault.is_stored and key:
                    self._stored.add(key)
                raise StripeUnavailable()
            result: Answer = answer
            return result

    def _intent(self, intent_id: str) -> IntentFacts:
        if intent_id in self.fees:
            return self.fees[intent_id]
        for session in self.sessions.values():
            if session.intent and session.intent.id == intent_id:
                return session.intent
        raise StripeRefusal("resource_missing")

    def _set(self, intent_id: str, status: IntentStatus) -> None:
        if intent_id in self.fees:
            self.fees[intent_id] = replace(self.fees[intent_id], status=status)
        for made, session in self.sessions.items():
            if session.intent and session.intent.id == intent_id:
                self.sessions[made] = replace(session, intent=replace(session.intent, status=status))


class FakeChecker(Checker):
    """Checker's verbs without a process: passes all files, or finds what a test puts in; `count` says how often."""

    def __init__(self, *findings: dict[str, str]) -> None:
        super().__init__()
        self.findings = findings
        self.failure: Exception | None = None
        self.count = 0

    def check(self, xml: bytes) -> Report:
        self.count += 1
        if self.failure is not None:
            raise self.failure
        return Report("made by hand", self.findings)


def _listed(intent: IntentFacts, at: datetime) -> TheirIntent:
    received_cents = intent.amount_cents if intent.status is IntentStatus.CAPTURED else 0
    return TheirIntent(
        intent.id,
        intent.status,
        intent.amount_cents,
        received_cents,
        intent.currency,
        intent.order_number,
        intent.attempt,
        at,
    )
