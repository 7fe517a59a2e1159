"""Idempotency keys: what makes asking Stripe twice the same as once."""

LIVE = ("sk_live_", "rk_live_")
"""How the keys of Stripe begin with which real money moves."""


def is_test_key(api_key: str) -> bool:
    """Whether no real money moves with a key of Stripe."""
    return not api_key.startswith(LIVE)


def idempotency_key(token: str, payment_id: int, verb: str, *, retry_count: int = 0) -> str:
    """The key under which an attempt asks for one thing; it stays the same through every crash and retry.

    `token` is a random text stored with the attempt, so that a restored or emptied database, which counts
    its ids anew, never meets the answers of another one. `retry_count` rises only after Stripe stored a
    failure under the key and a look-up showed that nothing was done.
    """
    again = f"-{retry_count}" if retry_count else ""
    return f"schlicht-{token}-payment-{payment_id}-{verb}{again}"


def refund_key(token: str, refund_id: int, *, retry_count: int = 0) -> str:
    """The key under which a refund asks for its money, as `idempotency_key`; a further try has one of its own."""
    again = f"-{retry_count}" if retry_count else ""
    return f"schlicht-{token}-refund-{refund_id}{again}"


def dispute_key(token: str, row_id: int, verb: str, *, retry_count: int = 0) -> str:
    """The key under which a dispute sends its evidence, or one of its files; as `idempotency_key`."""
    again = f"-{retry_count}" if retry_count else ""
    return f"schlicht-{token}-dispute-{row_id}-{verb}{again}"


def refund_of_mark(mark: str) -> tuple[str, int, int] | None:
    """Token, id of our row and number of the try that a mark at Stripe names; None for no mark of ours."""
    parts = mark.rsplit("-", 2)
    if len(parts) != 3 or not all(one.isascii() and one.isdigit() and len(one) < 18 for one in parts[1:]):
        return None
    return parts[0], int(parts[1]), int(parts[2])


def refund_mark(token: str, refund_id: int) -> str:
    """How the mark of a refund at Stripe begins, whichever try made it; the number of the try follows."""
    return f"{token}-{refund_id}-"
