from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.core.transaction import transaction
from app.customers.models import Contact, ContactSession, ContactToken, Customer, TokenPurpose
from app.customers.rules.admission import ScreeningState
from app.customers.service import forget_expired, forget_unconfirmed, send_link
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


def test_who_never_confirmed_is_forgotten_after_thirty_days_and_nobody_else(
    session: Session, now: datetime
) -> None:
    old, fresh = now - timedelta(days=30), now - timedelta(days=30, seconds=-1)
    unconfirmed = {"screening": ScreeningState.PENDING, "business_verified_at": None}
    never = make.customer(session, created_at=old, **unconfirmed)
    person = make.contact(session, of=never, email="a@company.example", email_verified_at=None)
    make.signed_in(session, as_=person, now=now)
    with transaction(session):
        send_link(session, person, TokenPurpose.VERIFY_EMAIL, company_name="x", now=now)
    kept = {
        make.contact(session, of=make.customer(session, created_at=at, **state), email_verified_at=seen).email
        for at, state, seen in (
            (fresh, unconfirmed, None),
            (old, unconfirmed, old),
            (old, {}, None),
        )
    }

    with transaction(session):
        count = forget_unconfirmed(session, now=now)

    assert count == 1
    assert {contact.email for contact in session.exec(select(Contact))} == kept
    assert len(session.exec(select(Customer)).all()) == 3
    assert session.exec(select(ContactSession)).all() == []
    assert session.exec(select(ContactToken)).all() == []
