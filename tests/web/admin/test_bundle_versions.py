"""Two versions of a bundle side by side."""

import pytest
from sqlmodel import Session

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
