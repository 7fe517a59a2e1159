"""Limits on card pages as customers, bots and staff meet them."""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import Session, select

from app.core.clock import utc_now
from app.payments.models_cards import CardBreaker, CardWait
from app.payments.rules.card_limits import Trip
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, to_values
from app.shop import Shop
from app.staff.rules.roles import Role
from tests import make
from tests.fakes import FakeStripe
from tests.web.conftest import Browser


def tripped(session: Session) -> None:
    make.saved(
        session, CardBreaker(trip=Trip.RATE, declined_count=12, reserved_count=3, tripped_at=utc_now())
    )


def test_a_first_payment_reads_when_its_turn_comes_and_a_program_gets_429(
    session: Session, shop: Shop, browser: Callable[..., Browser]
) -> None:
    shop.stripe = FakeStripe()  # type: ignore[assignment]
    company = make.customer(session)
    person = make.contact(session, of=company)
    order = make.order(session, of=company, by=person, bundle=make.bundle(session), placed_at=utc_now())
    tripped(session)
    visitor = browser(person)
    page = f"/orders/{order.number}"

    assert "Pay by card" in visitor.get(page).text, "nothing is said of a wait before anybody wants to pay"
    answer = visitor.submit(f"{page}/pay")
    shown = visitor.get(answer.headers["location"]).text
    program = visitor.submit(f"{page}/pay", headers={"accept": "application/json"})

    assert answer.headers["location"] == page
    assert "let first payments through one after the other" in shown
    assert "Pay by card" not in shown
    assert (program.status_code, program.json()["code"]) == (429, "payment.first_payment_waits")
    assert 3_000 < int(program.headers["retry-after"]) <= 3_600
    session.rollback()
    (wait,) = session.exec(select(CardWait)).all()
    assert timedelta(minutes=59) < wait.open_at - wait.since_at <= timedelta(minutes=60)


def test_staff_see_the_breaker_in_the_inbox_and_finance_lets_first_payments_go(
    session: Session, browser: Callable[..., Browser]
) -> None:
    tripped(session)
    finance = browser(make.staff_member(session, role=Role.FINANCE))
    viewer = browser(make.staff_member(session, role=Role.VIEWER))

    assert "first payments wait" in viewer.get("/admin").text
    shown = viewer.get("/admin/payments").text
    assert "too many of all cards declined" in shown
    assert "Let first payments go on" not in shown
    assert viewer.submit("/admin/payments/first-payments", {"reason": "x"}).status_code == 403
    assert finance.submit("/admin/payments/first-payments", {"reason": ""}).status_code == 422
    done = finance.submit("/admin/payments/first-payments", {"reason": "our own test"})
    assert done.headers["location"] == "/admin/payments?done=first_payments"
    assert "First payments go through" in finance.get("/admin/payments").text


def test_the_checkout_keeps_what_was_typed_when_too_many_orders_were_not_paid(
    session: Session, shop: Shop, browser: Callable[..., Browser]
) -> None:
    shop.stripe = FakeStripe()  # type: ignore[assignment]
    values = to_values(Policy(unpaid_orders_per_hour=3))
    make.saved(session, PolicyVersion(values=values, changed_by="test", reason="test", created_at=utc_now()))
    make.terms(session)
    company = make.customer(session)
    person = make.contact(session, of=company)
    for _ in range(3):
        make.order(session, of=company, by=person, bundle=None, placed_at=utc_now())
    make.cart_line(session, of=company, bundle=make.bundle(session), quantity=3)
    visitor = browser(person)
    form = _form(visitor.get("/checkout").text)

    answer = visitor.submit("/checkout", {**form, "street": "Neuer Weg 9"})

    assert answer.status_code == 429
    assert "Many orders of your company were not paid." in answer.text
    assert "Neuer Weg 9" in answer.text


def _form(html: str) -> dict[str, str]:
    from tests.faults.conftest import form_values

    values = form_values(html, action="/checkout")
    return {**values, "accept_terms": "1", "is_business": "1"}
