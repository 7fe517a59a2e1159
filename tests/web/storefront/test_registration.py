import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from app.core.transaction import transaction as shop_transaction
from app.customers.models import Contact, Customer, IncomingApplication
from app.customers.rules.admission import ScreeningState
from app.flows import register_customer as flow
from app.jobs.models import Job
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from app.shop import Shop
from app.throttling.models import Throttle
from app.worker import run_next, run_until_idle
from tests import make
from tests.flows.arrivals import take_up
from tests.web.conftest import Browser

FORM = {
    "company_name": "Brunner Zweiradtechnik GmbH",
    "legal_form": "GmbH",
    "vat_id": "DE 900 000 014",
    "register_number": "HRB 12345",
    "register_court": "Amtsgericht Leipzig",
    "street": "Werkstraße 4",
    "postal_code": "04177",
    "city": "Leipzig",
    "country": "DE",
    "phone": "+49 30 23125 101",
    "contact_name": "Kim Brunner",
    "email": "Kim@Brunner.example",
    "password": "kaffee am morgen",
    "is_business": "1",
    "accept_terms": "1",
}
Browsers = Callable[..., Browser]


def apply(browser: Browser, **changes: str) -> Any:
    return browser.submit("/register", {**FORM, **changes}, page="/register")


def link_of(session: Session, kind: str) -> str:
    take_up(session)
    mail = session.exec(select(Mail).where(Mail.kind == kind).order_by(Mail.id.desc())).first()  # type: ignore[union-attr]
    assert mail is not None
    return str((mail.secret_values or {})["token"])


def test_a_company_applies_confirms_is_admitted_and_sees_where_it_stands(
    browser: Browsers, session: Session, shop: Shop
) -> None:
    visitor = browser()

    answer = apply(visitor)

    assert (answer.status_code, answer.headers["location"]) == (303, "/register?received=1")
    assert "We check and write to you" in visitor.get("/register?received=1").text
    assert run_next(shop, kinds=("receive_application",))
    customer = session.exec(select(Customer)).one()
    assert (customer.vat_id, customer.register_key, customer.name_key, customer.screening) == (
        "DE900000014",
        "leipzig HRB 12345",
        "brunner zweiradtechnik",
        ScreeningState.PENDING,
    )
    contact = session.exec(select(Contact)).one()
    assert (contact.email, contact.language, contact.email_verified_at) == ("kim@brunner.example", "en", None)

    token = link_of(session, "verify_email")
    shown = visitor.get(f"/verify/{token}")
    assert shown.status_code == 200
    session.rollback()
    assert session.exec(select(Contact.email_verified_at)).one() is None

    confirmed = visitor.submit(f"/verify/{token}", page=f"/verify/{token}")
    assert confirmed.headers["location"] == "/login?done=confirmed"
    assert "Your e-mail address is confirmed" in visitor.get("/login?done=confirmed").text
    run_until_idle(shop)
    session.rollback()
    admitted = session.exec(select(Customer)).one()
    assert (admitted.screening, admitted.segment) == (ScreeningState.CLEAR, Segment.C)
    assert [mail.kind for mail in session.exec(select(Mail).order_by(Mail.id))] == [  # type: ignore[arg-type]
        "verify_email",
        "application_received",
        "decision_admitted",
    ]

    login = visitor.submit(
        "/login", {"email": " KIM@brunner.example", "password": FORM["password"]}, page="/login"
    )
    assert login.headers["location"] == "/catalogue"
    assert "Your company is admitted" in visitor.get("/status").text


@pytest.mark.parametrize(
    "field, value, sentence",
    [
        ("company_name", "privat", "We sell to businesses only."),
        ("legal_form", "Verein zur Freude", "Please choose the legal form of your company."),
        ("vat_id", "DE900000015", "This VAT id cannot be right"),
        ("vat_id", "ATU99000017", "The VAT id begins with AT, your address is in DE."),
        ("register_number", "12345", "Please write the number like this: HRB 12345"),
        ("register_court", "", "Please name the court that keeps the register"),
        ("street", "", "Please enter street and house number."),
        ("postal_code", "0417", "This is no postal code of the country you chose."),
        ("city", "", "Please enter the town."),
        ("country", "US", "Please choose one of the countries that we deliver to."),
        ("phone", "123", "Please enter a phone number with area code"),
        ("contact_name", "", "Please enter first and last name"),
        ("email", "kim@", "Please enter an e-mail address such as"),
        ("password", "passwort1234", "This password is among the first that others try."),
        ("password", "kurz", "Please choose a password with at least 12 characters."),
        ("password", "a1" * 101, "Please choose a password with at most 200 characters."),
        ("is_business", "", "Please confirm that you buy as a business."),
        ("accept_terms", "", "Please accept the terms."),
        ("company_name", "x" * 201, "Please use at most 200 characters."),
    ],
)
def test_a_wrong_field_is_named_with_its_fix_and_nothing_is_kept(
    browser: Browsers, session: Session, field: str, value: str, sentence: str
) -> None:
    visitor = browser()

    answer = apply(visitor, **{field: value})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Brunner" in answer.text
    assert FORM["password"] not in answer.text
    assert session.exec(select(IncomingApplication)).all() == []
    assert session.exec(select(Job)).all() == []


def test_all_faults_are_named_at_once(browser: Browsers) -> None:
    answer = browser().submit("/register", {"country": "DE"}, page="/register")

    wrong = set(re.findall(r'id="f-(\w+)-error"', answer.text))
    assert wrong == {
        "company_name",
        "legal_form",
        "vat_id",
        "street",
        "postal_code",
        "city",
        "phone",
        "contact_name",
        "email",
        "password",
        "is_business",
        "accept_terms",
    }


def test_an_unknown_field_is_refused(browser: Browsers, session: Session) -> None:
    answer = apply(browser(), segment="C")

    assert answer.status_code == 422
    assert session.exec(select(IncomingApplication)).all() == []


def _people(session: Session) -> dict[str, Contact]:
    """One person in every state that a stranger must not be able to tell apart."""
    account = make.main_account(session, segment=Segment.A)
    states: dict[str, dict[str, Any]] = {
        "C": {},
        "A": {"main_account_id": account.id, "segment": Segment.A},
        "B": {"segment": Segment.B},
        "review": {"screening": ScreeningState.REVIEW, "segment": Segment.UNRATED},
        "blocked": {"screening": ScreeningState.BLOCKED, "segment": Segment.UNRATED},
        "refused": {"screening": ScreeningState.REFUSED},
        "suspended": {"suspended_at": make.NOW, "suspended_reason": "effort"},
        "moved up": {"moved_up_at": make.NOW},
    }
    people = {name: make.contact(session, of=make.customer(session, **of)) for name, of in states.items()}
    people["unverified"] = make.contact(session, of=make.customer(session), email_verified_at=None)
    return people


def _traits(answer: Any) -> tuple[int, str, dict[str, str]]:
    varying = {"x-request-id", "date", "content-length", "set-cookie"}
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in varying}
    return answer.status_code, answer.text, headers


def test_registering_answers_the_same_whatever_the_address_belongs_to(
    browser: Browsers, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = flow.hash_password
    monkeypatch.setattr(flow, "hash_password", lambda password: hashed.append(password) or real(password))
    people = _people(session)
    unknown = _traits(apply(browser(), email="nobody@unknown.example"))
    before = {name: person.password_hash for name, person in people.items()}

    answers = {name: _traits(apply(browser(), email=person.email)) for name, person in people.items()}

    assert answers == dict.fromkeys(people, unknown)
    assert hashed == [FORM["password"]] * (len(people) + 1)
    session.rollback()
    assert {
        name: session.get_one(Contact, person.id).password_hash for name, person in people.items()
    } == before
    take_up(session)
    assert {
        name: session.get_one(Contact, person.id).password_hash for name, person in people.items()
    } == before
    assert len(session.exec(select(Customer)).all()) == len(people) + 1


def test_registering_and_asking_for_a_password_do_the_same_work_whatever_the_address_belongs_to(
    browser: Browsers, session: Session, shop: Shop
) -> None:
    """What takes no other way through the database takes no other time."""
    addresses = {name: person.email for name, person in _people(session).items()}
    addresses["nobody"] = "nobody@unknown.example"
    work: dict[str, tuple[list[str], list[str]]] = {}

    for name, email in addresses.items():
        visitor = browser()
        csrf = visitor.csrf("/password/forgot")
        with _statements(shop) as registering:
            answer = visitor.post("/register", data={"csrf": csrf, **FORM, "email": email})
        with _statements(shop) as asking:
            asked = visitor.post("/password/forgot", data={"csrf": csrf, "email": email})
        assert (answer.status_code, asked.status_code) == (303, 303)
        work[name] = (registering, asking)

    assert len(work["nobody"][0]) > 3
    assert len(work["nobody"][1]) > 2
    assert work == dict.fromkeys(addresses, work["nobody"])


@contextmanager
def _statements(shop: Shop) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    engines = {shop.db.writing, shop.db.reading}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def test_the_owner_of_a_known_address_is_told_once_a_day(
    browser: Browsers, session: Session, admitted: Contact
) -> None:
    apply(browser(), email=admitted.email)
    apply(browser(), email=admitted.email.upper())
    take_up(session)

    mails = session.exec(select(Mail)).all()
    assert [(mail.kind, mail.to_address) for mail in mails] == [("registration_known", admitted.email)]


def test_a_link_works_once_and_the_newer_one_kills_the_older(browser: Browsers, session: Session) -> None:
    visitor = browser()
    apply(visitor)
    first = link_of(session, "verify_email")
    visitor.submit("/login", {"email": FORM["email"], "password": FORM["password"]}, page="/login")
    assert "Please confirm your e-mail address" in visitor.get("/status").text

    resent = visitor.submit("/verify/resend", page="/status")

    assert resent.headers["location"] == "/status?sent=1"
    second = link_of(session, "verify_email")
    assert second != first
    assert visitor.get(f"/verify/{first}").status_code == 404
    assert visitor.submit(f"/verify/{first}", page="/status").status_code == 404
    assert visitor.submit(f"/verify/{second}", page=f"/verify/{second}").headers["location"] == "/status"
    assert visitor.submit(f"/verify/{second}", page="/status").status_code == 404
    session.rollback()
    assert len(session.exec(select(Job).where(Job.kind == "screen_customer")).all()) == 1


def test_too_many_applications_from_one_address_wait(browser: Browsers, session: Session) -> None:
    visitor = browser()
    apply(visitor)
    session.rollback()
    with shop_transaction(session):
        for row in session.exec(select(Throttle)):
            row.attempt_count = 5_000

    answer = apply(visitor, email="other@brunner.example")

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many attempts" in answer.text
    assert 'value="other@brunner.example"' in answer.text
    take_up(session)
    assert len(session.exec(select(Customer)).all()) == 1


def test_somebody_signed_in_does_not_apply_again(browser: Browsers, admitted: Contact) -> None:
    assert browser(admitted).get("/register").headers["location"] == "/status"


@pytest.mark.parametrize(
    "account",
    [
        {"company_name": "BRUNNER-ZWEIRADTECHNIK oHG", "name_key": "brunner zweiradtechnik"},
        {"street": "Werkstr. 4", "postal_code": "04177", "city": "Leipzig"},
        {"phone_key": "+493023125101"},
        {"email_domain": "brunner.example"},
        {"vat_id": "DE900000014"},
    ],
)
def test_a_disguised_a_customer_reads_the_same_until_a_person_has_decided(
    browser: Browsers, session: Session, account: dict[str, str]
) -> None:
    def ways() -> list[tuple[int, str, dict[str, str]]]:
        visitor = browser()
        answers = [_traits(apply(visitor)), _traits(visitor.get("/register?received=1"))]
        token = link_of(session, "verify_email")
        answers += [_traits(visitor.get(f"/verify/{token}")), _traits(visitor.submit(f"/verify/{token}"))]
        return [
            (status, re.sub(r"[\w-]{30,}|K-\w+", "…", text), headers) for status, text, headers in answers
        ]

    clean = ways()
    with shop_transaction(session):
        # Their address is free again for the same application.
        session.exec(select(Contact)).one().email = "gone@anders.example"
    make.main_account(session, segment=Segment.A, **account)

    assert ways() == clean
