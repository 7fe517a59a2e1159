from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.core.ids import hash_token
from app.core.transaction import transaction
from app.customers.models import Contact, ContactSession
from app.customers.rules.admission import ScreeningState
from app.flows import log_in as flow
from app.mainbrand.rules.segments import Segment
from app.throttling.models import Throttle
from tests import make
from tests.web.conftest import Browser

Browsers = Callable[..., Browser]


def sign_in(browser: Browser, email: str, password: str = make.PASSWORD, **values: str) -> Any:
    return browser.submit("/login", {"email": email, "password": password, **values}, page="/login")


def test_an_admitted_person_comes_to_the_catalogue_or_to_the_page_asked_for(
    browser: Browsers, admitted: Contact
) -> None:
    assert sign_in(browser(), admitted.email).headers["location"] == "/catalogue"
    assert sign_in(browser(), admitted.email, next="/orders?page=2").headers["location"] == "/orders?page=2"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "//[",
        "//\u2100.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/login",
    ],
)
def test_no_log_in_leads_to_another_site(browser: Browsers, admitted: Contact, wanted: str) -> None:
    assert sign_in(browser(), admitted.email, next=wanted).headers["location"] == "/catalogue"


def test_a_person_who_is_not_admitted_reads_where_the_application_stands(
    browser: Browsers, session: Session
) -> None:
    waiting = make.contact(session, of=make.customer(session, screening=ScreeningState.REVIEW))

    assert sign_in(browser(), waiting.email, next="/catalogue").headers["location"] == "/status"


def test_wrong_and_unknown_read_the_same_and_check_a_password_once(
    browser: Browsers, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []
    real = flow.verify_password
    monkeypatch.setattr(
        flow, "verify_password", lambda given, known: checked.append(known) or real(given, known)
    )
    account = make.main_account(session, segment=Segment.A)
    people = {
        "C": make.contact(session, of=make.customer(session)),
        "A": make.contact(session, of=make.customer(session, main_account_id=account.id)),
        "B": make.contact(session, of=make.customer(session, segment=Segment.B)),
        "blocked": make.contact(session, of=make.customer(session, screening=ScreeningState.BLOCKED)),
        "suspended": make.contact(session, of=make.customer(session, suspended_at=make.NOW)),
        "unverified": make.contact(session, of=make.customer(session), email_verified_at=None),
    }

    def traits(email: str) -> tuple[int, str, list[str]]:
        answer = sign_in(browser(), email, "not the password")
        plain = answer.text.replace(email, "EMAIL")
        csrf = plain.partition('name="csrf" value="')[2].partition('"')[0]
        return answer.status_code, plain.replace(csrf, "CSRF"), sorted(answer.headers.keys())

    unknown = traits("nobody@unknown.example")
    found = {name: traits(person.email) for name, person in people.items()}

    assert found == dict.fromkeys(people, unknown)
    assert unknown[0] == 422
    assert "E-mail address or password is not right." in unknown[1]
    assert len(checked) == len(people) + 1


def test_a_cookie_planted_before_the_log_in_is_dead_after_it(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    visitor = browser()
    sign_in(visitor, admitted.email)
    first = visitor.cookies["schlicht"]
    visitor.cookies.delete("schlicht")
    planted = browser()
    planted.cookies.set("schlicht", first, domain="testserver.local")
    assert planted.get("/status").status_code == 200

    # The form of the log-in page is bound to the browser's session while that lives.
    answer = planted.post(
        "/login",
        data={"csrf": planted.csrf("/status"), "email": admitted.email, "password": make.PASSWORD},
    )

    assert answer.status_code == 303
    visitor.cookies.set("schlicht", first, domain="testserver.local")
    assert visitor.get("/status").headers["location"].startswith("/login")
    session.rollback()
    assert [row.token_hash for row in session.exec(select(ContactSession))] != [hash_token(first)]


def test_logging_out_ends_the_session_everywhere_the_cookie_was_copied_to(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    visitor = browser(admitted)
    token = visitor.cookies["schlicht"]

    answer = visitor.submit("/logout", page="/status")

    assert answer.headers["location"] == "/login?done=out"
    copy = browser()
    copy.cookies.set("schlicht", token, domain="testserver.local")
    assert copy.get("/status").headers["location"].startswith("/login")
    assert session.exec(select(ContactSession)).all() == []


def test_logging_out_needs_the_form_of_this_browser(browser: Browsers, admitted: Contact) -> None:
    visitor = browser(admitted)

    assert visitor.post("/logout", data={"csrf": "forged"}).status_code == 403
    assert visitor.get("/status").status_code == 200


@pytest.mark.parametrize(
    "age, idle, is_alive",
    [
        (timedelta(days=29), timedelta(hours=7), True),
        (timedelta(days=29), timedelta(hours=9), False),
        (timedelta(days=31), timedelta(minutes=1), False),
    ],
)
def test_a_session_ends_after_eight_idle_hours_and_after_thirty_days(
    browser: Browsers, session: Session, admitted: Contact, age: timedelta, idle: timedelta, is_alive: bool
) -> None:
    visitor = browser()
    sign_in(visitor, admitted.email)
    session.rollback()
    with transaction(session):
        row = session.exec(select(ContactSession)).one()
        row.created_at, row.expires_at = row.created_at - age, row.expires_at - age
        row.last_seen_at = utc_now() - idle

    assert (visitor.get("/status").status_code == 200) is is_alive


def test_after_too_many_tries_the_right_password_waits_too_and_the_answer_says_how_long(
    browser: Browsers, admitted: Contact
) -> None:
    visitor = browser()
    for _ in range(flow.TRIES_PER_ACCOUNT_AND_ADDRESS):
        assert sign_in(visitor, admitted.email, "not the password").status_code == 422

    answer = sign_in(visitor, admitted.email)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert "Too many attempts" in answer.text


def test_invented_forwarding_headers_do_not_give_more_tries(browser: Browsers, admitted: Contact) -> None:
    visitor = browser()
    codes = []
    for number in range(flow.TRIES_PER_ACCOUNT_AND_ADDRESS + 1):
        csrf = visitor.csrf("/login")
        forged = f"10.0.0.{number}"
        answer = visitor.post(
            "/login",
            data={"csrf": csrf, "email": admitted.email, "password": "not the password"},
            headers={"x-forwarded-for": forged, "x-real-ip": forged, "forwarded": f"for={forged}"},
        )
        codes.append(answer.status_code)

    assert codes == [422] * flow.TRIES_PER_ACCOUNT_AND_ADDRESS + [429]


def test_no_key_of_the_throttle_shows_an_address(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    sign_in(browser(), admitted.email, "not the password")

    keys = " ".join(session.exec(select(Throttle.key)))
    assert admitted.email not in keys
    assert "testclient" not in keys
