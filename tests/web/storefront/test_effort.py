from collections.abc import Callable
from datetime import timedelta

from sqlmodel import Session, select

from app.care.rules.effort import EffortCause
from app.care.rules.levels import LADDER
from app.catalogue.models import Bundle
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Objection
from tests import make
from tests.flows.effort import FEE as FEE_MINUTES
from tests.flows.effort import WARNING, Care, company_with_an_order
from tests.web.conftest import Browser
from tests.web.reading import visible_text

NORMAL, WARNED, FEE, REFUSED = LADDER


def on_the_fee(session: Session) -> tuple[Care, Contact]:
    now = utc_now() - timedelta(hours=3)
    care = company_with_an_order(session, now)
    for hours, minutes in enumerate((WARNING, FEE_MINUTES - WARNING)):
        care.touch(minutes, at=now + timedelta(hours=hours))
        care.review(now + timedelta(hours=hours))
    care.touch(30, at=now, cause=EffortCause.OURS)
    session.rollback()
    return care, session.exec(select(Contact).where(Contact.customer_id == care.customer_id)).one()


def test_the_account_shows_level_figures_and_every_touch(
    session: Session, browser: Callable[..., Browser]
) -> None:
    _, contact = on_the_fee(session)

    text = visible_text(browser(contact).get("/account").text)

    assert "Each order carries an effort fee of €9.90 net" in text
    assert "100 minutes, €75.00" in text
    assert "€86.76" in text
    assert "86 %" in text.replace("\xa0", " ")
    assert "once the share is below 60 %, or the effort below €50.00." in text.replace("\xa0", " ")
    assert text.count("Help on the phone") == 3
    assert "no, our doing" in text


def test_the_fee_stands_in_cart_and_checkout_with_its_reason_before_the_button(
    session: Session, browser: Callable[..., Browser]
) -> None:
    care, contact = on_the_fee(session)
    with transaction(session):
        make.terms(session)
        bundle = session.exec(select(Bundle)).first()
        assert bundle is not None
        make.cart_line(session, of=session.get_one(Customer, care.customer_id), bundle=bundle)
    visitor = browser(contact)

    for path in ("/cart", "/checkout"):
        text = visible_text(visitor.get(path).text)
        assert "Effort fee €9.90" in text
        assert "The effort fee: work by hand for your company costs too much" in text
    ways = visitor.get("/checkout", headers={"accept": "application/json"}).json()["ways"]
    fees = [charge for way in ways for charge in way["charges"] if charge["kind"] == "effort_fee"]
    assert len(fees) == len(ways)
    assert fees[0]["net_cents"] == 990
    assert fees[0]["reason"].startswith("The effort fee: work by hand for your company costs too much")


def test_a_company_objects_to_its_effort_with_one_form(
    session: Session, browser: Callable[..., Browser]
) -> None:
    care, contact = on_the_fee(session)
    visitor = browser(contact)

    wrong = visitor.submit("/account/objection", {"text": "no"})
    done = visitor.submit("/account/objection", {"text": "Two of the calls were about your own mistake."})
    again = visitor.submit("/account/objection", {"text": "Two of the calls were about your own mistake."})

    assert wrong.status_code == 422
    assert 'id="f-text-error"' in wrong.text
    assert {done.headers["location"], again.headers["location"]} == {"/account?saved=objection#effort"}
    session.rollback()
    assert [(one.against, one.customer_id) for one in session.exec(select(Objection))] == [
        ("effort", care.customer_id)
    ]
    assert "Two of the calls were about your own mistake." in visible_text(visitor.get("/account").text)


def test_a_normal_company_reads_that_all_is_well_and_has_no_form(
    session: Session, browser: Callable[..., Browser]
) -> None:
    contact = make.contact(session, of=make.customer(session))
    visitor = browser(contact)

    answer = visitor.get("/account")

    assert "The effort for your company is normal." in visible_text(answer.text)
    assert 'action="/account/objection"' not in answer.text
    assert visitor.submit("/account/objection", {"text": "I object all the same."}).status_code == 403


def test_a_company_refused_for_its_effort_reads_the_figures_where_it_may_still_look(
    session: Session, browser: Callable[..., Browser]
) -> None:
    care, contact = on_the_fee(session)
    with transaction(session):
        customer = session.get_one(Customer, care.customer_id)
        customer.effort_level, customer.suspended_at = REFUSED, utc_now()
        customer.suspended_reason = "Every order brings three calls."

    text = visible_text(browser(contact).get("/status").text)

    assert "100 minutes, €75.00" in text
    assert text.count("Help on the phone") == 3
    assert "Object" in text
