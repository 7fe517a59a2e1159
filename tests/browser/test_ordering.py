"""What goes wrong at the till: double clicks, the way back, two tabs, a change of mind, a change of language."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import acts
from tests.browser.conftest import Visitor
from tests.browser.installation import Installation, buyer_email
from tests.browser.visit import Visit, Window

PHONE = Window(390, "de")
PLAIN_PHONE = Window(390, "de", has_scripts=False)
DESK = Window(1280, "en")


def signed_in(visit: Visit, installation: Installation, buyer: int) -> Visit:
    """An admitted company of its own for each test, in its catalogue."""
    acts.log_in(visit, buyer_email(buyer), installation.password)
    visit.open("/catalogue")
    return visit


def put_into_cart(visit: Visit, slug: str) -> None:
    visit.open(f"/bundles/{slug}")
    visit.press("Add to cart")


def count_orders(visit: Visit, reference: str) -> int:
    visit.open(f"/orders?q={reference}")
    return visit.page.locator("main tbody tr").count()


@pytest.mark.parametrize("buyer, window", [(0, PHONE), (1, PLAIN_PHONE)], ids=["scripts", "plain"])
def test_a_double_click_on_the_order_button_makes_one_order(
    visitor: Visitor, installation: Installation, buyer: int, window: Window
) -> None:
    visit = signed_in(visitor(window), installation, buyer)
    put_into_cart(visit, "pumpenservice")
    acts.go_to_checkout(visit, reference="DOPPEL")

    visit.page.get_by_role("button", name=visit.say("Order with obligation to pay")).dblclick()

    expect(visit.page).to_have_url(re.compile(r"/c/pay/"))
    number = installation.order_of(visit.page.url)
    received = visit.say("Order %(number)s received", number=number)
    installation.message(to=buyer_email(buyer), subject=received)
    assert count_orders(visit, "DOPPEL") == 1
    # Some buyers of the demo have e-mails about their effort and about orders of before, too.
    about_it = [one for one in installation.subjects(to=buyer_email(buyer)) if number in one]
    assert about_it == [received]


def test_the_way_back_after_paying_neither_orders_nor_charges_again(
    visitor: Visitor, installation: Installation
) -> None:
    visit = signed_in(visitor(PHONE), installation, 2)
    put_into_cart(visit, "dichtungsvorrat")
    acts.order(visit, reference="ZURUECK")
    card_page = visit.page.url
    acts.enter_card(visit, acts.PAYS)
    number, total, _ = acts.read_order(visit)

    visit.page.go_back()
    expect(visit.page).to_have_url(re.compile(r"/c/pay/|/checkout|/orders/"))
    visit.page.goto(card_page)
    assert visit.page.locator("button[value=pay]").count() == 0
    visit.open("/checkout")

    expect(visit.page).to_have_url(f"{visit.base_url}/cart")
    assert count_orders(visit, "ZURUECK") == 1
    assert installation.captured_cents(of=number) == [int(re.sub(r"\D", "", total))]


def test_a_cart_changed_in_another_tab_is_not_ordered_unseen(
    visitor: Visitor, installation: Installation
) -> None:
    visit = signed_in(visitor(DESK), installation, 3)
    put_into_cart(visit, "pumpenservice")
    acts.go_to_checkout(visit, reference="TABS")
    other = visit.new_tab()
    other.goto("/bundles/dichtungsvorrat")
    with other.expect_navigation():
        other.get_by_role("button", name=visit.say("Add to cart")).click()

    visit.expect_refusal("/checkout")
    text = visit.press("Order with obligation to pay")

    assert visit.say("Something has changed. Nothing was ordered.") in text
    assert "Seal stock" in text
    visit.page.locator("#f-accept_terms").check()
    visit.page.locator("#f-is_business").check()
    visit.press("Order with obligation to pay")
    expect(visit.page).to_have_url(re.compile(r"/c/pay/"))
    assert count_orders(visit, "TABS") == 1


def test_who_leaves_the_card_page_pays_later_from_the_order(
    visitor: Visitor, installation: Installation
) -> None:
    visit = signed_in(visitor(PHONE), installation, 4)
    put_into_cart(visit, "dichtungsvorrat")
    acts.order(visit, reference="SPAETER")
    number = installation.order_of(visit.page.url)

    with visit.leaving():
        visit.page.locator("a.cancel").click()
    assert visit.say("Not paid yet.") in visit.look()
    visit.open(f"/orders/{number}")
    visit.press("Pay by card")
    acts.enter_card(visit, acts.PAYS)

    assert acts.read_order(visit)[0] == number
    assert len(installation.captured_cents(of=number)) == 1


def test_a_quantity_typed_into_the_cart_changes_the_sums_at_once(
    visitor: Visitor, installation: Installation
) -> None:
    visit = signed_in(visitor(PHONE), installation, 5)
    put_into_cart(visit, "pumpenservice")
    field = visit.page.locator("input[type=number]")
    before = visit.text(".sums .is-total dd")

    field.fill("3")
    field.press("Tab")

    expect(visit.page.locator(".sums .is-total dd")).not_to_have_text(re.compile(re.escape(before[:-2])))
    assert visit.text(".sums div:first-child dd") == "203,70 €"
    visit.look()


def test_the_language_changes_where_one_is_and_stays_chosen(
    visitor: Visitor, installation: Installation
) -> None:
    visit = visitor(PHONE)
    acts.log_in(visit, "c2@demo.example", installation.password)
    visit.open("/orders")

    for language, other, heading in (("en", "English", "Orders"), ("de", "Deutsch", "Bestellungen")):
        with visit.leaving():
            visit.page.locator(".language").get_by_role("button", name=other).click()
        expect(visit.page.locator("html")).to_have_attribute("lang", language)
        expect(visit.page).to_have_url(f"{visit.base_url}/orders")
        expect(visit.page.locator("h1")).to_have_text(heading)
        visit.open("/account")
        expect(visit.page.locator("html")).to_have_attribute("lang", language)
        visit.open("/orders")
