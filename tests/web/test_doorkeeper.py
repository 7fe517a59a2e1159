"""The gate before every route."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session
from starlette.routing import Route

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact
from app.customers.rules.admission import ScreeningState
from app.mainbrand.rules.segments import Segment
from app.shop import Shop
from app.web.access import REGISTRY, Access, Entry
from app.web.app import Undeclared, build
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


def test_a_route_that_nobody_declared_reaches_no_handler(
    shop: Shop, session: Session, admitted: Contact
) -> None:
    web = build(shop)
    reached: list[str] = []
    web.router.routes.append(Route("/forgotten", lambda request: reached.append("it"), methods=["GET"]))
    page = Browser(web, base_url="http://testserver", follow_redirects=False)
    token = make.signed_in(session, as_=admitted, now=utc_now())

    answer = page.get("/forgotten", headers={"cookie": f"schlicht={token}"})

    assert (answer.status_code, reached) == (404, [])


def test_a_shop_with_a_route_that_nobody_declared_does_not_start(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(REGISTRY, ("GET", "/cart"))

    with pytest.raises(Undeclared):
        build(shop)


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ({"business_verified_at": None}, "admission.in_review"),
        ({"screening": ScreeningState.REFUSED}, "admission.refused"),
        ({"segment": Segment.A}, "admission.main_brand"),
        ({"segment": Segment.UNRATED}, "admission.unrated"),
        ({"suspended_at": make.NOW, "suspended_reason": "effort"}, "admission.suspended"),
        ({"moved_up_at": make.NOW}, "admission.moved_up"),
    ],
)
def test_each_refusal_says_its_own_reason_whoever_was_refused_before(
    browser: Open, session: Session, standing: dict[str, Any], words: str
) -> None:
    before = browser(make.contact(session, of=make.customer(session, screening=ScreeningState.REVIEW)))
    own = browser(make.contact(session, of=make.customer(session, **standing)))
    seen_before = before.get("/catalogue")

    page = own.get("/catalogue")
    answer = own.get("/catalogue", headers={"accept": "application/json"})

    assert (seen_before.status_code, page.status_code) == (403, 403)
    assert answer.json()["code"] == words
    # Both wait for us: they read the same sentence.
    is_same_text = words in ("admission.in_review", "admission.unrated")
    assert (_text(page) == _text(seen_before)) is is_same_text


def test_a_page_that_all_share_is_made_for_nobody_whom_the_gate_has_not_let_in(
    shop: Shop, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.bundle(session, slug="geheim", name_en="Secret pack")
    outside = make.contact(session, of=make.customer(session, segment=Segment.B))
    token = make.signed_in(session, as_=outside, now=utc_now())
    monkeypatch.setitem(REGISTRY, ("GET", "/catalogue"), Entry(Access.KNOWN))
    page = Browser(build(shop), base_url="http://testserver", follow_redirects=False)

    answer = page.get("/catalogue", headers={"cookie": f"schlicht={token}"})

    assert answer.status_code == 500
    assert "Secret pack" not in answer.text


def test_before_the_second_factor_the_staffs_menu_is_empty(browser: Open, session: Session) -> None:
    half = browser()
    token = make.staff_signed_in(
        session, as_=make.staff_member(session), has_second_factor=False, now=utc_now()
    )

    answer = half.get("/admin/login/code", headers={"cookie": f"schlicht_staff={token}"})

    assert answer.status_code == 200
    assert 'href="/admin/orders"' not in answer.text


def _text(answer: Any) -> str:
    """What is read on a page, without what differs from one request to the next."""
    return re.sub(r'value="[^"]*"|[0-9a-f]{12}', "", answer.text)
