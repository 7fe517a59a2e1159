"""The whole way: a company applies, is admitted, orders, pays, gets its mails, and its orders are dispatched."""

import re

import pytest
from playwright.sync_api import expect

from app.cli.demo_company.names import company
from tests.browser import acts
from tests.browser.conftest import Visitor
from tests.browser.installation import Installation
from tests.browser.visit import Visit, Window

DESK = Window(1280, "de")
PHONE = Window(390, "en", scheme="dark")
PLAIN_PHONE = Window(390, "de", has_scripts=False)
LETTERS = ("Confirm your e-mail address", "We check your application", "Your company is admitted")
RECEIVED = "Order %(number)s received"
DECLINED = "Order %(number)s: the card was declined"
ACCEPTED = "Order %(number)s accepted"
INVOICED = "Invoice %(number)s for your order %(order_number)s"
LEFT = "Your order %(number)s has left"
Ordered = tuple[str, str, str]
"""Number, total and promised day of an order, as its page shows them."""
WALKS = (
    # (number, window, staff member, what is searched, what is found)
    pytest.param(0, DESK, "admin@demo.example", "dichtungsvorat", "Dichtungsvorrat", id=str(DESK)),
    pytest.param(1, PHONE, "ops@demo.example", "seal stock", "Seal stock", id=str(PHONE)),
    pytest.param(2, PLAIN_PHONE, "lead@demo.example", "Hydraulikoel", "Hydrauliköl", id=str(PLAIN_PHONE)),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number, window, staff_email, search, bundle", WALKS)
def test_a_company_gets_from_the_closed_door_to_dispatched_orders(
    visitor: Visitor,
    installation: Installation,
    number: int,
    window: Window,
    staff_email: str,
    search: str,
    bundle: str,
) -> None:
    # Same mail domain as a company of the main brand: a person has to decide.
    applicant = acts.Applicant(
        f"Tüftel & Söhne {number} GmbH",
        f"werkstatt@{company(number).domain}",
        "Kim Tüftel",
        f"HRB 5117{number}",
    )
    customer, staff = visitor(window), visitor(window)

    acts.apply(customer, applicant)
    acts.confirm(customer, installation, applicant.email)
    acts.log_in(customer, applicant.email, acts.PASSWORD)
    _is_kept_outside(customer, installation, applicant, bundle)
    acts.log_in_as_staff(staff, installation, staff_email)
    acts.admit(staff, applicant.company_name)
    _is_let_in(customer, installation, applicant)
    _declined(customer, installation, applicant, search, bundle)
    first, second = _pays_after_all(customer), _orders_again(customer)
    _reads_that_both_were_received_and_accepted(customer, installation, applicant, first, second)
    _dispatches_one_by_one(staff, first[0], second[0])
    _reads_that_both_have_left(customer, installation, applicant, first[0], second[0])

    numbers = (first[0], second[0])
    invoices = [_invoice_of(customer, installation, applicant, number) for number in numbers]
    subjects = installation.subjects(to=applicant.email)
    assert [one for one in subjects if one not in invoices] == [
        *(customer.say(subject) for subject in LETTERS),
        *(customer.say(subject, number=first[0]) for subject in (RECEIVED, DECLINED, ACCEPTED)),
        *(customer.say(subject, number=second[0]) for subject in (RECEIVED, ACCEPTED)),
        *(customer.say(LEFT, number=number) for number in numbers),
    ]
    assert len(set(invoices)) == 2
    assert installation.captured_cents(of=first[0]) == [_cents(first[1])]
    assert installation.captured_cents(of=second[0]) == [_cents(second[1])]


def _invoice_of(customer: Visit, installation: Installation, applicant: acts.Applicant, number: str) -> str:
    """The subject of the e-mail that brings the invoice of an order that has left."""
    form = re.escape(customer.say(INVOICED, number="@", order_number=number)).replace("@", r"RE-\d{4}-\d{6}")
    return str(installation.message(to=applicant.email, subject=re.compile(form))["subject"])


def _is_kept_outside(
    customer: Visit, installation: Installation, applicant: acts.Applicant, bundle: str
) -> None:
    acts.read_mail(
        customer, installation, to=applicant.email, subject=customer.say("We check your application")
    )
    text = customer.open("/catalogue", status=403)
    assert bundle not in text
    customer.open("/status")


def _is_let_in(customer: Visit, installation: Installation, applicant: acts.Applicant) -> None:
    """The session that was outside is inside with its next request."""
    letter = acts.read_mail(
        customer, installation, to=applicant.email, subject=customer.say("Your company is admitted")
    )
    assert f"{installation.url}/" in letter
    customer.open("/status")
    customer.follow("To the catalogue")


def _declined(
    customer: Visit, installation: Installation, applicant: acts.Applicant, search: str, bundle: str
) -> None:
    """Orders and enters a card that is declined; order and card page stay as they are."""
    acts.fill_cart(customer, search, bundle)
    acts.order(customer, reference="Kessel 1")
    acts.enter_card(customer, acts.DECLINED)
    expect(customer.page.get_by_role("alert")).to_contain_text(re.compile("declined|abgelehnt"))
    card_page = customer.page.url
    number = installation.order_of(card_page)
    subject = customer.say(DECLINED, number=number)
    acts.read_mail(customer, installation, to=applicant.email, subject=subject)
    assert installation.captured_cents(of=number) == []
    customer.open(card_page)


def _pays_after_all(customer: Visit) -> Ordered:
    acts.enter_card(customer, acts.PAYS)
    return acts.read_order(customer)


def _orders_again(customer: Visit) -> Ordered:
    """The same once more, with a card whose bank asks first; both orders stand in the list."""
    customer.press("Put into the cart again")
    acts.order(customer, reference="Kessel 2")
    acts.enter_card(customer, acts.ASKS_THE_BANK)
    expect(customer.page.locator("h1")).to_have_text("3-D Secure")
    with customer.leaving():
        customer.page.locator("button[value=complete]").click()
    second = acts.read_order(customer)

    customer.open("/orders?q=Kessel")
    assert customer.page.locator("main tbody tr").count() == 2
    return second


def _reads_that_both_were_received_and_accepted(
    customer: Visit, installation: Installation, applicant: acts.Applicant, *orders: Ordered
) -> None:
    for number, total, promised_on in orders:
        subject = customer.say(RECEIVED, number=number)
        assert total in acts.read_mail(customer, installation, to=applicant.email, subject=subject)
        subject = customer.say(ACCEPTED, number=number)
        letter = acts.read_mail(customer, installation, to=applicant.email, subject=subject)
        assert total in letter
        assert promised_on in letter


def _dispatches_one_by_one(staff: Visit, first: str, second: str) -> None:
    """The first order from its own page, the second by ticking it in the list of its run."""
    staff.open("/admin/orders")
    staff.page.locator("#f-q").fill(first)
    staff.press("Search", within=staff.page.locator("form.filters"))
    staff.follow(first)
    staff.page.locator("#f-carrier").fill("Bote")
    staff.page.locator(f"#f-tracking_{first}").fill("T-1")
    staff.press("Dispatch this order")
    expect(staff.page.locator("main .badge").first).to_have_text(staff.say("dispatched"))

    staff.open("/admin/dispatch")
    with staff.leaving():
        staff.page.locator(".chips a").last.click()
    staff.look()
    staff.page.locator(f"#f-number-{second}").check()
    staff.press("Dispatch the ticked orders")
    expect(staff.page.locator(f"#f-number-{second}")).to_have_count(0)


def _reads_that_both_have_left(
    customer: Visit, installation: Installation, applicant: acts.Applicant, *numbers: str
) -> None:
    for number in numbers:
        subject = customer.say(LEFT, number=number)
        assert number in acts.read_mail(customer, installation, to=applicant.email, subject=subject)
        customer.open(f"/orders/{number}")
        expect(customer.page.locator(".page-head .badge")).to_have_text(customer.say("Dispatched"))


def _cents(amount: str) -> int:
    return int(re.sub(r"\D", "", amount))
