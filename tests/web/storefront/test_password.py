from collections.abc import Callable
from typing import Any

from sqlmodel import Session, select

from app.core.security import verify_password
from app.customers.models import Contact, ContactSession, ContactToken
from app.mail.models import Mail
from tests import make
from tests.flows.arrivals import take_up
from tests.web.conftest import Browser

Browsers = Callable[..., Browser]
NEW = "ein neuer satz am abend"


def ask(browser: Browser, email: str, **headers: str) -> Any:
    csrf = browser.csrf("/password/forgot")
    return browser.post("/password/forgot", data={"csrf": csrf, "email": email}, headers=headers)


def tokens(session: Session) -> list[str]:
    take_up(session)
    return [
        str((mail.secret_values or {})["token"])
        for mail in session.exec(select(Mail).order_by(Mail.id))  # type: ignore[arg-type]
    ]


def test_a_new_password_is_set_once_by_the_mailed_link_and_every_session_ends(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    elsewhere = browser(admitted)
    visitor = browser()
    assert ask(visitor, admitted.email).headers["location"] == "/password/forgot?sent=1"
    (token,) = tokens(session)
    path = f"/password/reset/{token}"
    assert visitor.get(path).status_code == 200

    answer = visitor.submit(path, {"password": NEW}, page=path)

    assert answer.headers["location"] == "/login?done=reset"
    session.rollback()
    changed = session.get_one(Contact, admitted.id)
    assert verify_password(NEW, changed.password_hash)
    assert not verify_password(make.PASSWORD, changed.password_hash)
    assert session.exec(select(ContactSession)).all() == []
    assert elsewhere.get("/status").status_code == 303
    assert visitor.submit(path, {"password": NEW + "!"}, page="/login").status_code == 404
    session.rollback()
    assert verify_password(NEW, session.get_one(Contact, admitted.id).password_hash)


def test_asking_answers_the_same_for_known_and_unknown_and_writes_only_to_the_owner(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    known, unknown = ask(browser(), admitted.email), ask(browser(), "nobody@unknown.example")

    assert (known.status_code, known.headers["location"], known.text) == (
        unknown.status_code,
        unknown.headers["location"],
        unknown.text,
    )
    assert sorted(known.headers) == sorted(unknown.headers)
    take_up(session)
    assert [mail.to_address for mail in session.exec(select(Mail))] == [admitted.email]


def test_a_forged_host_never_gets_into_the_link(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    for headers in (
        {"x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example"},
        {"x-original-host": "evil.example"},
    ):
        ask(browser(), admitted.email, **headers)
    refused = ask(browser(), admitted.email, host="evil.example")

    take_up(session)
    mails = session.exec(select(Mail)).all()
    assert len(mails) == 3
    assert all("evil" not in str(mail.values) + str(mail.secret_values) for mail in mails)
    assert refused.status_code == 400


def test_a_link_that_a_stranger_asked_for_ends_none_of_the_owners_but_the_first_use_ends_all(
    browser: Browsers, session: Session
) -> None:
    person = make.contact(session, of=make.customer(session), email_verified_at=None)
    visitor = browser()
    ask(visitor, person.email)
    ask(visitor, person.email)
    older, newer = tokens(session)

    assert visitor.get(f"/password/reset/{newer}").status_code == 200
    assert visitor.get(f"/verify/{newer}").status_code == 404
    assert visitor.submit(f"/verify/{newer}", page="/login").status_code == 404
    path = f"/password/reset/{older}"
    assert visitor.submit(path, {"password": NEW}, page=path).headers["location"] == "/login?done=reset"
    assert visitor.get(f"/password/reset/{newer}").status_code == 404


def test_an_obvious_password_is_refused_and_the_link_stays_good(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    visitor = browser()
    ask(visitor, admitted.email)
    path = f"/password/reset/{tokens(session)[0]}"

    refused = visitor.submit(path, {"password": "passwort1234"}, page=path)

    assert refused.status_code == 422
    assert "among the first that others try" in refused.text
    assert visitor.submit(path, {"password": NEW}, page=path).status_code == 303


def test_a_reset_opens_no_door_that_was_closed(browser: Browsers, session: Session) -> None:
    suspended = make.contact(session, of=make.customer(session, suspended_at=make.NOW, suspended_reason="x"))
    visitor = browser()
    ask(visitor, suspended.email)
    path = f"/password/reset/{tokens(session)[0]}"
    visitor.submit(path, {"password": NEW}, page=path)

    visitor.submit("/login", {"email": suspended.email, "password": NEW}, page="/login")

    assert visitor.get("/catalogue").status_code == 403


def test_the_database_keeps_no_link_that_works(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    ask(browser(), admitted.email)

    (token,) = tokens(session)
    assert [row.token_hash for row in session.exec(select(ContactToken))] != [token]


def test_many_links_for_one_address_wait_whether_it_is_known_or_not(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    visitor = browser()

    known = [ask(visitor, admitted.email).status_code for _ in range(6)]
    unknown = [ask(visitor, "nobody@unknown.example").status_code for _ in range(6)]

    assert known == unknown == [303] * 5 + [429]
