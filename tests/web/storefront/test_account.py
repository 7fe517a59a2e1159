from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact, ContactSession, Customer
from app.customers.rules.admission import ScreeningState
from app.customers.rules.vat_ids import VatIdStatus
from app.jobs.models import Job
from app.mainbrand.rules.segments import Segment
from app.shop import Shop
from app.worker import run_until_idle
from tests import make
from tests.web.conftest import Browser

Browsers = Callable[..., Browser]
DATA = {
    "company_name": "Probst Werkstatt GmbH",
    "legal_form": "GmbH",
    "vat_id": "DE900000014",
    "vat_note": "",
    "register_number": "",
    "register_court": "",
    "street": "Gartenweg 3",
    "postal_code": "04109",
    "city": "Leipzig",
    "country": "DE",
    "phone": "+49 30 23125 111",
    "language": "en",
}


@pytest.fixture
def kim(session: Session) -> Contact:
    """A person of an admitted company with the data of DATA."""
    facts = {name: value for name, value in DATA.items() if name != "language" and value}
    return make.contact(session, of=make.customer(session, **{"register_number": None, **facts}))


def customer_of(session: Session, contact: Contact) -> Customer:
    session.rollback()
    session.expire_all()
    return session.get_one(Customer, contact.customer_id)


def test_the_page_shows_the_own_data_and_nobody_elses(
    browser: Browsers, session: Session, kim: Contact
) -> None:
    stranger = make.contact(session, of=make.customer(session, company_name="Andere Firma GmbH"))

    text = browser(kim).get("/account").text + browser(kim).get("/account/people").text

    assert "Probst Werkstatt GmbH" in text
    assert kim.email in text
    assert "This browser" in text
    assert stranger.email not in text
    assert "Andere Firma" not in text


def test_saving_without_a_change_writes_nothing_but_the_language(
    browser: Browsers, session: Session, kim: Contact
) -> None:
    answer = browser(kim).submit("/account", {**DATA, "language": "de"}, page="/account")

    assert answer.headers["location"] == "/account?saved=company"
    assert customer_of(session, kim).screening is ScreeningState.CLEAR
    assert session.get_one(Contact, kim.id).language == "de"
    assert session.exec(select(AuditEntry)).all() == []


def test_a_new_phone_number_is_kept_without_a_new_check(
    browser: Browsers, session: Session, kim: Contact
) -> None:
    browser(kim).submit("/account", {**DATA, "phone": "+49 30 23125 222"}, page="/account")

    customer = customer_of(session, kim)
    assert (customer.phone, customer.screening) == ("+49 30 23125 222", ScreeningState.CLEAR)


def test_a_new_phone_number_of_an_a_customer_is_noticed_soon_after(
    browser: Browsers, session: Session, shop: Shop, kim: Contact
) -> None:
    make.main_account(session, phone="030 / 23125-222", phone_key="+493023125222", segment=Segment.A)

    browser(kim).submit("/account", {**DATA, "phone": "+49 30 23125 222"}, page="/account")
    run_until_idle(shop)

    assert customer_of(session, kim).screening is ScreeningState.REVIEW


def test_a_changed_vat_id_closes_the_catalogue_until_it_is_checked_and_an_a_account_keeps_it_closed(
    browser: Browsers, session: Session, shop: Shop, kim: Contact
) -> None:
    make.main_account(session, vat_id="DE900000022", segment=Segment.A)
    visitor = browser(kim)

    answer = visitor.submit("/account", {**DATA, "vat_id": "DE900000022"}, page="/account")

    assert answer.headers["location"] == "/status"
    assert customer_of(session, kim).screening is ScreeningState.PENDING
    assert visitor.get("/catalogue").status_code == 403
    assert "We are checking your company" in visitor.get("/status").text
    run_until_idle(shop)
    assert customer_of(session, kim).screening is ScreeningState.BLOCKED
    assert visitor.get("/catalogue").status_code == 403
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "customer.changed")).one()
    assert (entry.old, entry.new) == ({"vat_id": "DE900000014"}, {"vat_id": "DE900000022"})


@pytest.mark.parametrize(
    "name, value", [("company_name", "Novak Handel GmbH"), ("street", "Ringweg 9"), ("city", "Halle")]
)
def test_a_changed_name_or_place_takes_the_confirmation_of_the_vat_id_away_and_asks_anew(
    browser: Browsers, session: Session, kim: Contact, name: str, value: str
) -> None:
    customer = customer_of(session, kim)
    with transaction(session):
        customer.vat_status, customer.vat_confirmed_at = VatIdStatus.CONFIRMED, utc_now()

    browser(kim).submit("/account", {**DATA, name: value}, page="/account")

    customer = customer_of(session, kim)
    assert (customer.vat_status, customer.vat_confirmed_at) == (VatIdStatus.UNCHECKED, None)
    assert session.exec(select(Job).where(Job.kind == "check_vat_id")).one().args["purpose"] == "change"


def test_a_changed_street_is_checked_and_the_catalogue_opens_again(
    browser: Browsers, session: Session, shop: Shop, kim: Contact
) -> None:
    visitor = browser(kim)
    visitor.submit("/account", {**DATA, "street": "Ringweg 9"}, page="/account")
    assert visitor.get("/account").status_code == 403

    run_until_idle(shop)

    customer = customer_of(session, kim)
    assert (customer.street, customer.screening, customer.segment) == (
        "Ringweg 9",
        ScreeningState.CLEAR,
        Segment.C,
    )
    assert visitor.get("/account").status_code == 200


def test_wrong_data_are_named_and_nothing_changes(browser: Browsers, session: Session, kim: Contact) -> None:
    answer = browser(kim).submit("/account", {**DATA, "vat_id": "", "city": "Halle"}, page="/account")

    assert answer.status_code == 422
    assert "Please enter your VAT id, or your register number below." in answer.text
    assert customer_of(session, kim).city == "Leipzig"


def test_the_segment_cannot_be_posted(browser: Browsers, session: Session, kim: Contact) -> None:
    answer = browser(kim).submit("/account", {**DATA, "segment": "C", "screening": "clear"}, page="/account")

    assert answer.status_code == 422


def test_a_new_password_needs_the_present_one_and_ends_every_other_session(
    browser: Browsers, session: Session, kim: Contact
) -> None:
    here, there = browser(kim), browser(kim)
    before = here.cookies["schlicht"]
    new = {"password": "ein neuer satz am abend"}

    wrong = here.submit("/account/password", {**new, "present_password": "not it"}, page="/account")
    assert wrong.status_code == 422
    assert "This is not your present password." in wrong.text
    assert there.get("/account").status_code == 200

    answer = here.submit("/account/password", {**new, "present_password": make.PASSWORD}, page="/account")

    assert answer.headers["location"] == "/account?saved=password"
    assert here.cookies["schlicht"] != before
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_signing_out_all_other_browsers_keeps_this_one(
    browser: Browsers, session: Session, kim: Contact
) -> None:
    here, there = browser(kim), browser(kim)
    other = browser(make.contact(session, of=make.customer(session)))

    here.submit("/account/sessions/end", page="/account")

    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert other.get("/account").status_code == 200
    assert len(session.exec(select(ContactSession)).all()) == 2


STRANGERS = {
    "unverified": ({}, {"email_verified_at": None}),
    "in review": ({"screening": ScreeningState.REVIEW}, {}),
    "A": ({"segment": Segment.A}, {}),
    "B": ({"segment": Segment.B}, {}),
    "suspended": ({"suspended_at": make.NOW, "suspended_reason": "effort"}, {}),
    "moved up": ({"moved_up_at": make.NOW}, {}),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_no_stranger_changes_an_account(browser: Browsers, session: Session, kim: Contact, name: str) -> None:
    of, who = STRANGERS[name]
    stranger = browser(make.contact(session, of=make.customer(session, **of), **who))

    answers = [
        stranger.submit("/account", {**DATA, "city": "Halle"}, page="/status"),
        stranger.submit("/account/sessions/end", page="/status"),
        stranger.get("/account"),
        stranger.get("/account/people"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert customer_of(session, kim).city == "Leipzig"


def test_somebody_unknown_is_sent_to_the_log_in(browser: Browsers, session: Session, kim: Contact) -> None:
    visitor = browser()

    answers = [
        visitor.get("/account"),
        visitor.get("/status"),
        visitor.submit("/account", DATA, page="/login"),
    ]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert all(answer.headers["location"].startswith("/login") for answer in answers)


@pytest.mark.parametrize(
    "of, sentence",
    [
        ({"screening": ScreeningState.REVIEW}, "We are checking your company"),
        ({"screening": ScreeningState.REFUSED}, "We cannot admit your company"),
        ({"screening": ScreeningState.BLOCKED}, "vertrieb@kessler.example"),
        ({"segment": Segment.A}, "vertrieb@kessler.example"),
        ({"suspended_at": make.NOW, "suspended_reason": "too much effort"}, "The reason: too much effort"),
        ({"moved_up_at": make.NOW}, "You have moved up to"),
        ({}, "Your company is admitted"),
    ],
)
def test_the_status_says_where_a_company_stands_and_how_to_object(
    browser: Browsers, session: Session, of: dict[str, object], sentence: str
) -> None:
    text = browser(make.contact(session, of=make.customer(session, **of))).get("/status").text

    assert sentence in text
    is_closed = (
        bool({"REFUSED", "BLOCKED"} & {getattr(of.get("screening"), "name", "")}) or "suspended_at" in of
    )
    if is_closed:
        assert "You think this is a mistake?" in text
