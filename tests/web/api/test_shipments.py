"""A program says which orders left: all or none, once, and only with its scope."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.fulfilment.models import Shipment
from app.mail.models import Mail
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from tests import make
from tests.flows.waiting import company, order
from tests.web.conftest import Browser

KEY = "schlicht_test-key-of-a-warehouse"


@pytest.fixture
def say(session: Session, browser: Callable[..., Browser]) -> Callable[..., Any]:
    """Says what left, with a key that may."""
    make.api_key(session, key=KEY, scopes=("dispatch:write",))
    program = browser()

    def said(*parcels: dict[str, str], key: str = KEY) -> Any:
        headers = {"authorization": f"Bearer {key}", "accept-language": "en"}
        return program.post("/api/v1/shipments", json={"parcels": list(parcels)}, headers=headers)

    return said


def left(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    return [(one.carrier, one.tracking_code) for one in session.exec(select(Shipment))]


def test_what_left_is_dispatched_once_however_often_it_is_said(
    session: Session, say: Callable[..., Any]
) -> None:
    one = order(session, company(session))
    parcel = {"number": one.number, "tracking_code": "T-1", "carrier": "Post"}

    first, second = say(parcel), say(parcel)

    assert first.json() == {"dispatched": [one.number], "gone_before": []}
    assert second.json() == {"dispatched": [], "gone_before": [one.number]}
    assert left(session) == [("Post", "T-1")]
    assert len(session.exec(select(Mail)).all()) == 1
    (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "order.dispatched"))
    assert entry.actor_name.startswith("API: ")


def test_one_order_that_cannot_leave_holds_all_back_and_is_named(
    session: Session, say: Callable[..., Any]
) -> None:
    whose = company(session)
    good = order(session, whose)
    service = order(session, whose, kind=OrderKind.SERVICE)
    unpaid = order(session, whose, state=OrderState.RECEIVED, accepted_at=None)

    answer = say(
        *({"number": number} for number in (good.number, service.number, unpaid.number, "S-NO", good.number))
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "shipments.invalid")
    assert {fault["field"] for fault in answer.json()["errors"]} == {
        f"parcels.{place}.number" for place in (1, 2, 3, 4)
    }
    assert left(session) == []
    assert session.exec(select(Order.state).where(Order.id == good.id)).one() is OrderState.ACCEPTED


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_its_key_nothing_leaves(session: Session, say: Callable[..., Any], key: str) -> None:
    one = order(session, company(session))

    assert say({"number": one.number}, key=key).status_code == 401
    assert left(session) == []


def test_a_key_for_something_else_is_refused(session: Session, say: Callable[..., Any]) -> None:
    one = order(session, company(session))
    make.api_key(session, key="other", scopes=("imports:write", "orders:check"))

    assert say({"number": one.number}, key="other").status_code == 403
    assert left(session) == []


def test_an_empty_list_and_codes_that_are_too_long_are_refused(
    session: Session, say: Callable[..., Any]
) -> None:
    one = order(session, company(session))

    assert say().status_code == 422
    assert say({"number": one.number, "tracking_code": "T" * 65}).status_code == 422
    for hostile in ({"tracking_code": "T\nPay here"}, {"carrier": "\0"}, {"number": f"{one.number}\0"}):
        assert say({"number": one.number, **hostile}).status_code == 422
    assert left(session) == []
