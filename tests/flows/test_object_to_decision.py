import threading
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Objection
from app.customers.rules.admission import ScreeningState
from app.flows.object_to_decision import object_to_decision
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from tests import make

STAFF = "kontakt@schlicht.example"
TEXT = "You mix us up with another company."


def shut_out(session: Session, **values: object) -> Contact:
    return make.contact(session, of=make.customer(session, **values))


def say(session: Session, contact: Contact, now: datetime, text: str = TEXT) -> bool:
    return object_to_decision(session, contact_id=contact.id or 0, text=text, staff_address=STAFF, now=now)


@pytest.mark.parametrize(
    "values, against",
    [
        ({"suspended_at": make.NOW}, "suspended"),
        ({"screening": ScreeningState.REFUSED}, "refused"),
        ({"screening": ScreeningState.BLOCKED}, "main_brand"),
        ({"segment": Segment.B}, "main_brand"),
    ],
)
def test_whoever_is_kept_out_by_a_decision_may_object_once_at_a_time(
    session: Session, now: datetime, values: dict[str, object], against: str
) -> None:
    contact = shut_out(session, **values)

    assert say(session, contact, now, f"  {TEXT}\n")
    assert not say(session, contact, now, "And once more, louder!")

    kept = session.exec(select(Objection)).one()
    assert (kept.customer_id, kept.contact_id, kept.against, kept.text) == (
        contact.customer_id,
        contact.id,
        against,
        TEXT,
    )
    mail = session.exec(select(Mail)).one()
    assert (mail.kind, mail.to_address, mail.values["objection_id"]) == ("objection_received", STAFF, kept.id)
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.actor_name) == ("customer.objected", contact.name)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"screening": ScreeningState.REVIEW, "segment": Segment.UNRATED},
        {"screening": ScreeningState.PENDING, "segment": Segment.UNRATED},
        {"moved_up_at": make.NOW},
    ],
)
def test_where_nobody_decided_against_a_company_there_is_nothing_to_object_to(
    session: Session, now: datetime, values: dict[str, object]
) -> None:
    contact = shut_out(session, **values)

    with pytest.raises(Refused) as refusal:
        say(session, contact, now)

    assert refusal.value.code == "objection.not_possible"
    assert session.exec(select(Objection)).all() == []
    assert session.exec(select(Mail)).all() == []


@pytest.mark.parametrize("text", ["", "   no   ", "x" * 2001])
def test_an_objection_says_something_and_not_a_novel(session: Session, now: datetime, text: str) -> None:
    contact = shut_out(session, suspended_at=make.NOW)

    with pytest.raises(Invalid) as fault:
        say(session, contact, now, text)

    assert [one.field for one in fault.value.fields] == ["text"]
    assert session.exec(select(Objection)).all() == []


def test_after_an_answer_one_may_object_again_but_not_without_end(session: Session, now: datetime) -> None:
    contact = shut_out(session, suspended_at=make.NOW)

    for _ in range(5):
        assert say(session, contact, now)
        with transaction(session):
            session.exec(select(Objection).where(Objection.answered_at == None)).one().answered_at = now  # noqa: E711
    with pytest.raises(Refused) as refusal:
        say(session, contact, now)
    assert refusal.value.code == "throttled"

    assert say(session, contact, now + timedelta(days=7, seconds=1))


def test_two_people_who_object_at_once_make_one_objection(
    database: Database, session: Session, now: datetime
) -> None:
    customer = make.customer(session, suspended_at=make.NOW)
    people = [make.contact(session, of=customer) for _ in range(4)]
    start = threading.Barrier(len(people))
    answers: list[bool] = []

    def act(contact_id: int) -> None:
        with database.session() as own:
            start.wait()
            answers.append(
                object_to_decision(own, contact_id=contact_id, text=TEXT, staff_address=STAFF, now=now)
            )

    threads = [threading.Thread(target=act, args=(person.id,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False, False, False, True]
    session.rollback()
    assert len(session.exec(select(Objection)).all()) == 1
    assert len(session.exec(select(Mail)).all()) == 1
    assert session.get_one(Customer, customer.id).suspended_at is not None
