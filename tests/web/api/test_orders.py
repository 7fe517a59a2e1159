"""Programs ask what an order would meet: sizes, surcharges and the cheapest way out, as the pages say it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.ordering.models import CartLine
from app.policy.rules.policy import BelowMinimum
from tests import make
from tests.flows import agreed
from tests.web.conftest import Browser

KEY = "schlicht_test-key-of-a-program"


@pytest.fixture
def ask(session: Session, browser: Callable[..., Browser]) -> Callable[..., Any]:
    """Asks with a key that may check orders."""
    make.api_key(session, key=KEY, scopes=("orders:check",))
    program = browser()

    def asked(*lines: tuple[str, int], key: str = KEY, **more: Any) -> Any:
        body = {"lines": [{"bundle": slug, "quantity": count} for slug, count in lines], **more}
        headers = {"authorization": f"Bearer {key}", "accept-language": "en"}
        return program.post("/api/v1/orders/check", json=body, headers=headers)

    return asked


def test_a_small_line_is_told_its_rule_its_surcharge_and_the_cheapest_way_out(
    session: Session, ask: Callable[..., Any]
) -> None:
    agreed.policy(session, low_line_surcharge_cents=1_250)
    make.bundle(session, slug="kit", name_en="Seal kit", price_cents=250, minimum_quantity=48, order_step=4)

    answer = ask(("kit", 44)).json()

    (line,) = answer["lines"]
    assert answer["is_orderable"] is True
    assert line["rule"] == {
        "minimum_quantity": 48,
        "lowest_quantity": 4,
        "order_step": 4,
        "maximum_quantity": None,
    }
    assert (line["missing"], line["surcharge_cents"], line["problem"]) == (4, 1_250, None)
    assert line["detail"] == "4 more and the surcharge of €12.50 is gone."
    assert answer["charges"] == [{"kind": "low_line", "bundle": "kit", "net_cents": 1_250}]
    assert answer["way_out"] == {
        "detail": "Cheapest for you: 4 more of Seal kit for €10.00 net. That saves €12.50 of surcharges, so you pay "
        "€2.50 less.",
        "bundle": "kit",
        "more": 4,
        "quantity": 48,
        "goods_cents": 1_000,
        "saved_cents": 1_250,
        "cost_cents": -250,
    }
    assert session.exec(select(CartLine)).all() == []


def test_what_the_policy_refuses_is_told_with_the_amount_that_is_missing(
    session: Session, ask: Callable[..., Any]
) -> None:
    refuse = BelowMinimum.REFUSE
    agreed.policy(session, below_minimum_quantity=refuse, below_minimum_value=refuse)
    make.bundle(session, slug="kit", name_en="Seal kit", price_cents=250, minimum_quantity=8, order_step=4)

    answer = ask(("kit", 4)).json()

    (line,) = answer["lines"]
    assert (answer["is_orderable"], answer["charges"], answer["missing_cents"]) == (False, [], 4_000)
    assert line["problem"] == {
        "code": "too_small",
        "detail": "Seal kit is sold from 8 on. Take 8.",
        "lower": None,
        "upper": 8,
    }
    assert answer["detail"] == (
        "Goods worth €40.00 more, net, are needed: the minimum order value is €50.00."
    )
    assert answer["way_out"]["quantity"] == 20


def test_a_customers_own_exception_counts_for_that_customer_alone(
    session: Session, ask: Callable[..., Any]
) -> None:
    company, kit = (
        make.customer(session),
        make.bundle(session, slug="kit", minimum_quantity=48, order_step=24),
    )
    ends_at = utc_now().replace(year=utc_now().year + 1, day=1)
    agreed.agreement(session, of=company, bundle=kit, minimum_quantity=12, order_step=12, ends_at=ends_at)

    own = ask(("kit", 12), customer_number=company.number).json()
    all_ = ask(("kit", 12)).json()

    assert own["lines"][0]["rule"]["minimum_quantity"] == 12
    assert all_["lines"][0]["problem"]["code"] == "too_small"
    assert ask(("kit", 12), customer_number="K-999999").status_code == 404


def test_an_unknown_bundle_a_wrong_quantity_and_a_key_without_the_scope_are_refused(
    session: Session, ask: Callable[..., Any]
) -> None:
    make.bundle(session, slug="kit")
    make.api_key(session, key="other-key-of-another-program", scopes=("imports:read",))

    unknown, wrong = ask(("no-kit", 1)), ask(("kit", 0))

    assert (unknown.status_code, unknown.json()["code"]) == (422, "order.unknown_bundle")
    assert wrong.status_code == 422
    assert ask(("kit", 1), key="other-key-of-another-program").status_code == 403


def test_a_text_with_control_characters_is_refused_before_the_database_sees_it(
    ask: Callable[..., Any],
) -> None:
    assert ask(("kit\0", 4)).status_code == 422
    assert ask(("kit", 4), customer_number="C-1\0").status_code == 422
