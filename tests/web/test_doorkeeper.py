"""The gate before every route."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from app.core.transaction import transaction
from app.customers.models import Contact
from app.mainbrand.rules.segments import Segment
from app.shop import Shop
from tests import make
from tests.web.conftest import Browser

Open = Callable[..., Browser]


def test_a_segment_changed_by_another_process_closes_the_very_next_request(
    browser: Open, admitted: Contact, session: Session
) -> None:
    open_page = browser(admitted)
    assert open_page.get("/cart").status_code == 200

    with transaction(session):
        company = session.get_one(make.Customer, admitted.customer_id)
        company.segment = Segment.B

    assert open_page.get("/cart").status_code == 403


def test_a_linked_main_account_that_is_rated_up_closes_the_very_next_request(
    browser: Open, session: Session
) -> None:
    account = make.main_account(session, segment=Segment.C)
    person = make.contact(session, of=make.customer(session, main_account_id=account.id))
    open_page = browser(person)
    assert open_page.get("/cart").status_code == 200

    with transaction(session):
        session.get_one(make.MainAccount, account.id).segment = Segment.A

    assert open_page.get("/cart").status_code == 403


def test_an_error_inside_the_gate_refuses(
    browser: Open, admitted: Contact, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page = browser(admitted)
    monkeypatch.setattr(shop.db, "reading", None)
    monkeypatch.setattr(shop.db, "asking", None)

    answer = open_page.get("/cart")

    assert answer.status_code == 500
    assert "no-store" in answer.headers["cache-control"]


def test_head_is_answered_like_get_without_a_body(browser: Open) -> None:
    page = browser()

    assert page.head("/").content == b""
    assert page.head("/").headers["content-length"] == page.get("/").headers["content-length"]


@pytest.mark.parametrize("path", ["/bundles/a%00b", "/orders/%00", "/orders?q=%00", "/catalogue?q=a%00b"])
def test_no_text_with_a_nul_is_looked_for(browser: Open, admitted: Contact, path: str) -> None:
    assert browser(admitted).get(path).status_code == 404
