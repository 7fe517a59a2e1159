"""A customer's person signs in: attempts counted, password checked once, a fresh session."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.core.errors import N_, Refused
from app.core.ids import hash_token
from app.core.security import verify_password
from app.core.transaction import transaction
from app.customers.models import Contact
from app.customers.queries import contact_by_email, normal_email
from app.customers.service import end_session, start_session
from app.throttling.service import forget, hit, key_of

WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT_AND_ADDRESS = 10
TRIES_PER_ACCOUNT = 50
TRIES_PER_ADDRESS = 50
TRIES_OF_ALL = 3_000


def log_in(
    session: Session, *, email: str, password: str, address: str, now: datetime, old_token: str = ""
) -> str:
    """The token of a new session; the session of `old_token`, the cookie sent along, ends.

    An account takes 10 wrong passwords per quarter of an hour from one network address and 50 from all:
    a stranger elsewhere does not lock its owner out. Raises Refused `throttled`, or `login.wrong` with the
    same text and after the same work for an unknown address and a wrong password.
    """
    account, pair = account_key(email), pair_key(email, address)
    with transaction(session):
        hit(session, key_of("log_in_from", address), limit=TRIES_PER_ADDRESS, window=WINDOW, now=now)
        hit(session, pair, limit=TRIES_PER_ACCOUNT_AND_ADDRESS, window=WINDOW, now=now)
        hit(session, account, limit=TRIES_PER_ACCOUNT, window=WINDOW, now=now)
        hit(session, "log_in", limit=TRIES_OF_ALL, window=WINDOW, now=now)
        known = contact_by_email(session, email)
        contact_id, password_hash = (known.id, known.password_hash) if known else (None, None)
    if not verify_password(password, password_hash) or contact_id is None:
        raise _wrong()
    with transaction(session):
        contact = session.get(Contact, contact_id, with_for_update=True)
        if contact is None or contact.password_hash != password_hash:
            # Changed between the check and now: the old password opens nothing any more.
            raise _wrong()
        if old_token:
            end_session(session, hash_token(old_token))
        forget(session, pair)
        forget(session, account)
        return start_session(session, contact_id, now=now)


def account_key(email: str) -> str:
    """Under which the attempts on one account are counted."""
    return key_of("log_in", normal_email(email))


def pair_key(email: str, address: str) -> str:
    """Under which the attempts on one account from one network address are counted."""
    return key_of("log_in_pair", f"{normal_email(email)} {address}")


def _wrong() -> Refused:
    return Refused(N_("E-mail address or password is not right."), code="login.wrong")
