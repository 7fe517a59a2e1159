"""Time-based one-time codes (RFC 6238): 30 seconds, six digits, one step of tolerance, each good once."""

import hmac
import unicodedata
from datetime import datetime

import pyotp

STEP_SECONDS = 30
TOLERATED_STEPS = 1


def new_secret() -> str:
    """A fresh secret of 160 random bits in base 32, as authenticator apps take it."""
    return pyotp.random_base32(32)


def address(secret: str, *, email: str, issuer: str) -> str:
    """The otpauth:// address that a QR code carries into the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def tidy(code: str) -> str:
    """A code without its spaces and hyphens, full-width characters made plain, letters in upper case."""
    plain = unicodedata.normalize("NFKC", code)
    return "".join(character for character in plain if character.isalnum()).upper()


def step_at(now: datetime) -> int:
    """The number of the 30-second step of a moment."""
    return int(now.timestamp()) // STEP_SECONDS


def accepted_step(secret: str, code: str, *, now: datetime, last_step: int) -> int | None:
    """The step whose code this is, or None. Steps up to `last_step` were used already and never fit again."""
    typed = tidy(code).encode("utf-8", "surrogatepass")
    present = step_at(now)
    accepted = None
    for step in range(present - TOLERATED_STEPS, present + TOLERATED_STEPS + 1):
        expected = pyotp.TOTP(secret).generate_otp(step).encode()
        if hmac.compare_digest(expected, typed) and step > last_step and accepted is None:
            accepted = step
    return accepted
