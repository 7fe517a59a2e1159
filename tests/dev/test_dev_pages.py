"""The card page and the mailbox in Chromium on a telephone: usable without JavaScript, no barrier that axe finds."""

import smtplib
from email.message import EmailMessage

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dev.mailbox.server import MailboxProcess
from dev.stripe_standin.server import API_KEY, StandinProcess
from tests.dev.stripe_standin.shopping import Shop

pytestmark = pytest.mark.browser
TELEPHONE = {"width": 390, "height": 844}


def assert_accessible(page: Page) -> None:
    """One h1, no sideways scrolling, nothing that axe objects to."""
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    violations = Axe().run(page).response["violations"]
    assert [one["id"] for one in violations] == []


def test_a_card_is_declined_then_another_authenticated_without_javascript(chromium: Browser) -> None:
    with StandinProcess() as standin:
        shop = Shop(stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}), standin)
        session = shop.session(success_url=f"{standin.url}/?session={{CHECKOUT_SESSION_ID}}")
        page = chromium.new_context(viewport=TELEPHONE, java_script_enabled=False).new_page()
        page.goto(session.url or "")

        page.get_by_role("link", name="Declined: insufficient funds").click()
        page.get_by_role("button", name="Pay").click()
        assert page.get_by_role("alert").inner_text() == "Your card has insufficient funds."

        page.get_by_role("link", name="3-D Secure on each payment").click()
        page.get_by_role("button", name="Pay").click()
        page.get_by_role("button", name="Complete").click()

        assert page.url == f"{standin.url}/?session={session.id}"
        assert shop.intent(session.id).status == "requires_capture"


def test_no_page_of_the_standin_has_a_barrier(chromium: Browser) -> None:
    with StandinProcess() as standin:
        shop = Shop(stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}), standin)
        session = shop.session()
        page = chromium.new_context(viewport=TELEPHONE).new_page()

        page.goto(session.url or "")
        assert_accessible(page)
        page.get_by_role("link", name="3-D Secure on each payment").click()
        page.get_by_label("Card number").fill("4242 4242 4242 4241")
        page.get_by_role("button", name="Pay").click()
        assert_accessible(page)
        page.get_by_label("Card number").fill("4000002760003184")
        page.get_by_role("button", name="Pay").click()
        assert_accessible(page)
        page.goto(standin.url)
        assert_accessible(page)
        shop.v1.checkout.sessions.expire(session.id)
        page.goto(session.url or "")
        assert_accessible(page)


def test_no_page_of_the_mailbox_has_a_barrier(chromium: Browser) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "shop@demo.example", "c@demo.example"
    message["Subject"] = "Bestätigung"
    message.set_content(f"http://127.0.0.1:8000/verify/{'a' * 90}\n")
    with MailboxProcess() as mailbox:
        with smtplib.SMTP("127.0.0.1", mailbox.smtp_port) as smtp:
            smtp.send_message(message)
        page = chromium.new_context(viewport=TELEPHONE).new_page()

        page.goto(mailbox.url)
        assert_accessible(page)
        page.get_by_role("link", name="Bestätigung").click()
        assert_accessible(page)
        assert page.get_by_role("link", name="/verify/").count() == 1
