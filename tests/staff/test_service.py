from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.core.transaction import transaction
from app.staff.models import StaffSession
from app.staff.service import forget_expired_sessions
from tests import make


def test_only_sessions_that_are_over_are_forgotten(session: Session, now: datetime) -> None:
    member = make.staff_member(session)
    make.staff_signed_in(session, as_=member, expires_at=now)
    make.staff_signed_in(session, as_=member, expires_at=now + timedelta(seconds=1))

    with transaction(session):
        forget_expired_sessions(session, now=now)

    session.rollback()
    left = session.exec(select(StaffSession)).one()
    assert left.expires_at == now + timedelta(seconds=1)
