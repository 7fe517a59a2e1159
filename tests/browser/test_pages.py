"""Each page that people open: it fits the screen, has no barrier, and strangers see none of the shop's."""

import pytest
from playwright.sync_api import expect

from tests.browser import acts
from tests.browser.conftest import Visitor
from tests.browser.installation import Installation
from tests.browser.visit import Visit, Window

PHONE = Window(390, "de")
DESK = Window(1280, "en", scheme="dark")
CANARIES = ("Dichtungsvorrat", "Seal stock", "ET-1003", "94,90")
COMPARED = "/catalogue/compare?bundle=dichtungsvorrat&bundle=blechpaket-stahl&bundle=bremsenservice-stapler"
CLOSED = (
    "/catalogue",
    COMPARED,
    "/catalogue?q=dichtung",
    "/bundles/dichtungsvorrat",
    "/bundles/there-is-none",
    "/cart",
    "/checkout",
    "/orders",
    "/services",
    "/services/offers/1",
    "/account",
)
PUBLIC = ("/", "/register", "/login", "/password/forgot", "/imprint", "/privacy", "/terms")
ADMIN = (
    *("/admin/complaints", "/admin/complaints?state=all"),
    *(
        "/admin",
        "/admin/orders",
        "/admin/dispatch",
        "/admin/customers",
        "/admin/screening",
    ),
    *("/admin/dispatch/calendar", "/admin/dispatch/tracking"),
    *("/admin/screening?state=proof", "/admin/screening?state=decided", "/admin/objections"),
    *("/admin/effort", "/admin/reports", "/admin/reports/cost-to-serve"),
    *("/admin/proofs", "/admin/reports/recapitulative?month=2026-11"),
    *(
        "/admin/accounts",
        "/admin/imports",
        "/admin/ratings",
        "/admin/bundles",
        "/admin/bundles?new=1",
        "/admin/discovery",
        "/admin/blocks",
        "/admin/categories",
        "/admin/synonyms",
        "/admin/guards",
        "/admin/payments",
        "/admin/payments/reconciliation",
        *("/admin/refunds", "/admin/disputes", "/admin/disputes?state=closed"),
    ),
    *("/admin/services", "/admin/services?new=1", "/admin/services/orders", "/admin/reports/exceptions"),
    *("/admin/reports/order-sizes", "/admin/reports/order-sizes?sort=change"),
    *("/admin/books", "/admin/books/2026-10", "/admin/books/retention"),
    *(
        "/admin/mail",
        "/admin/mail/addresses",
        "/admin/mail/texts",
        "/admin/mail/texts/order_accepted/de",
        "/admin/policy",
        "/admin/terms",
        "/admin/terms?new=1",
        "/admin/terms/2026-02",
        "/admin/gate",
        "/admin/staff",
        "/admin/audit",
    ),
)
LISTS_WITH_PAGES = ("accounts", "orders", "customers", "bundles", "blocks", "complaints")


def test_an_a_customer_signs_in_and_reaches_nothing(visitor: Visitor, installation: Installation) -> None:
    visit = visitor(PHONE)

    acts.log_in(visit, "a@demo.example", installation.password)

    for path in CLOSED:
        text = visit.open(path, status=403)
        assert not [word for word in CANARIES if word in visit.page.content()], path
        assert visit.say("Your contact there:") in text
    assert visit.page.locator(".head-search, .head-cart").count() == 0
    visit.open("/status")


@pytest.mark.parametrize("name", ["b", "review", "unverified", "suspended", "upgraded"])
def test_who_is_kept_outside_reads_why_and_what_to_do(
    visitor: Visitor, installation: Installation, name: str
) -> None:
    visit = visitor(PHONE)

    acts.log_in(visit, f"{name}@demo.example", installation.password)

    text = visit.open("/catalogue", status=403)
    assert not [word for word in CANARIES if word in text]
    visit.open("/status")


@pytest.mark.parametrize("window", [PHONE, DESK], ids=str)
def test_public_pages_fit_the_screen_and_have_no_barrier(visitor: Visitor, window: Window) -> None:
    visit = visitor(window)

    for path in PUBLIC:
        visit.open(path)
    visit.open("/verify/there-is-none", status=404)
    visit.open("/there-is-none", status=404)


def test_public_pages_fit_a_phone_before_their_typeface_has_come(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    visit.page.route("**/*.woff2", lambda route: route.fulfill(status=200, body=b""))

    for path in PUBLIC:
        visit.open(path)

    # Chromium says that the typeface is none.
    visit.faults[:] = [fault for fault in visit.faults if "downloaded font" not in fault]


def test_an_empty_application_names_each_missing_entry_first(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    visit.open("/register")

    visit.expect_refusal("/register")
    visit.press("Send application")

    expect(visit.page.locator("#error-summary")).to_be_focused()
    with_errors = visit.page.locator("[aria-invalid=true]").count()
    assert visit.page.locator("#error-summary li").count() == with_errors >= 10


@pytest.mark.parametrize("window", [PHONE, DESK], ids=str)
def test_the_customers_pages_fit_the_screen_and_have_no_barrier(
    visitor: Visitor, installation: Installation, window: Window
) -> None:
    visit = visitor(window)
    acts.log_in(visit, "c@demo.example", installation.password)

    for path in (
        "/catalogue",
        "/catalogue?kind=spare_part",
        "/catalogue?q=zzzz",
        COMPARED,
        "/cart",
        "/services",
        "/services/4",
        "/orders",
    ):
        visit.open(path)
    with visit.leaving():
        visit.page.locator("main tbody a").first.click()
    visit.look()
    for path in ("/orders?q=zzzz", "/account", "/account/people", "/status", "/complaints"):
        visit.open(path)


@pytest.mark.parametrize(
    "window, email", [(PHONE, "admin@demo.example"), (DESK, "lead@demo.example")], ids=["phone", "desk"]
)
def test_the_staffs_pages_fit_the_screen_and_have_no_barrier(
    visitor: Visitor, installation: Installation, window: Window, email: str
) -> None:
    visit = visitor(window)
    acts.log_in_as_staff(visit, installation, email)

    for path in ADMIN:
        visit.open(path, status=403 if path == "/admin/staff" and email.startswith("lead") else 200)
    for name in LISTS_WITH_PAGES:
        visit.open(f"/admin/{name}")
        _opens_the_first(visit, f"/admin/{name}/")


def test_the_menu_of_a_phone_opens_and_closes_by_key(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    visit.open("/")
    menu = visit.page.locator("details.menu")

    menu.locator("summary").focus()
    visit.page.keyboard.press("Enter")
    expect(menu.get_by_role("link", name=visit.say("Log in"))).to_be_visible()
    visit.look()
    visit.page.keyboard.press("Escape")

    expect(menu.get_by_role("link", name=visit.say("Log in"))).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def _opens_the_first(visit: Visit, beginning: str) -> None:
    with visit.leaving():
        visit.page.locator(f"main tbody a[href^='{beginning}']").first.click()
    visit.look()
