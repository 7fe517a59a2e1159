"""The stand-in as a process of its own, with its controls as methods, for tests and benches."""

import time
from pathlib import Path
from typing import Any

from dev.processes import ServerProcess, free_port

DEFAULT_SECRET = "whsec_stand_in_test_secret"
API_KEY = "sk_test_stand_in"


class ControlError(Exception):
    """A control refused; the message is its answer."""


class StandinProcess(ServerProcess):
    """`with StandinProcess() as standin:` starts on a free port; `standin.url` is the API base address."""

    def __init__(
        self,
        *,
        port: int | None = None,
        webhook_url: str | None = None,
        webhook_secret: str = DEFAULT_SECRET,
        state: Path | None = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        arguments = ["--port", str(self.port)]
        if webhook_url is not None:
            arguments += ["--webhook", webhook_url, "--webhook-secret", webhook_secret]
        if state is not None:
            arguments += ["--state", str(state)]
        super().__init__("dev.stripe_standin", arguments, ready_url=f"{self.url}/_control/health")

    def reset(self) -> None:
        """Forgets everything, endpoints and faults too."""
        self.post("reset", {})

    def books(self) -> dict[str, Any]:
        """{"intents": […], "sessions": […], "totals": {…}}, amounts in cents."""
        found: dict[str, Any] = self.get("books")
        return found

    def pay(
        self,
        session_id: str,
        card: str = "4242424242424242",
        *,
        owner: str = "",
        authentication: str = "complete",
    ) -> dict[str, Any]:
        """Pays like a customer on the card page; "status" says how it went (a decline is no error)."""
        given = {"session": session_id, "card": card, "owner": owner, "authentication": authentication}
        return self.post("pay", given)

    def authenticate(self, payment_intent: str, *, is_completed: bool = True) -> dict[str, Any]:
        """Answers a 3-D Secure that `pay(…, authentication="leave")` left open."""
        return self.post("authenticate", {"payment_intent": payment_intent, "is_completed": is_completed})

    def set_webhook(
        self,
        url: str,
        secret: str = DEFAULT_SECRET,
        *,
        enabled_events: list[str] | None = None,
        retry_pauses_s: list[float] | None = None,
    ) -> None:
        """One endpoint instead of all others."""
        endpoint: dict[str, Any] = {"url": url, "secret": secret}
        if enabled_events is not None:
            endpoint["enabled_events"] = enabled_events
        self.post("webhooks", {"endpoints": [endpoint], "retry_pauses_s": retry_pauses_s})

    def disturb(self, **behaviour: Any) -> None:
        """Sets the behaviour: is_held, drop_count (-1: all), delay_ms, duplicate_count, shuffle_ms, types."""
        self.post("webhooks/behaviour", behaviour)

    def hold(self, *types: str) -> None:
        """Keeps events back until `release`."""
        self.disturb(is_held=True, types=list(types) or ["*"])

    def release(self, *, order: str = "fifo", events: list[str] | None = None, seed: int = 0) -> list[str]:
        """Sends held events one after the other; returns their ids in that order."""
        answer = self.post("webhooks/release", {"order": order, "events": events, "seed": seed})
        found: list[str] = answer["events"]
        return found

    def held(self) -> list[str]:
        """Ids of the events held back."""
        found: list[str] = self.get("webhooks")["held"]
        return found

    def resend(self, event_id: str, *, times: int = 1) -> None:
        """Sends an event again, `times` in parallel."""
        self.post("webhooks/resend", {"event": event_id, "times": times})

    def deliveries(self, **wanted: str) -> list[dict[str, Any]]:
        """Each try, oldest first; filter by event= or type=."""
        found: list[dict[str, Any]] = self.get("deliveries", **wanted)
        return found

    def settle(self, *, within_s: float = 10.0) -> None:
        """Waits until no delivery is under way. Raises TimeoutError."""
        give_up_at = time.monotonic() + within_s
        while self.get("webhooks")["under_way_count"]:
            if time.monotonic() > give_up_at:
                raise TimeoutError("webhook deliveries are still under way")
            time.sleep(0.02)

    def set_clock(self, offset_s: int) -> None:
        """Moves the stand-in's clock ahead of the machine's; what is due runs out at once."""
        self.post("clock", {"offset_s": offset_s})

    def fail_next(self, pattern: str, kind: str, **more: Any) -> None:
        """The next request whose "METHOD /path" matches suffers 500, 503, 409, 429, drop, hang or latency.

        More: times (None for ever), is_after_work, latency_ms, hang_s, retry_after_s.
        """
        self.post("faults", {"pattern": pattern, "kind": kind, **more})

    def clear_faults(self) -> None:
        """Takes all faults and forced declines back."""
        self._read(self.http.delete(f"{self.url}/_control/faults"))

    def decline_next(
        self, payment_method: str = "*", *, code: str = "generic_decline", times: int = 1
    ) -> None:
        """Declines the next charges of a payment method, or of any."""
        self.post("declines", {"payment_method": payment_method, "code": code, "times": times})

    def dispute(self, payment_intent: str, **more: Any) -> dict[str, Any]:
        """The cardholder disputes; more: status, reason, amount."""
        return self.post("disputes", {"payment_intent": payment_intent, **more})

    def close_dispute(self, dispute_id: str, *, is_won: bool) -> dict[str, Any]:
        """The bank decides."""
        return self.post(f"disputes/{dispute_id}/close", {"is_won": is_won})

    def escalate_dispute(self, dispute_id: str) -> dict[str, Any]:
        """The bank makes a dispute of an inquiry."""
        return self.post(f"disputes/{dispute_id}/escalate", {})

    def warn(self, payment_intent: str) -> dict[str, Any]:
        """The bank reports a captured payment as fraud."""
        return self.post("early_fraud_warnings", {"payment_intent": payment_intent})

    def fail_refund(self, refund_id: str) -> dict[str, Any]:
        """The bank sends a refund back."""
        return self.post(f"refunds/{refund_id}/fail", {})

    def renew_card(self, payment_method: str, card: str = "5555555555554444") -> dict[str, Any]:
        """The bank replaces a saved card under the same id."""
        return self.post(f"payment_methods/{payment_method}/renew", {"card": card})

    def get(self, path: str, **query: str) -> Any:
        """A reading control."""
        return self._read(self.http.get(f"{self.url}/_control/{path}", params=query))

    def post(self, path: str, values: dict[str, Any]) -> dict[str, Any]:
        """An acting control."""
        found: dict[str, Any] = self._read(self.http.post(f"{self.url}/_control/{path}", json=values))
        return found

    def _read(self, answer: Any) -> Any:
        if answer.status_code != 200:
            raise ControlError(f"{answer.status_code}: {answer.text}")
        return answer.json()
