"""The review desk by keyboard: one key decides, and none while somebody is typing."""

import re

from playwright.sync_api import expect

from app.cli.demo_company.names import company
from app.cli.demo_company.people import DOUBTFUL_FORM, FIRST_PERSONA, PERSONAS
from tests.browser import acts
from tests.browser.conftest import Visitor
from tests.browser.installation import Installation
from tests.browser.visit import Visit, Window

DESK = Window(1280, "en")
PHONE = Window(390, "de")
PLAIN = Window(390, "de", has_scripts=False)
STOPPED_CLOCK = "performance.now = () => window.testedNow ?? 0"


def name_of(email: str) -> str:
    """The company with which a log-in of the demo applied."""
    number = next(place for place, persona in enumerate(PERSONAS) if persona.email == email)
    firm = company(FIRST_PERSONA + number)
    return firm.name.removesuffix(firm.legal_form) + DOUBTFUL_FORM


def open_case(visit: Visit, email: str, *, state: str = "") -> str:
    """Opens the case of a demo company from the queue; its address."""
    visit.page.add_init_script(STOPPED_CLOCK)
    visit.open(f"/admin/screening?state={state}")
    visit.follow(name_of(email))
    let_a_moment_pass(visit)
    return visit.page.url


def let_a_moment_pass(visit: Visit) -> None:
    """A key decides nothing in the first moment of a page: it may have been meant for the case before."""
    visit.page.evaluate("window.testedNow = 1000")


def test_one_key_decides_and_the_next_case_is_there_at_once(
    visitor: Visitor, installation: Installation
) -> None:
    visit = visitor(DESK)
    acts.log_in_as_staff(visit, installation, "lead@demo.example")
    decided = open_case(visit, "review2@demo.example")

    visit.page.locator("#f-reason").click()
    visit.page.keyboard.type("a parts shop")
    expect(visit.page.locator("#f-reason")).to_have_value("a parts shop")
    visit.page.locator("#f-reason_clear").focus()
    visit.page.keyboard.press("a")
    visit.page.locator("h1").click()
    visit.page.keyboard.press("Control+s")
    visit.page.keyboard.press("Shift+S")
    switch = visit.page.locator("#f-keys")
    switch.uncheck()
    visit.page.locator("h1").click()
    visit.page.keyboard.press("s")
    visit.page.reload()
    expect(switch).not_to_be_checked()
    let_a_moment_pass(visit)
    visit.page.keyboard.press("s")
    assert visit.page.url == decided
    switch.check()
    visit.page.locator("h1").click()
    with visit.leaving():
        visit.page.keyboard.press("s")
    visit.look()

    following = visit.page.url
    assert re.search(r"/admin/screening/\d+\?done=decided", following)
    assert following.split("?")[0] != decided
    visit.page.keyboard.press("a")
    visit.page.keyboard.press("r")
    assert visit.page.url == following
    let_a_moment_pass(visit)
    with visit.leaving():
        visit.page.keyboard.press("n")
    visit.look()
    visit.open(decided)
    expect(visit.page.locator("main")).to_contain_text("Lina Harms")
    customer = visitor(Window(390, "en"))
    acts.log_in(customer, "review2@demo.example", installation.password)
    customer.open("/catalogue")


def test_a_sole_trader_needs_words_and_without_scripts_the_buttons_do_the_same(
    visitor: Visitor, installation: Installation
) -> None:
    visit = visitor(PHONE)
    acts.log_in_as_staff(visit, installation, "ops@demo.example")
    url = open_case(visit, "review3@demo.example")

    visit.page.keyboard.press("r")
    expect(visit.page.locator("#f-reason")).to_be_focused()
    assert visit.page.url == url
    visit.page.locator("h1").click()
    with visit.leaving():
        visit.page.keyboard.press("p")
    visit.look()
    acts.read_mail(
        visit,
        installation,
        to="review3@demo.example",
        subject=visit.say("We need one more paper for your application"),
    )

    plain = visitor(PLAIN)
    acts.log_in_as_staff(plain, installation, "admin@demo.example")
    plain.open("/admin/screening?state=proof")
    plain.follow(name_of("review3@demo.example"))
    plain.press("The proof has arrived")
    plain.page.locator("#f-reason").fill("Der Auszug gehört zu einer anderen Firma.")
    with plain.leaving():
        plain.page.locator("button[name=decision][value=refused]").click()
    plain.look()
    plain.open("/admin/screening?state=decided")
    expect(plain.page.locator("tr", has_text=name_of("review3@demo.example"))).to_contain_text(
        "Der Auszug gehört zu einer anderen Firma."
    )

    refused = visitor(PHONE)
    acts.log_in(refused, "review3@demo.example", installation.password)
    refused.open("/catalogue", status=403)
    refused.open("/status")
    refused.page.locator("#f-text").fill("Der Auszug ist unserer, nur der Name ist neu.")
    refused.press("Object")
    expect(refused.page.locator("#objection")).to_contain_text("nur der Name ist neu")
