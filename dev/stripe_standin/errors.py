"""Stripe's error envelope, as an exception."""

from typing import Any

Json = dict[str, Any]


class StripeError(Exception):
    """An answer other than 200; `envelope()` is its body.

    `is_stored` is False for what Stripe refuses before it starts to work (validation, conflicts, limits):
    such an answer is never kept under an idempotency key.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_stored: bool = True,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.is_stored = is_stored
        self.headers = headers or {}
        self.more = more

    def envelope(self) -> Json:
        """Body of the answer: {"error": {type, message, code?, param?, decline_code?, …}}."""
        error: Json = {"type": self.kind, "message": self.message}
        if self.code is not None:
            error["code"] = self.code
        if self.param is not None:
            error["param"] = self.param
        error.update({name: value for name, value in self.more.items() if value is not None})
        return {"error": error}


def refused(message: str, *, param: str | None = None, code: str | None = None, **more: Any) -> StripeError:
    """A 400 of an endpoint that had started to work."""
    return StripeError(400, message, param=param, code=code, **more)


def malformed(message: str, *, param: str, code: str | None = None) -> StripeError:
    """A 400 of the check before any work; not kept under the idempotency key."""
    return StripeError(400, message, param=param, code=code, is_stored=False)


def not_simulated(what: str) -> StripeError:
    """Stripe would know this, the stand-in does not: said aloud instead of guessed."""
    return StripeError(
        400,
        f"The local stand-in does not simulate {what}.",
        code="not_simulated",
        param=what,
        is_stored=False,
    )


def missing(kind: str, thing_id: str, *, param: str = "id") -> StripeError:
    """No such object: 404 in the path, 400 as a parameter."""
    noun = kind.replace(".", " ").replace("_", " ")
    status = 404 if param in ("id", "intent") else 400
    return StripeError(status, f"No such {noun}: '{thing_id}'", code="resource_missing", param=param)
