"""The desk reads standing orders on the customer's page, and with what an order travels on the order's."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from app.core.transaction import transaction
from app.ordering.models import Order
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.states import OrderState
from app.staff.rules.roles import Role
from tests import make
from tests.flows.standing import asked_standing
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser
from tests.web.reading import english_in


@pytest.fixture
def joined(session: Session, things: Desk) -> Order:
    """A second order in the parcel of the first, and a standing order that waits for its answer."""
    with transaction(session):
        asked_standing(session, of=things.customer, by=things.contact, bundle=things.bundle, token="t")
        return make.order(
            session,
            of=things.customer,
            by=things.contact,
            bundle=things.bundle,
            state=OrderState.ACCEPTED,
            accepted_at=make.NOW,
            rhythm=RhythmChoice.JOINED,
            joins_order_id=things.order.id,
        )


def test_a_customers_page_shows_its_standing_orders_and_their_answers(
    things: Desk, admin: Browser, joined: Order
) -> None:
    text = admin.get(f"/admin/customers/{things.customer.number}").text

    for shown in ("Standing orders", "2 × Seal pack", "every 42 days", "asked, waits for an answer"):
        assert shown in text, shown


def test_both_orders_of_a_parcel_name_each_other(things: Desk, admin: Browser, joined: Order) -> None:
    first, second = things.order.number, joined.number

    assert f'Travels in one parcel with order <a href="/admin/orders/{first}">{first}</a>.' in (
        admin.get(f"/admin/orders/{second}").text
    )
    assert f'Its parcel takes order <a href="/admin/orders/{second}">{second}</a> too.' in (
        admin.get(f"/admin/orders/{first}").text
    )


def test_both_pages_speak_german(things: Desk, sign_in: Callable[[Role], Browser], joined: Order) -> None:
    german = sign_in(Role.VIEWER)
    german.headers["accept-language"] = "de"

    for path in (f"/admin/customers/{things.customer.number}", f"/admin/orders/{joined.number}"):
        assert english_in(german.get(path).text) == set(), path
