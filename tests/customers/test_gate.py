"""The gate inside a money step: read fresh, with its rows locked until the step is written."""

import threading
import time

import pytest
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session

from app.core.db import Database
from app.core.transaction import transaction
from app.customers.gate import admission_now
from app.customers.models import Contact, Customer
from app.customers.rules.admission import Admission
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from tests import make


@pytest.fixture
def person(session: Session) -> Contact:
    """A person of a company that is C through its main account."""
    account = make.main_account(session, segment=Segment.C)
    return make.contact(session, of=make.customer(session, main_account_id=account.id))


def _asked(session: Session, person: Contact) -> Admission:
    return admission_now(session, person.customer_id, contact_id=person.id or 0)


def test_what_was_read_before_the_transaction_does_not_count(
    session: Session, database: Database, person: Contact
) -> None:
    session.get_one(Customer, person.customer_id)
    with database.session() as other, transaction(other):
        other.get_one(Customer, person.customer_id).segment = Segment.A

    with transaction(session):
        answer = _asked(session, person)

    assert answer is Admission.MAIN_BRAND


@pytest.mark.parametrize("segment", [Segment.A, Segment.B])
def test_a_main_account_that_was_rated_up_refuses(
    session: Session, person: Contact, segment: Segment
) -> None:
    with transaction(session):
        account_id = session.get_one(Customer, person.customer_id).main_account_id
        session.get_one(MainAccount, account_id).segment = segment

    with transaction(session):
        answer = _asked(session, person)

    assert answer is Admission.MAIN_BRAND


def test_another_companys_person_is_nobody(session: Session, person: Contact) -> None:
    stranger = make.contact(session, of=make.customer(session))

    with pytest.raises(NoResultFound), transaction(session):
        admission_now(session, person.customer_id, contact_id=stranger.id or 0)


@pytest.mark.parametrize("what", ["company", "main account"])
def test_who_changes_a_standing_waits_until_the_step_is_written(
    session: Session, database: Database, person: Contact, what: str
) -> None:
    done: list[float] = []
    account_id = session.get_one(Customer, person.customer_id).main_account_id

    def change() -> None:
        with database.session() as other, transaction(other):
            if what == "company":
                other.get_one(Customer, person.customer_id).segment = Segment.A
            else:
                other.get_one(MainAccount, account_id).segment = Segment.A
            other.flush()
        done.append(time.monotonic())

    with transaction(session):
        answer = _asked(session, person)
        changer = threading.Thread(target=change)
        changer.start()
        time.sleep(0.3)
        written_at = time.monotonic()
    changer.join(30)

    assert answer is Admission.ADMITTED
    assert len(done) == 1
    assert done[0] > written_at
