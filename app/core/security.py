"""Secrets: password hashes, signatures, and sealed columns."""

import base64
import functools
import hashlib
import hmac
import threading

from cryptography.fernet import Fernet, InvalidToken
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

# Argon2id with OWASP's second profile (19 MiB, 2 passes): memory stays small on two cores.
_hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
_hashing_slots = threading.BoundedSemaphore(4)


def hash_password(password: str) -> str:
    """The argon2id hash of a password, taken as typed: no trimming, no folding, no cut."""
    with _hashing_slots:
        return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. With no hash (unknown account) it works just as long and says no."""
    with _hashing_slots:
        fits = _hasher.verify(password, password_hash or _nobody())
    return fits and password_hash is not None


@functools.cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def sign(secret_key: str, *, purpose: str, value: str) -> str:
    """A URL-safe HMAC-SHA256 of a value for one purpose; other purposes give other signatures."""
    digest = hmac.new(secret_key.encode(), f"{purpose}\0{value}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_signed(secret_key: str, *, purpose: str, value: str, signature: str) -> bool:
    """Whether the signature belongs to the value, compared in constant time."""
    expected = sign(secret_key, purpose=purpose, value=value)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))


def seal(secret_key: str, *, purpose: str, text: str) -> str:
    """The text encrypted for keeping in the database; `purpose` binds it to its row."""
    return _fernet(secret_key, purpose).encrypt(text.encode()).decode()


def unseal(secret_key: str, *, purpose: str, sealed: str) -> str:
    """The text that was sealed for this purpose. Raises ValueError for another key, purpose or row."""
    try:
        return _fernet(secret_key, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise ValueError("sealed with another key or for another purpose") from error


def _fernet(secret_key: str, purpose: str) -> Fernet:
    key = hmac.new(secret_key.encode(), b"seal\0" + purpose.encode(), hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
