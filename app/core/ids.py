"""Names for things: secret tokens, and numbers people can read out on the phone."""

import hashlib
import secrets

# Without 0/O, 1/I/L and U: nothing to mishear, no words by accident.
READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_token() -> str:
    """A fresh URL-safe secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """The SHA-256 of a token in hex: what the database keeps instead of the token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_number(prefix: str, *, length: int = 8) -> str:
    """A random, unguessable number such as `S-7KQ2MXPA`, readable on paper and on the phone."""
    return prefix + "-" + "".join(secrets.choice(READABLE) for _ in range(length))
