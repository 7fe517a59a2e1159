"""Comparing bundles, as an admitted customer sees it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from app.catalogue.rules.kinds import BundleState
from app.customers.models import Contact
from tests import make

Browsers = Callable[..., Any]


def text(answer: Any) -> str:
    """The visible words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def shelf(session: Session) -> None:
    seal, oil = make.block(session, name_en="Seal", sku="S-1"), make.block(session, name_en="Oil", sku="O-1")
    make.bundle(session, slug="small", name_en="Small kit", items=[(seal, 1)], price_cents=990)
    make.bundle(session, slug="large", name_en="Large kit", items=[(seal, 10), (oil, 2)], price_cents=7_770)
    make.bundle(
        session, slug="boxed", name_en="Boxed", items=[(oil, 20)], price_cents=980, minimum_quantity=4
    )
    make.bundle(session, slug="fourth", name_en="Fourth")
    make.bundle(session, slug="draft", name_en="Drafted", state=BundleState.DRAFT)


def test_bundles_stand_side_by_side_with_what_each_holds(
    shelf: None, browser: Browsers, admitted: Contact
) -> None:
    shown = text(browser(admitted).get("/catalogue/compare?bundle=large&bundle=small&bundle=boxed"))

    assert "Price €77.70 plus VAT €9.90 plus VAT €9.80 plus VAT €0.49 per piece" in shown
    assert "Seal S-1 10 pieces 1 piece –" in shown
    assert "Oil O-1 2 pieces – 20 pieces" in shown
    assert "Single bundles Single bundles From 4, in steps of 1" in shown


def test_one_can_be_left_out_and_a_bundle_named_twice_counts_once(
    shelf: None, browser: Browsers, admitted: Contact
) -> None:
    page = browser(admitted).get(
        "/catalogue/compare?bundle=small&bundle=large&bundle=small&bundle=boxed&bundle="
    )

    assert "Up to three bundles can be compared" not in page.text
    assert 'href="/catalogue/compare?bundle=small&amp;bundle=boxed"' in page.text


def test_more_than_three_are_refused_with_a_way_to_choose(
    shelf: None, browser: Browsers, admitted: Contact
) -> None:
    page = browser(admitted).get(
        "/catalogue/compare?bundle=small&bundle=large&bundle=boxed&bundle=fourth&bundle=draft"
    )

    assert "Up to three bundles can be compared You ticked 4." in text(page)
    assert re.findall(r'name="bundle" value="(\w+)"( checked)?', page.text) == [
        ("small", " checked"),
        ("large", " checked"),
        ("boxed", " checked"),
        ("fourth", ""),
    ]


@pytest.mark.parametrize("query", ["", "?bundle=small", "?bundle=draft", "?bundle=missing&bundle=draft"])
def test_fewer_than_two_say_how_it_is_done(
    shelf: None, browser: Browsers, admitted: Contact, query: str
) -> None:
    page = browser(admitted).get(f"/catalogue/compare{query}")

    assert (page.status_code, "Tick two or three bundles" in page.text) == (200, True)
    assert "Drafted" not in page.text


def test_a_draft_and_a_bundle_that_never_was_look_the_same_and_long_lists_are_cut(
    shelf: None, browser: Browsers, admitted: Contact
) -> None:
    visitor = browser(admitted)
    draft, missing = (
        text(visitor.get(f"/catalogue/compare?bundle=small&bundle=large&bundle={slug}"))
        for slug in ("draft", "missing")
    )

    many = visitor.get(
        "/catalogue/compare?" + "&".join(f"bundle={number}{'x' * 90}" for number in range(300))
    )

    assert draft == missing
    assert "1 of the bundles is not on sale." in draft
    assert "24 of the bundles are not on sale." in text(many)


def test_a_visitor_who_is_not_admitted_compares_nothing(
    shelf: None, session: Session, browser: Browsers
) -> None:
    refused = make.contact(session, of=make.customer(session, suspended_at=make.NOW))

    answers = [
        browser().get("/catalogue/compare?bundle=small"),
        browser(refused).get("/catalogue/compare?bundle=small"),
    ]

    assert [answer.status_code for answer in answers] == [303, 403]
    assert [answer.headers["cache-control"] for answer in answers] == ["no-store", "no-store"]
