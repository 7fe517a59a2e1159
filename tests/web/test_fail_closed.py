"""Where a guard itself breaks, nobody passes; and who is refused is refused before anything of the body is read."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.core.ids import hash_token
from app.customers.models import Contact, ContactSession, Customer
from app.flows import log_in, register_customer, reset_password, staff_log_in
from app.flows.audit_gate import Probes, plant_probes
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from app.payments.models import StripeEvent
from app.shop import Shop
from app.web import csrf, doorkeeper, visitor
from app.web.access import REGISTRY, Access
from app.web.app import build
from app.web.gate_walk import Persona, Things
from tests import make
from tests.web.conftest import Browser
from tests.web.hooks.test_stripe import body_of, signed
from tests.web.storefront.test_registration import apply
from tests.web.test_gate_walk import plant_canaries

Open = Callable[..., Browser]
UNGUARDED = (Access.PUBLIC, Access.WEBHOOK)
GUARDED = sorted(key for key, entry in REGISTRY.items() if entry.access not in UNGUARDED)


class Broken(RuntimeError):
    """The guard broke."""


def breaks(*_: Any, **__: Any) -> Any:
    raise Broken("the guard broke")


@pytest.fixture
def probes(session: Session) -> Probes:
    return plant_probes(session, now=utc_now())


@pytest.fixture
def things(session: Session, probes: Probes) -> Things:
    return plant_canaries(session, probes)


@pytest.fixture
def refused(session: Session) -> Contact:
    """A person of a company that became B."""
    return make.contact(session, of=make.customer(session, segment=Segment.B))


@pytest.mark.parametrize("persona", [Persona.ADMITTED, Persona.B, Persona.VIEWER])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        (doorkeeper, "read_visitor"),
        (doorkeeper, "hash_token"),
        (visitor, "admission"),
        (doorkeeper, "_refusal"),
    ],
)
def test_a_gate_that_breaks_opens_no_route_for_anybody(
    shop: Shop,
    probes: Probes,
    things: Things,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    persona: Persona,
) -> None:
    monkeypatch.setattr(module, name, breaks)
    monkeypatch.setattr(doorkeeper, "read_staff", breaks)
    browser = Browser(build(shop), base_url="http://testserver", follow_redirects=False)
    cookie = "schlicht_staff" if persona is Persona.VIEWER else "schlicht"
    headers = {"cookie": f"{cookie}={probes.tokens[persona.value]}"}
    opened = []
    for method, template in GUARDED:
        path = things.existing.get(template, template)
        answer = browser.request(method, path, headers=headers)
        # The address that was asked for may come back: who asks knows it already.
        content = answer.content.replace(path.encode(), b"PATH")
        seen = [canary for canary in things.catalogue_canaries if canary in content]
        # Who brings no cookie of this half of the house is nobody there, and sent to the log-in.
        is_nobody = answer.status_code == 303 and answer.headers["location"].startswith(
            ("/login", "/admin/login")
        )
        # No cookie opens the API: who brings no key is nobody there.
        is_nobody = is_nobody or (answer.status_code == 401 and path.startswith("/api/"))
        if not (answer.status_code == 500 or is_nobody) or seen:
            opened.append((method, template, answer.status_code, seen))

    assert opened == []


def _sign_in(browser: Browser, person: Contact) -> Any:
    return browser.submit("/login", {"email": person.email, "password": make.PASSWORD}, page="/login")


def _staff_in(browser: Browser, email: str) -> Any:
    return browser.submit("/admin/login", {"email": email, "password": make.PASSWORD}, page="/admin/login")


def test_a_log_in_whose_limit_breaks_signs_nobody_in(
    browser: Open, session: Session, admitted: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_in, "hit", breaks)
    monkeypatch.setattr(staff_log_in, "hit", breaks)
    member = make.staff_member(session)

    answers = [_sign_in(browser(), admitted), _staff_in(browser(), member.email)]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert not any("schlicht" in answer.headers.get("set-cookie", "") for answer in answers)
    assert session.exec(select(ContactSession)).all() == []


def test_mails_whose_limit_breaks_are_not_written(
    browser: Open, session: Session, admitted: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset_password, "hit", breaks)
    monkeypatch.setattr(register_customer, "hit", breaks)

    forgot = browser().submit("/password/forgot", {"email": admitted.email}, page="/password/forgot")
    applied = apply(browser(), email="somebody@else.example")

    assert (forgot.status_code, applied.status_code) == (500, 500)
    assert [one.id for one in session.exec(select(Customer))] == [admitted.customer_id]
    assert session.exec(select(Mail)).all() == []


def test_a_signature_check_that_breaks_keeps_no_event(
    browser: Open, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe.WebhookSignature, "verify_header", breaks)
    body = body_of()

    answer = browser().post("/hooks/stripe", content=body, headers={"stripe-signature": signed(body)})

    assert answer.status_code == 500
    assert session.exec(select(StripeEvent)).all() == []


def test_a_form_check_that_breaks_changes_nothing(
    browser: Open, session: Session, admitted: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = browser(admitted)
    token = person.csrf("/account")
    before = session.get_one(Customer, admitted.customer_id).street
    session.rollback()
    monkeypatch.setattr(csrf, "is_signed", breaks)

    answer = person.post("/account", data={"csrf": token, "street": "Anderswo 1"})

    assert answer.status_code == 500
    assert session.get_one(Customer, admitted.customer_id).street == before


HUGE = b"x" * 10_000_000
MANY_FIELDS = "&".join(f"f{n}=1" for n in range(1_000)).encode()


@pytest.mark.parametrize("body", [HUGE, MANY_FIELDS], ids=["10 MB", "1,000 fields"])
@pytest.mark.parametrize("is_declared", [True, False], ids=["declared", "streamed"])
@pytest.mark.parametrize("path", ["/cart/lines", "/checkout", "/orders/S-1/pay", "/account"])
def test_who_is_refused_is_refused_before_the_body_is_read(
    shop: Shop, session: Session, refused: Contact, path: str, is_declared: bool, body: bytes
) -> None:
    token = make.signed_in(session, as_=refused, now=utc_now())

    status, read_count = _send(shop, path, body, token=token, is_declared=is_declared)

    is_too_large = is_declared and len(body) > 1_000_000
    assert status == (413 if is_too_large else 403)
    assert read_count == 0


@pytest.mark.parametrize("body", [HUGE, MANY_FIELDS], ids=["10 MB", "1,000 fields"])
def test_a_stranger_is_sent_to_the_log_in_before_the_body_is_read(shop: Shop, body: bytes) -> None:
    status, read_count = _send(shop, "/cart/lines", body, token="", is_declared=False)

    assert (status, read_count) == (303, 0)


def test_an_admitted_company_that_sends_a_thousand_fields_changes_nothing(
    browser: Open, session: Session, admitted: Contact
) -> None:
    person = browser(admitted)
    csrf_field = f"csrf={person.csrf('/imprint')}&".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}

    answer = person.post("/cart/lines", content=csrf_field + MANY_FIELDS, headers=headers)

    assert answer.status_code in (400, 413, 422)
    assert session.exec(select(make.CartLine)).all() == []


def _send(shop: Shop, path: str, body: bytes, *, token: str, is_declared: bool) -> tuple[int, int]:
    """Speaks ASGI itself: comes back with the status and how often the body was asked for before it."""
    web = build(shop)
    headers = [
        (b"host", b"testserver"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"cookie", f"schlicht={token}".encode()),
    ]
    if is_declared:
        headers.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("192.0.2.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
    sent: list[dict[str, Any]] = []
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not sent:
            asked += 1
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    asyncio.run(web(scope, receive, send))
    return sent[0]["status"], asked


INTO_THE_SHOP = re.compile(
    r'(?:href|action)="/(?:catalogue|cart|checkout|orders|bundles|account)[/"?]|id="cart-count"'
)


OUTSIDE = ("anonymous", "unverified", "in_review", "a", "b", "refused", "suspended", "moved_up")


@pytest.mark.parametrize("persona", OUTSIDE)
def test_no_page_shows_a_way_into_the_shop_to_somebody_who_must_stay_outside(
    browser: Open, probes: Probes, persona: str
) -> None:
    outside = browser()
    token = probes.tokens.get(persona)
    if token:
        outside.cookies.set("schlicht", token, domain="testserver.local")
    paths = ("/", "/status", "/imprint", "/terms", "/privacy", "/nowhere", "/catalogue", "/login")

    answers = {path: outside.get(path) for path in paths}
    answers["a form from elsewhere"] = outside.post("/logout", data={"csrf": "forged"})

    assert {path for path, answer in answers.items() if INTO_THE_SHOP.search(answer.text)} == set()


def test_an_admitted_person_sees_the_ways_into_the_shop(browser: Open, admitted: Contact) -> None:
    person = browser(admitted)

    assert all(
        INTO_THE_SHOP.search(person.get(path).text)
        for path in ("/", "/orders/S-NOWHERE", "/cart", "/catalogue")
    )


def test_a_session_that_rested_for_too_long_or_is_over_opens_nothing(
    browser: Open, session: Session, admitted: Contact
) -> None:
    now = utc_now()
    tokens = {
        "fresh": make.signed_in(session, as_=admitted, now=now),
        "over": make.signed_in(session, as_=admitted, now=now, expires_at=now),
        "idle": make.signed_in(session, as_=admitted, now=now, last_seen_at=now - visitor.CUSTOMER_IDLE),
    }
    member = make.staff_member(session)
    gone = make.staff_member(session, is_active=False)
    staff = {
        "fresh": make.staff_signed_in(session, as_=member, now=now),
        "over": make.staff_signed_in(session, as_=member, now=now, expires_at=now),
        "idle": make.staff_signed_in(session, as_=member, now=now, last_seen_at=now - visitor.STAFF_IDLE),
        "gone": make.staff_signed_in(session, as_=gone, now=now),
    }
    page = browser()

    people = {
        name: page.get("/cart", headers={"cookie": f"schlicht={token}"}) for name, token in tokens.items()
    }
    desk = {
        name: page.get("/admin", headers={"cookie": f"schlicht_staff={one}"}) for name, one in staff.items()
    }

    assert {name: answer.status_code for name, answer in people.items()} == {
        "fresh": 200,
        "over": 303,
        "idle": 303,
    }
    assert {name: answer.status_code for name, answer in desk.items()} == {
        "fresh": 200, "over": 303, "idle": 303, "gone": 303,
    }  # fmt: skip
    assert hash_token(tokens["over"]) != tokens["over"]
