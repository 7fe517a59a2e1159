"""Changing many blocks: chosen by ticks or by the filter, shown first, written as shown."""

import re
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Block
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser

URL = "/admin/blocks/bulk"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def costs(session: Session) -> dict[str, int]:
    session.rollback()
    rows = session.exec(select(Block.sku, Block.unit_cost_cents).where(col(Block.sku).startswith("B-")))
    return dict(rows.all())


@pytest.fixture
def ids(session: Session) -> list[str]:
    return [str(make.block(session, sku=f"B-{n}", unit_cost_cents=n * 100).id) for n in (1, 2, 3)]


def test_the_filtered_blocks_are_chosen_previewed_and_changed(
    admin: Browser, session: Session, ids: list[str]
) -> None:
    chosen = admin.submit(URL, {"act": "all", "q": "B-"}).text
    assert "3 blocks are chosen." in chosen
    change = {"ids": hidden(chosen, "ids"), "change": "cost_percent", "cost_percent": "-10,5"}

    preview = admin.submit(URL, {**change, "act": "preview"}).text

    assert "<b>3</b> blocks change" in preview
    assert "€3.00" in preview
    assert "€2.69" in preview
    assert costs(session) == {"B-1": 100, "B-2": 200, "B-3": 300}
    done = admin.submit(URL, {**change, "act": "apply", "mark": hidden(preview, "mark")})
    assert done.headers["location"] == "/admin/blocks?done=bulk"
    assert costs(session) == {"B-1": 90, "B-2": 179, "B-3": 269}


def test_a_stale_preview_is_shown_anew_with_what_was_typed(
    admin: Browser, session: Session, ids: list[str]
) -> None:
    change = {"block": ids[:2], "change": "cost_amount", "cost_amount": "7"}

    answer = admin.submit(URL, {**change, "act": "apply", "mark": "old"})

    assert answer.status_code == 409
    assert "Something changed since this preview. Nothing was written" in answer.text
    assert "<b>2</b> blocks change" in answer.text
    assert 'name="cost_amount" value="7"' in answer.text
    assert costs(session) == {"B-1": 100, "B-2": 200, "B-3": 300}


@pytest.mark.parametrize(
    "values, field, sentence",
    [
        ({}, "change", "Please say what to change."),
        ({"change": "sku"}, "change", "Please choose one of the offered values."),
        ({"change": "cost_percent", "cost_percent": "ten"}, "cost_percent", "Please enter a share"),
        ({"change": "cost_percent", "cost_percent": "-99.5"}, "cost_percent", "from -99 to 900"),
        ({"change": "cost_amount", "cost_amount": "1.234"}, "cost_amount", "This can mean two things"),
        ({"change": "lead_time", "lead_time": "366"}, "lead_time", "0 to 365"),
        ({"change": "vat_rate", "vat_rate": "5"}, "vat_rate", "offered values"),
        ({"change": "hazardous", "hazardous": "maybe"}, "hazardous", "offered values"),
        ({"change": "packaging", "packaging": "box"}, "packaging", "offered values"),
    ],
)
def test_a_wrong_change_is_named_and_the_choice_is_kept(
    admin: Browser, ids: list[str], values: dict[str, Any], field: str, sentence: str
) -> None:
    answer = admin.submit(URL, {"ids": ",".join(ids), "act": "preview", **values})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="f-{field}' in answer.text
    assert f'name="ids" value="{",".join(ids)}"' in answer.text


def test_no_block_chosen_says_what_to_do(admin: Browser, things: Desk) -> None:
    answer = admin.submit(URL, {"act": "ticked"})

    assert answer.status_code == 422
    assert "Please choose at least one block in the list." in answer.text
    assert "Back to the list" in answer.text
