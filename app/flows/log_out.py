"""A person signs out of this browser, or of all others."""

from sqlmodel import Session

from app.core.transaction import transaction
from app.customers.service import end_session, end_sessions


def log_out(session: Session, *, session_hash: str) -> None:
    """Ends one session; its cookie is good for nothing from now on."""
    with transaction(session):
        end_session(session, session_hash)


def log_out_elsewhere(session: Session, *, contact_id: int, session_hash: str) -> None:
    """Ends every session of a person but this one."""
    with transaction(session):
        end_sessions(session, contact_id, but=session_hash)
