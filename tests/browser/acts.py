"""What people do in the shop, each act as they do it: reading, filling in, pressing."""

import re
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser.installation import Installation
from tests.browser.visit import Visit

PAYS = "4242424242424242"
DECLINED = "4000000000000002"
ASKS_THE_BANK = "4000002760003184"
PASSWORD = "ein langer Satz ohne Sinn"


@dataclass(frozen=True)
class Applicant:
    """A company that applies."""

    company_name: str
    email: str
    person: str
    register_number: str


def apply(visit: Visit, applicant: Applicant) -> None:
    """From the start page to "we check and write to you"."""
    visit.open("/")
    visit.follow("Apply with your company", within=visit.page.locator(".hero"))
    page = visit.page
    for name, value in {
        "company_name": applicant.company_name,
        "street": "Lange Gasse 3",
        "postal_code": "04109",
        "city": "Leipzig",
        "phone": "+49 30 23125 555",
        "register_number": applicant.register_number,
        "register_court": "Leipzig",
        "contact_name": applicant.person,
        "email": applicant.email,
        "password": PASSWORD,
    }.items():
        page.locator(f"#f-{name}").fill(value)
    page.locator("#f-legal_form").select_option("GmbH")
    page.locator("#f-country").select_option("DE")
    page.locator("#f-is_business").check()
    page.locator("#f-accept_terms").check()
    visit.press("Send application")
    expect(page.locator("h1")).to_have_text(visit.say("We check and write to you"))


def confirm(visit: Visit, installation: Installation, email: str) -> None:
    """Opens the link of the first mail and confirms; ends on the log-in page."""
    read_mail(visit, installation, to=email, subject=visit.say("Confirm your e-mail address"))
    with visit.leaving():
        visit.page.locator(".text a[href*='/verify/']").click()
    visit.look()
    visit.press("Confirm this address")
    expect(visit.page).to_have_url(re.compile(r"/login\?"))


def log_in(visit: Visit, email: str, password: str) -> None:
    """Signs a customer's person in."""
    if not visit.page.url.startswith(f"{visit.base_url}/login"):
        visit.open("/login")
    visit.page.locator("#f-email").fill(email)
    visit.page.locator("#f-password").fill(password)
    visit.press("Log in", within=visit.page.locator("main"))


def log_in_as_staff(visit: Visit, installation: Installation, email: str) -> None:
    """Signs a staff member in with both factors; ends on the inbox."""
    visit.open("/admin/login")
    visit.page.locator("#f-email").fill(email)
    visit.page.locator("#f-password").fill(installation.password)
    visit.press("Continue")
    visit.page.locator("#f-code").fill(installation.code_of(email))
    visit.press("Sign in")
    expect(visit.page.locator("h1")).to_have_text(visit.say("Inbox"))


def admit(visit: Visit, company_name: str) -> None:
    """Finds the company among the reviews and decides that it may buy."""
    visit.open("/admin")
    expect(visit.page.locator(".tiles a[href='/admin/screening']")).not_to_contain_text(re.compile(r"^0\b"))
    with visit.leaving():
        visit.page.locator(".tiles a[href='/admin/screening']").click()
    visit.look()
    visit.follow(company_name)
    # It resembles an account of the list, but it is another company.
    visit.page.locator("#f-main_account_id").select_option("")
    visit.page.locator("#f-reason").fill("Called them: a workshop of its own.")
    with visit.leaving():
        visit.page.locator("button[name=decision][value=clear]").click()
    visit.look()


def fill_cart(visit: Visit, search: str, bundle: str, *, quantity: int | None = None) -> None:
    """Searches, opens a bundle and puts it into the cart."""
    visit.page.locator("#head-q").fill(search)
    visit.press("Search", within=visit.page.locator(".head-search"))
    with visit.leaving():
        visit.page.locator(".card-link", has_text=bundle).click()
    visit.look()
    if quantity is not None:
        visit.page.locator("#f-quantity").fill(str(quantity))
    visit.press("Add to cart")
    expect(visit.page.locator("h1")).to_have_text(visit.say("Cart"))


def go_to_checkout(visit: Visit, *, reference: str) -> None:
    """From the cart to a checkout with everything filled in, up to the last press."""
    visit.follow("To the checkout")
    visit.page.locator("#f-purchase_reference").fill(reference)
    visit.page.locator("#f-accept_terms").check()
    visit.page.locator("#f-is_business").check()


def order(visit: Visit, *, reference: str) -> None:
    """From the cart to the card page."""
    go_to_checkout(visit, reference=reference)
    visit.press("Order with obligation to pay")
    expect(visit.page).to_have_url(re.compile(r"/c/pay/"))


def enter_card(visit: Visit, card: str) -> None:
    """Fills in the card page and pays; ends on what comes then."""
    page = visit.page
    page.locator("#cardNumber").fill(card)
    page.locator("#cardExpiry").fill("12 / 40")
    page.locator("#cardCvc").fill("123")
    page.locator("#billingName").fill("A. Käufer")
    with visit.leaving():
        page.locator("button[value=pay]").click()
    visit.look()


def read_order(visit: Visit) -> tuple[str, str, str]:
    """On the page of an order that is being paid: waits for its acceptance; number, total and promised day."""
    page = visit.page
    expect(page).to_have_url(re.compile(r"/orders/[^/?]+"))
    number = page.url.split("?")[0].rsplit("/", 1)[1]
    badge = page.locator(".page-head .badge", has_text=visit.say("Accepted"))
    for _ in range(100):
        if badge.count():
            break
        # The worker may be charging the card at this moment; the page says so and does not turn by itself.
        page.wait_for_timeout(100)
        page.reload()
    expect(badge).to_be_visible()
    before, after = visit.say("With you by %(day)s.").split("%(day)s")
    promise = visit.text(".panel p > b")
    assert promise.startswith(before)
    total = visit.text(".sums .is-total dd")
    return number, total, promise.removeprefix(before).removesuffix(after)


def read_mail(visit: Visit, installation: Installation, *, to: str, subject: str) -> str:
    """Waits for a mail, opens it in the mailbox, returns its text."""
    message = installation.message(to=to, subject=subject)
    visit.open(f"{installation.mailbox.url}/?to={to}")
    with visit.leaving():
        visit.page.locator(f"a[href='/messages/{message['id']}']").click()
    visit.look()
    return visit.text(".text")
