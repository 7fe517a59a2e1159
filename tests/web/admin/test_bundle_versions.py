"""Two versions of a bundle side by side."""

from typing import Any

import pytest
from sqlmodel import Session

from app.catalogue.models import Bundle
from app.catalogue.rules.kinds import Kind
from app.flows.publish_bundle import publish_bundle
from app.flows.save_bundle import save_bundle
from app.ordering.rules.states import OrderState
from tests import make
from tests.catalogue import written
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser


def test_what_differs_between_two_versions_is_marked(admin: Browser, things: Desk, session: Session) -> None:
    make.block(session, sku="H-1", name_en="Hose", unit_code="MTR")
    bundle_id = written.bundle(session, texts={"de": "Für den Sommer.", "en": "For summer days."})
    url = f"/admin/bundles/{bundle_id}"
    assert "Compare versions" not in admin.get(url).text
    values = {
        "slug": "lager-satz", "name_de": "Satz lager-satz", "name_en": "Set lager-satz", "text_de": "Für den Sommer.",
        "text_en": "For winter days.", "kind": "spare_part", "price_cents": "31", "minimum_quantity": "1",
        "order_step": "1", "sku_1": "B-lager-satz", "quantity_1": "6", "sku_2": "H-1", "quantity_2": "1.5",
    }  # fmt: skip
    admin.submit(url, values)

    page = admin.get(f"{url}/compare?old=1&new=2").text
    turned = admin.get(f"{url}/compare?old=2&new=1").text

    assert "<mark>summer</mark>" in page
    assert "<mark>winter</mark>" in page
    assert ("€29.90" in page, "€31.00" in page) == (True, True)
    assert page.count(">differs<") == 2
    assert (page.count(">added<"), page.count(">removed<"), page.count(">other quantity<")) == (1, 0, 1)
    assert (turned.count(">added<"), turned.count(">removed<")) == (0, 1)
    assert "1.5 metres" in page
    assert "These versions say the same." in admin.get(f"{url}/compare?old=2&new=2").text


@pytest.mark.parametrize("asked", ["old=1&new=7", "old=0&new=1", f"old={'9' * 40}&new=1"])
def test_a_version_that_there_is_not_is_not_found(admin: Browser, things: Desk, asked: str) -> None:
    assert admin.get(f"/admin/bundles/{things.bundle.id}/compare?{asked}").status_code == 404


def test_an_order_keeps_its_version_with_parts_of_a_unit(
    admin: Browser, things: Desk, session: Session
) -> None:
    hose = make.block(session, sku="H-1", name_en="Hose", unit_code="MTR").id or 0
    values: dict[str, Any] = {
        "slug": "schlauch-satz", "names": {"de": "Schlauchsatz", "en": "Hose set"}, "texts": {},
        "kind": Kind.SPARE_PART,
        "minimum_quantity": 1, "order_step": 1, "actor": written.STAFF, "now": make.NOW,
    }  # fmt: skip
    bundle_id = save_bundle(session, price_cents=2_500, items=[(hose, 1_500)], **values)
    publish_bundle(session, bundle_id, actor=written.STAFF, now=make.NOW)
    bundle = session.get_one(Bundle, bundle_id)
    order = make.order(
        session,
        of=things.customer,
        by=things.contact,
        bundle=bundle,
        state=OrderState.ACCEPTED,
        accepted_at=make.NOW,
    )
    number = order.number

    save_bundle(session, bundle_id=bundle_id, price_cents=9_900, items=[(hose, 7_250)], **values)
    publish_bundle(session, bundle_id, actor=written.STAFF, now=make.NOW)

    assert "1.5 metres" in admin.get("/admin/dispatch").text
    assert "7.25 metres" not in admin.get("/admin/dispatch").text
    page = admin.get(f"/admin/orders/{number}").text
    assert ("€25.00" in page, "€99.00" in page) == (True, False)
