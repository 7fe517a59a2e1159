from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.core.transaction import transaction
from app.customers.models import ContactSession, ContactToken, TokenPurpose
from app.customers.service import forget_expired, send_link
from tests import make


def test_what_is_over_is_forgotten_and_what_lives_stays(session: Session, now: datetime) -> None:
    person = make.contact(session, of=make.customer(session))
    make.signed_in(session, as_=person, now=now - timedelta(days=30))
    make.signed_in(session, as_=person, now=now - timedelta(days=29))
    with transaction(session):
        send_link(
            session, person, TokenPurpose.RESET_PASSWORD, company_name="x", now=now - timedelta(hours=1)
        )
        send_link(session, person, TokenPurpose.VERIFY_EMAIL, company_name="x", now=now - timedelta(hours=47))

    with transaction(session):
        forget_expired(session, now=now)

    assert [row.created_at for row in session.exec(select(ContactSession))] == [now - timedelta(days=29)]
    assert [row.purpose for row in session.exec(select(ContactToken))] == [TokenPurpose.VERIFY_EMAIL]
