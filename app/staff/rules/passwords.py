"""What a password of the staff must be, and the ones that are handed out."""

import secrets

from app.core.errors import N_
from app.core.ids import READABLE

LEAST_LENGTH = 12
GREATEST_LENGTH = 200


def fault(password: str, *, given_before: bool) -> str | None:
    """What is wrong with a password that a person chose, or None (NIST SP 800-63B: length first)."""
    if len(password) < LEAST_LENGTH:
        return N_("The password needs at least 12 characters.")
    if len(password) > GREATEST_LENGTH:
        return N_("The password may have at most 200 characters.")
    if len(set(password)) < 5:
        return N_("The password repeats too few characters.")
    if given_before:
        return N_("Choose a password of your own, not the one you were given.")
    return None


def handed_out() -> str:
    """A random first password in four groups, good until its owner chooses another at the first log-in."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(5)) for _ in range(4))


def new_recovery_code() -> str:
    """A random single-use code of almost 50 bits in two groups; it is compared tidied."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(5)) for _ in range(2))
