from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import NotFound
from app.customers.models import Contact, ContactToken, Customer, IncomingApplication
from app.customers.rules.application import CompanyFacts
from app.flows.confirm_email import confirm_email
from app.flows.receive_application import receive_application
from app.flows.register_customer import Application, register_customer
from app.jobs.models import Job
from app.mail.models import Mail
from tests import make
from tests.flows.arrivals import take_up

APPLICATION = Application(
    facts=CompanyFacts(
        company_name="Brunner Zweiradtechnik GmbH",
        legal_form="GmbH",
        vat_id="DE900000014",
        vat_note="",
        register_number="",
        register_court="",
        street="Werkstraße 4",
        postal_code="04177",
        city="Leipzig",
        country="DE",
        phone="+49 30 23125 101",
    ),
    contact_name="Kim Brunner",
    email="kim@brunner.example",
    password="kaffee am morgen",
    language="de",
    is_business=True,
    has_accepted_terms=True,
)


def apply(session: Session, now: datetime, **changes: Any) -> None:
    register_customer(session, replace(APPLICATION, **changes), address="192.0.2.1", now=now)
    take_up(session, now=now)


def token_of(session: Session) -> str:
    session.rollback()
    mail = session.exec(select(Mail).where(Mail.kind == "verify_email")).one()
    return str((mail.secret_values or {})["token"])


def test_an_application_keeps_which_terms_were_accepted(session: Session, now: datetime) -> None:
    make.terms(session)

    apply(session, now)

    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.new) == (
        "customer.applied",
        {"terms_version": "2026-01", "is_business": True},
    )


def test_the_link_goes_to_an_international_domain_as_mail_servers_write_it(
    session: Session, now: datetime
) -> None:
    apply(session, now, email="Kim@Müller-Bau.example")
    apply(session, now, email="kim@xn--mller-bau-q9a.example")

    session.rollback()
    [contact] = session.exec(select(Contact)).all()
    assert contact.email == "kim@xn--mller-bau-q9a.example"
    sent = session.exec(select(Mail)).all()
    assert [(mail.kind, mail.to_address) for mail in sent] == [
        ("verify_email", contact.email),
        ("registration_known", contact.email),
    ]


def test_two_at_once_with_one_address_make_one_application(
    database: Database, session: Session, now: datetime
) -> None:
    start = Barrier(4)

    def apply(number: int) -> None:
        start.wait()
        with database.session() as own:
            facts = replace(APPLICATION.facts, company_name=f"Brunner {number} GmbH")
            register_customer(own, replace(APPLICATION, facts=facts), address="192.0.2.1", now=now)
            start.wait()
            own.rollback()
            waiting = own.exec(select(IncomingApplication.id).order_by(IncomingApplication.id)).all()  # type: ignore[arg-type]
            own.rollback()
            if number < len(waiting):
                receive_application(own, application_id=waiting[number] or 0, now=now)

    threads = [Thread(target=apply, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    take_up(session, now=now)
    assert session.exec(select(IncomingApplication)).all() == []
    assert len(session.exec(select(Customer)).all()) == 1
    assert len(session.exec(select(Contact)).all()) == 1
    assert sorted(mail.kind for mail in session.exec(select(Mail))) == ["registration_known", "verify_email"]


@pytest.mark.parametrize(
    "age, is_alive", [(timedelta(hours=48, seconds=-1), True), (timedelta(hours=48), False)]
)
def test_a_link_lives_for_two_days(session: Session, now: datetime, age: timedelta, is_alive: bool) -> None:
    apply(session, now)

    if is_alive:
        confirm_email(session, token_of(session), now=now + age)
    else:
        with pytest.raises(NotFound):
            confirm_email(session, token_of(session), now=now + age)

    session.expire_all()
    assert (session.exec(select(Contact)).one().email_verified_at is not None) is is_alive
    assert len(session.exec(select(Job).where(Job.kind == "screen_customer")).all()) == int(is_alive)


def test_of_two_who_press_the_button_at_once_one_confirms(
    database: Database, session: Session, now: datetime
) -> None:
    apply(session, now)
    token = token_of(session)
    start = Barrier(2)
    answers: list[str] = []

    def press() -> None:
        start.wait()
        with database.session() as own:
            try:
                confirm_email(own, token, now=now)
                answers.append("confirmed")
            except NotFound as error:
                answers.append(error.code)

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["confirmed", "link.dead"]
    session.rollback()
    session.expire_all()
    assert session.exec(select(ContactToken)).one().used_at == now
    assert len(session.exec(select(Job).where(Job.kind == "screen_customer")).all()) == 1


def test_an_application_taken_up_twice_is_one(session: Session, now: datetime) -> None:
    register_customer(session, APPLICATION, address="192.0.2.1", now=now)
    application_id = session.exec(select(IncomingApplication.id)).one()
    session.rollback()

    for _ in range(2):
        receive_application(session, application_id=application_id or 0, now=now)

    assert len(session.exec(select(Customer)).all()) == 1
    assert [mail.kind for mail in session.exec(select(Mail))] == ["verify_email"]
