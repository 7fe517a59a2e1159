"""Staff who ask in German read German on every page of their desk."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from app.audit.service import SYSTEM, record
from app.core.transaction import transaction
from app.ordering.models import OrderEvent
from app.staff.rules.roles import Role
from app.web.admin import words
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.admin.test_access import FILES, PAGES, url
from tests.web.conftest import Browser
from tests.web.reading import english_in

PICTURES = ("/image", "/photos/{photo_id}")


@pytest.fixture
def german(sign_in: Callable[[Role], Browser]) -> Browser:
    """The browser of a lead who prefers German."""
    made = sign_in(Role.ADMIN)
    made.headers["accept-language"] = "de"
    return made


@pytest.fixture
def history(session: Session, things: Desk) -> None:
    """Everything that can happen to an order, and every act there is, on record."""
    happened = {
        "placed": {},
        "payment_failed": {"code": "card_declined"},
        "payment_released": {"reason": "not_admitted"},
        "promise_moved": {"old": "2026-03-12", "new": "2026-03-19"},
        "joining_missed": {"number": "S-00000001"},
        "accepted": {"promised_on": "2026-03-19"},
        "dispatched": {"carrier": "Post", "tracking_code": "", "run_on": "2026-03-17"},
        "cancelled": {"reason": "by_staff"},
    }
    for kind, values in happened.items():
        make.saved(session, OrderEvent(order_id=things.order.id, kind=kind, values=values, at=make.NOW))
    with transaction(session):
        for action in words.ACTIONS:
            record(
                session,
                SYSTEM,
                action=action,
                object_kind="order",
                object_id=things.order.id or 0,
                now=make.NOW,
                reason="not_admitted" if action == "payment.released" else "Grund",
            )


@pytest.mark.usefixtures("history")
def test_no_page_of_the_desk_shows_a_german_reader_english(things: Desk, german: Browser) -> None:
    paths = [path for path in PAGES if path not in FILES and not path.endswith(PICTURES)]
    english = {}
    for path in paths:
        answer = german.get(url(path, things))
        assert (path, answer.status_code) == (path, 200)
        assert '<html lang="de"' in answer.text, path
        english[path] = english_in(answer.text)

    assert len(paths) > 50
    assert {path: found for path, found in english.items() if found} == {}


@pytest.mark.usefixtures("history")
def test_what_happened_to_an_order_is_told_with_german_words_and_dates(things: Desk, german: Browser) -> None:
    page = german.get(f"/admin/orders/{things.order.number}").text

    assert "Versanddienst: Post, Versandlauf: 17.03.2026" in page
    assert "Vorher: 12.03.2026, Nachher: 19.03.2026" in page
    assert "Grund: Wir haben sie storniert." in page
    assert "Grund: Das Unternehmen war nicht mehr zugelassen." in page


@pytest.mark.parametrize(
    "path",
    ["/admin/blocks?new=1", "/admin/bundles?new=1", "/admin/orders?q=zz", "/admin/payments?state=open"],
)
def test_an_empty_form_or_list_of_the_desk_is_german(german: Browser, path: str) -> None:
    answer = german.get(path)

    assert answer.status_code == 200
    assert english_in(answer.text) == set()


@pytest.mark.usefixtures("things")
@pytest.mark.parametrize("path", ["/admin/blocks", "/admin/bundles", "/admin/policy", "/admin/staff"])
def test_a_faulty_form_of_the_desk_is_answered_in_german(german: Browser, path: str) -> None:
    answer = german.submit(path, {"quantity_1": "x"}, page="/admin/staff")

    assert answer.status_code == 422
    assert "Bitte prüfen Sie" in answer.text or "Einige Werte" in answer.text
    assert english_in(answer.text) == set()
