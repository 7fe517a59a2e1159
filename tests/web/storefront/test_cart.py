"""The cart as a customer meets it, with and without htmx."""

import re
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from app.customers.models import Contact
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from app.ordering.models import CartLine
from tests import make
from tests.catalogue import written

Browsers = Callable[..., Any]


def text(answer: Any) -> str:
    """The visible words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def held(session: Session, contact: Contact) -> dict[int, int]:
    session.rollback()
    session.expire_all()
    rows = session.exec(select(CartLine).where(col(CartLine.customer_id) == contact.customer_id))
    return {row.bundle_id: row.quantity for row in rows}


def test_a_bundle_goes_into_the_cart_by_number_or_by_name(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle = make.bundle(session, slug="kit")
    visitor = browser(admitted)

    by_number = visitor.submit("/cart/lines", {"bundle_id": str(bundle.id), "quantity": "2"})
    by_name = visitor.submit("/cart/lines", {"slug": "kit", "quantity": "3"})

    assert [(answer.status_code, answer.headers["location"]) for answer in (by_number, by_name)] == [
        (303, "/cart")
    ] * 2
    assert held(session, admitted) == {bundle.id: 5}


def test_the_cart_survives_logging_out_and_is_the_companys(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, slug="kit", name_en="Seal kit")
    first = browser(admitted)
    first.submit("/cart/lines", {"slug": "kit", "quantity": "2"})
    first.submit("/logout")
    customer = make.customer(session)
    colleague = make.contact(session, of=customer)
    with session.no_autoflush:
        colleague_of_admitted = make.contact(session, of=customer, customer_id=admitted.customer_id)

    assert first.get("/cart").status_code == 303
    assert "Seal kit" in text(browser(admitted).get("/cart"))
    assert "Seal kit" in text(browser(colleague_of_admitted).get("/cart"))
    assert "Your cart is empty" in text(browser(colleague).get("/cart"))


def test_a_quantity_that_is_not_sold_brings_the_page_back_with_the_fix(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle = make.bundle(session, slug="kit", name_en="Seal kit", minimum_quantity=10, order_step=5)
    visitor = browser(admitted)

    off_step = visitor.submit("/cart/lines", {"bundle_id": str(bundle.id), "quantity": "12"})
    nonsense = visitor.submit("/cart/lines", {"bundle_id": str(bundle.id), "quantity": "zwölf"})
    missing = visitor.submit("/cart/lines", {"slug": "kit"})

    assert off_step.status_code == nonsense.status_code == missing.status_code == 422
    assert "Seal kit is sold in steps of 5. Take 10 or 15." in text(off_step)
    assert 'value="12"' in off_step.text
    assert 'aria-invalid="true"' in nonsense.text
    assert held(session, admitted) == {}


def test_a_bundle_that_is_not_on_sale_cannot_be_added(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    visitor = browser(admitted)

    for values in (
        {"slug": "missing", "quantity": "1"},
        {"bundle_id": "99", "quantity": "1"},
        {"bundle_id": "99", "quantity": "x"},
        {"quantity": "1"},
    ):
        assert visitor.submit("/cart/lines", values).status_code == 404
    assert held(session, admitted) == {}


def test_a_line_is_changed_and_removed(session: Session, browser: Browsers, admitted: Contact) -> None:
    bundle = make.bundle(session, slug="kit")
    visitor = browser(admitted)
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "2"})

    changed = visitor.submit(f"/cart/lines/{bundle.id}", {"quantity": "7"})
    assert (changed.status_code, changed.headers["location"]) == (303, "/cart")
    assert held(session, admitted) == {bundle.id: 7}

    assert visitor.submit(f"/cart/lines/{bundle.id}", {"quantity": "0"}).status_code == 303
    assert held(session, admitted) == {}


def test_a_wrong_quantity_is_shown_beside_its_line_and_changes_nothing(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle = make.bundle(session, slug="kit", name_en="Seal kit", minimum_quantity=4, order_step=2)
    visitor = browser(admitted)
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "4"})

    answers = [
        visitor.submit(f"/cart/lines/{bundle.id}", {"quantity": wrong}) for wrong in ("5", "-1", "x", "10000")
    ]

    assert [answer.status_code for answer in answers] == [422] * 4
    assert "Seal kit is sold in steps of 2. Take 4 or 6." in text(answers[0])
    assert 'value="5"' in answers[0].text
    assert held(session, admitted) == {bundle.id: 4}


def test_another_companys_cart_cannot_be_touched(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle = make.bundle(session, slug="kit")
    other = make.contact(session, of=make.customer(session))
    browser(admitted).submit("/cart/lines", {"slug": "kit", "quantity": "2"})
    stranger = browser(other)

    assert stranger.submit(f"/cart/lines/{bundle.id}", {"quantity": "9"}).status_code == 303
    assert stranger.submit(f"/cart/lines/{bundle.id}", {"quantity": "0"}).status_code == 303

    assert held(session, admitted) == {bundle.id: 2}
    assert held(session, other) == {}


def test_a_changed_bundle_is_told_with_both_prices_until_it_is_agreed_to(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.terms(session)
    bundle_id = written.bundle(session, slug="kit")
    visitor = browser(admitted)
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "2"})
    written.draft_bundle(session, bundle_id=bundle_id, slug="kit", items=[(1, 4)], price_cents=3_490)
    publish_bundle(session, bundle_id, actor=written.STAFF, now=make.NOW)

    told = visitor.get("/cart")

    assert "it was €29.90 and is now €34.90 net" in text(told)
    assert 'href="/checkout"' not in told.text
    version_id = re.search(r'name="version_id" value="(\d+)"', told.text)
    assert version_id
    visitor.submit(f"/cart/lines/{bundle_id}", {"version_id": version_id[1]})
    agreed = visitor.get("/cart")
    assert "has changed" not in text(agreed)
    assert 'href="/checkout"' in agreed.text


def test_a_retired_bundle_is_told_and_can_only_be_removed(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle_id = written.bundle(session, slug="kit")
    visitor = browser(admitted)
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "2"})
    retire_bundle(session, bundle_id, actor=written.STAFF, now=make.NOW)

    told = visitor.get("/cart")
    changed = visitor.submit(f"/cart/lines/{bundle_id}", {"quantity": "5"})

    assert "This bundle is no longer sold. Please remove it." in text(told)
    assert "€29.90" not in told.text
    assert 'href="/checkout"' not in told.text
    assert changed.status_code == 303
    assert held(session, admitted) == {bundle_id: 2}
    visitor.submit(f"/cart/lines/{bundle_id}", {"quantity": "0"})
    assert held(session, admitted) == {}


def test_the_surcharge_its_missing_amount_and_the_sums_are_shown(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, slug="kit", price_cents=2_990)
    visitor = browser(admitted)
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "1"})

    small = text(visitor.get("/cart"))
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "1"})
    large = text(visitor.get("/cart"))

    assert "Goods, net €29.90 Low-quantity surcharge €9.90 Net €39.80" in small
    assert "Goods worth €20.10 more, net, and the low-quantity surcharge of €9.90 falls away." in small
    assert "Total with VAT €47.36" in small
    assert "Low-quantity" not in large
    assert "Total with VAT €71.16" in large


def test_htmx_gets_the_cart_alone_with_the_new_count(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle = make.bundle(session, slug="kit", order_step=2)
    visitor = browser(admitted)
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "2"})
    asked = {"headers": {"hx-request": "true"}}

    changed = visitor.submit(f"/cart/lines/{bundle.id}", {"quantity": "4"}, **asked)
    wrong = visitor.submit(f"/cart/lines/{bundle.id}", {"quantity": "5"}, **asked)
    removed = visitor.submit(f"/cart/lines/{bundle.id}", {"quantity": "0"}, **asked)

    for answer, status in ((changed, 200), (wrong, 422), (removed, 200)):
        assert answer.status_code == status
        assert "<html" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert 'value="4"' in changed.text
    assert 'id="cart-count" hx-swap-oob="true">1<' in changed.text
    assert 'id="cart-count" hx-swap-oob="true">0<' in removed.text
