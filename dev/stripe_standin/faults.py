"""What the next requests shall suffer: errors, lost answers, latency, a forced decline."""

import re
from dataclasses import asdict, dataclass

from dev.stripe_standin.errors import Json, StripeError

KINDS = ("500", "503", "409", "429", "drop", "hang", "latency")


@dataclass
class Fault:
    """Applies to requests whose "METHOD /path" matches; `times` None means until removed."""

    pattern: str
    kind: str
    times: int | None = 1
    is_after_work: bool = False
    latency_ms: int = 0
    hang_s: float = 30.0
    retry_after_s: int | None = None

    def matches(self, line: str) -> bool:
        """True for a request line like "POST /v1/payment_intents/pi_1/capture"."""
        return self.times != 0 and re.search(self.pattern, line) is not None


class Faults:
    """The rules in force, first match wins; used-up ones go."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self.declines: dict[str, list[str]] = {}

    def add(self, fault: Fault) -> None:
        """Puts a rule in force. Raises ValueError for an unknown kind or a broken pattern."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown kind {fault.kind}; known: {', '.join(KINDS)}")
        re.compile(fault.pattern)
        self.rules.append(fault)

    def take(self, line: str) -> Fault | None:
        """The rule for this request, counted down."""
        for fault in self.rules:
            if fault.matches(line):
                if fault.times is not None:
                    fault.times -= 1
                self.rules = [one for one in self.rules if one.times != 0]
                return fault
        return None

    def take_decline(self, payment_method: str) -> str | None:
        """The decline code forced on the next charge of this payment method (or of any: key "*")."""
        for key in (payment_method, "*"):
            if self.declines.get(key):
                return self.declines[key].pop(0)
        return None

    def listed(self) -> Json:
        """Rules and forced declines as JSON."""
        return {"rules": [asdict(rule) for rule in self.rules], "declines": self.declines}

    def reset(self) -> None:
        """No faults any more."""
        self.rules.clear()
        self.declines.clear()


def as_error(fault: Fault) -> StripeError | None:
    """The answer that the rule forces; None for those that only delay or lose the real one."""
    retry = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    if fault.kind in ("500", "503"):
        return StripeError(
            int(fault.kind),
            "An unknown error occurred.",
            kind="api_error",
            is_stored=fault.kind == "500",
            headers=retry,
        )
    if fault.kind == "409":
        return StripeError(
            409,
            "This object cannot be accessed right now because another API request is accessing it.",
            code="lock_timeout",
            is_stored=False,
            headers=retry,
        )
    if fault.kind == "429":
        return StripeError(
            429, "Request rate limit exceeded.", code="rate_limit", is_stored=False, headers=retry
        )
    return None
