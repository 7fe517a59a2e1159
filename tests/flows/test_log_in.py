from datetime import datetime, timedelta
from threading import Barrier, Lock, Thread

import pytest
from sqlmodel import Session, select

from app.core.db import Database
from app.core.errors import Refused
from app.core.ids import hash_token
from app.core.security import hash_password
from app.customers.models import Contact, ContactSession
from app.flows import log_in as flow
from app.flows.log_in import TRIES_PER_ACCOUNT, TRIES_PER_ACCOUNT_AND_ADDRESS, WINDOW, log_in
from tests import make

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def person(session: Session) -> Contact:
    return make.contact(session, of=make.customer(session))


def wrong(session: Session, person: Contact, now: datetime, *, address: str = HERE) -> str:
    with pytest.raises(Refused) as refusal:
        log_in(session, email=person.email, password="not it at all", address=address, now=now)
    return refusal.value.code


def test_a_session_is_kept_as_a_hash_and_lives_thirty_days(
    session: Session, now: datetime, person: Contact
) -> None:
    token = log_in(session, email=person.email.upper(), password=make.PASSWORD, address=HERE, now=now)

    row = session.exec(select(ContactSession)).one()
    assert row.token_hash == hash_token(token)
    assert row.contact_id == person.id
    assert row.expires_at == now + timedelta(days=30)


def test_a_password_counts_as_typed_up_to_its_last_character(
    session: Session, now: datetime, person: Contact
) -> None:
    long = " Ä" + "x" * 98
    with_password = make.contact(session, of=make.customer(session), password_hash=hash_password(long))

    for almost in (long[:-1] + "y", long.strip(), long.lower()):
        with pytest.raises(Refused):
            log_in(session, email=with_password.email, password=almost, address=HERE, now=now)

    assert log_in(session, email=with_password.email, password=long, address=HERE, now=now)


def test_a_stranger_elsewhere_does_not_lock_the_owner_out(
    session: Session, now: datetime, person: Contact
) -> None:
    codes = [wrong(session, person, now, address=THERE) for _ in range(TRIES_PER_ACCOUNT_AND_ADDRESS + 1)]
    assert codes == ["login.wrong"] * TRIES_PER_ACCOUNT_AND_ADDRESS + ["throttled"]

    assert log_in(session, email=person.email, password=make.PASSWORD, address=HERE, now=now)


def test_many_strangers_together_get_no_more_than_the_accounts_share_and_not_for_long(
    session: Session, now: datetime, person: Contact
) -> None:
    codes = [
        wrong(session, person, now, address=f"192.0.2.{number}") for number in range(TRIES_PER_ACCOUNT + 1)
    ]
    assert codes == ["login.wrong"] * TRIES_PER_ACCOUNT + ["throttled"]
    assert wrong(session, person, now + WINDOW - timedelta(seconds=1)) == "throttled"

    assert log_in(session, email=person.email, password=make.PASSWORD, address=HERE, now=now + WINDOW)


def test_the_right_password_forgets_the_wrong_ones(session: Session, now: datetime, person: Contact) -> None:
    for _ in range(3):
        for _ in range(TRIES_PER_ACCOUNT_AND_ADDRESS - 1):
            assert wrong(session, person, now) == "login.wrong"
        log_in(session, email=person.email, password=make.PASSWORD, address=HERE, now=now)


def test_a_hundred_tries_at_once_reach_the_hasher_no_more_often_than_the_limit(
    database: Database, session: Session, now: datetime, person: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = 0
    codes: list[str] = []
    lock, start = Lock(), Barrier(20)

    def count(_password: str, _known: str | None) -> bool:
        nonlocal checked
        with lock:
            checked += 1
        return False

    def attack() -> None:
        start.wait()
        with database.session() as own:
            for _ in range(5):
                try:
                    log_in(own, email=person.email, password="not it at all", address=HERE, now=now)
                except Refused as refused:
                    codes.append(refused.code)

    monkeypatch.setattr(flow, "verify_password", count)
    threads = [Thread(target=attack) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert checked == TRIES_PER_ACCOUNT_AND_ADDRESS
    assert sorted(set(codes)) == ["login.wrong", "throttled"]
    assert len(codes) == 100


def test_an_address_with_characters_that_no_database_takes_is_just_wrong(
    session: Session, now: datetime
) -> None:
    with pytest.raises(Refused) as refusal:
        log_in(session, email="a\0b@x.example", password="x", address=HERE, now=now)

    assert refusal.value.code == "login.wrong"
