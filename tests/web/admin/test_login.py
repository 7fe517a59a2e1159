from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.settings import Settings
from app.staff.models import StaffMember, StaffSession
from app.staff.rules.roles import Role
from app.staff.service import add_member, read_totp_secret
from tests import make
from tests.web.conftest import Browser

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def member(session: Session, settings: Settings) -> StaffMember:
    return _add(session, settings, email="robin@schlicht.example", totp_secret=SECRET)


def _add(session: Session, settings: Settings, *, email: str, totp_secret: str | None) -> StaffMember:
    with transaction(session):
        return add_member(
            session,
            email=email,
            name="Robin",
            role=Role.ADMIN,
            password_hash=make._PASSWORD_HASH,
            secret_key=settings.secret_key.get_secret_value(),
            totp_secret=totp_secret,
            now=utc_now(),
        )


def _give_password(
    visitor: Browser, email: str = "robin@schlicht.example", password: str = make.PASSWORD
) -> str:
    answer = visitor.submit("/admin/login", {"email": email, "password": password}, page="/admin/login")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_password_and_code_lead_to_the_inbox_and_logging_out_ends_it(
    browser: Callable[..., Browser], member: StaffMember, session: Session
) -> None:
    visitor = browser()

    assert _give_password(visitor) == "/admin"
    assert visitor.get("/admin").headers["location"] == "/admin/login/code"
    half = visitor.cookies.get("schlicht_staff")
    answer = visitor.submit("/admin/login/code", {"code": pyotp.TOTP(SECRET).now()}, page="/admin/login/code")
    assert answer.headers["location"] == "/admin"
    cookie = answer.headers["set-cookie"].lower()
    assert "path=/admin" in cookie
    assert "samesite=strict" in cookie
    assert "httponly" in cookie
    full = visitor.cookies.get("schlicht_staff", path="/admin")
    assert full != half
    assert "Robin" in visitor.get("/admin").text

    assert visitor.submit("/admin/logout").headers["location"] == "/admin/login"

    visitor.cookies.clear()
    visitor.cookies.set("schlicht_staff", full or "", domain="testserver.local", path="/admin")
    assert visitor.get("/admin/orders").headers["location"] == "/admin/login"
    assert session.exec(select(StaffSession)).all() == []


def test_wrong_password_and_unknown_address_read_the_same(
    browser: Callable[..., Browser], member: StaffMember
) -> None:
    answers = [
        browser().submit(
            "/admin/login", {"email": email, "password": "wrong password 12"}, page="/admin/login"
        )
        for email in ("robin@schlicht.example", "nobody@schlicht.example")
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert all("E-mail address or password is wrong." in answer.text for answer in answers)
    assert all("set-cookie" not in answer.headers for answer in answers)


def test_a_wrong_code_is_told_beside_the_field(browser: Callable[..., Browser], member: StaffMember) -> None:
    visitor = browser()
    _give_password(visitor)

    answer = visitor.submit("/admin/login/code", {"code": "000000"}, page="/admin/login/code")

    assert answer.status_code == 403
    assert 'aria-invalid="true"' in answer.text


def test_too_many_tries_are_told_how_long_to_wait(
    browser: Callable[..., Browser], member: StaffMember
) -> None:
    visitor = browser()
    for _ in range(10):
        visitor.submit(
            "/admin/login", {"email": member.email, "password": "wrong password 12"}, page="/admin/login"
        )

    answer = visitor.submit(
        "/admin/login", {"email": member.email, "password": make.PASSWORD}, page="/admin/login"
    )

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 901


def test_the_first_log_in_shows_a_code_to_scan_and_then_the_recovery_codes_once(
    browser: Callable[..., Browser], session: Session, settings: Settings
) -> None:
    member = _add(session, settings, email="new@schlicht.example", totp_secret=None)
    secret = read_totp_secret(member, secret_key=settings.secret_key.get_secret_value()) or ""
    visitor = browser()

    _give_password(visitor, "new@schlicht.example")
    assert visitor.get("/admin").headers["location"] == "/admin/login/enrol"
    assert visitor.get("/admin/login/code").headers["location"] == "/admin/login/enrol"
    shown = visitor.get("/admin/login/enrol").text
    assert 'src="data:image/svg+xml' in shown
    assert " ".join(secret[start : start + 4] for start in range(0, 32, 4)) in shown

    wrong = visitor.submit(
        "/admin/login/enrol",
        {"code": pyotp.TOTP(secret).now(), "password": make.PASSWORD},
        page="/admin/login/enrol",
    )
    answer = visitor.submit(
        "/admin/login/enrol",
        {"code": pyotp.TOTP(secret).now(), "password": "my very own sentence"},
        page="/admin/login/enrol",
    )

    assert wrong.status_code == 422
    assert "not the one you were given" in wrong.text
    assert answer.status_code == 200
    assert answer.text.count("<li><code>") == 8
    assert visitor.get("/admin").status_code == 200
    assert visitor.get("/admin/login/enrol").headers["location"] == "/admin"


@pytest.mark.parametrize(
    "seen, started, is_open",
    [
        (timedelta(minutes=29), timedelta(hours=1), True),
        (timedelta(minutes=31), timedelta(hours=1), False),
        (timedelta(minutes=1), timedelta(hours=12, minutes=1), False),
    ],
)
def test_a_session_ends_after_half_an_hour_without_a_click_and_after_twelve_hours(
    browser: Callable[..., Browser], session: Session, seen: timedelta, started: timedelta, is_open: bool
) -> None:
    now = utc_now()
    token = make.staff_signed_in(
        session, as_=make.staff_member(session), now=now - started, last_seen_at=now - seen
    )
    visitor = browser()
    visitor.cookies.set("schlicht_staff", token, domain="testserver.local", path="/admin")

    answer = visitor.get("/admin")

    assert answer.status_code == (200 if is_open else 303)


def test_a_closed_account_is_out_with_its_next_click(
    browser: Callable[..., Browser], session: Session
) -> None:
    member = make.staff_member(session)
    visitor = browser(member)
    assert visitor.get("/admin").status_code == 200

    with transaction(session):
        session.get_one(StaffMember, member.id).is_active = False

    assert visitor.get("/admin").headers["location"] == "/admin/login"


def test_the_language_of_the_staffs_pages_is_chosen_where_one_is(
    browser: Callable[..., Browser], session: Session
) -> None:
    visitor = browser(make.staff_member(session))

    answer = visitor.submit("/admin/language", {"lang": "de", "next": "/admin/orders"})

    assert answer.headers["location"] == "/admin/orders"
    assert "Bestellungen</h1>" in visitor.get("/admin/orders").text
    assert 'action="/admin/language"' in visitor.get("/admin/orders").text


@pytest.mark.parametrize("wanted", ["https://evil.example/admin", "//evil.example", "/catalogue", ""])
def test_the_language_form_leads_nowhere_but_to_the_staffs_pages(
    browser: Callable[..., Browser], session: Session, wanted: str
) -> None:
    visitor = browser(make.staff_member(session))

    answer = visitor.submit("/admin/language", {"lang": "de", "next": wanted})

    assert answer.headers["location"] == "/admin"
