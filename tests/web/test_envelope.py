"""Headers, hosts, bodies and methods, on whatever route."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app.core.db import open_database
from app.customers.models import Contact
from app.shop import Shop
from app.web.app import build
from tests.web.conftest import Browser

Open = Callable[..., Browser]
PLACES = ("/", "/nowhere", "/catalogue", "/static/css/base.css", "/admin", "/healthz")


@pytest.mark.parametrize("path", PLACES)
def test_every_answer_carries_the_security_headers(browser: Open, path: str) -> None:
    headers = browser().get(path).headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_an_unknown_host_is_turned_away(browser: Open) -> None:
    for host in ("evil.example", "testserver.evil.example", "testserver:99", ""):
        assert browser().get("/", headers={"host": host}).status_code == 400
    assert browser().get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200


def test_a_body_beyond_the_limit_is_refused_declared_or_not(browser: Open) -> None:
    page = browser()

    assert page.post("/login", content=b"x" * 1_000_001).status_code == 413
    chunks = (b"x" * 100_000 for _ in range(11))
    streamed = page.post(
        "/login", content=chunks, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert streamed.status_code == 413
    # Photos of a complaint may be large together; who sends them is asked for first.
    assert page.post("/complaints/new", content=b"x" * 1_000_001).status_code == 303


def test_a_crash_is_told_without_details_and_with_all_headers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = build(shop)

    def explode() -> None:
        raise RuntimeError("secret inside")

    route = next(r for r in web.router.routes if getattr(r, "path", "") == "/imprint")
    monkeypatch.setattr(route, "app", lambda *_: explode())
    answer = TestClient(web, base_url="http://testserver").get("/imprint")

    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "content-security-policy" in answer.headers
    assert answer.headers["x-request-id"] in answer.text


def test_production_answers_ask_for_https_and_lock_the_cookies_to_the_host(shop: Shop) -> None:
    live = shop.settings.model_copy(update={"base_url": "https://shop.example"})
    web = build(Shop(live, shop.db, shop.environments, shop.stripe, shop.transport))
    page = TestClient(web, base_url="https://shop.example")

    answer = page.get("/login")

    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["set-cookie"].startswith("__Host-schlicht_form=")
    assert "Secure" in answer.headers["set-cookie"]


def test_a_database_that_does_not_answer_is_told_as_such(
    shop: Shop, browser: Open, admitted: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser(admitted)
    away = open_database("postgresql+psycopg://nobody@127.0.0.1:9/nowhere")
    monkeypatch.setattr(shop.db, "reading", away.reading)
    monkeypatch.setattr(shop.db, "asking", away.asking)

    answer = page.get("/catalogue", headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (503, "database.unavailable")
    assert answer.headers["retry-after"] == "5"
