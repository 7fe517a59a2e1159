"""The signature of a relay that calls us: over time and body, with a secret both know."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
_HEADER = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def signature_of(body: bytes, *, secret: str, at: datetime) -> str:
    """The header `Schlicht-Signature` for a body that is sent at a moment."""
    stamp = int(at.timestamp())
    return f"t={stamp},v1={_digest(body, secret, stamp)}"


def is_genuine(body: bytes, header: str, *, secret: str, now: datetime) -> bool:
    """Whether a body was signed with the secret within the last five minutes; nothing is, where the secret is empty."""
    found = _HEADER.fullmatch(header.strip())
    if found is None or not secret:
        return False
    stamp = int(found[1])
    is_fresh = abs(now.timestamp() - stamp) <= TOLERANCE.total_seconds()
    return hmac.compare_digest(_digest(body, secret, stamp), found[2]) and is_fresh


def _digest(body: bytes, secret: str, stamp: int) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
