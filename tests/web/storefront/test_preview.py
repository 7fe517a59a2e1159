"""Staff look at a bundle as customers would."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import Session

from app.catalogue.models import Bundle
from app.catalogue.rules.kinds import BundleState
from app.staff.rules.roles import Role
from tests import make
from tests.catalogue import written
from tests.web.conftest import Browser

PICTURE = b"picture of the draft"


@pytest.fixture
def draft(session: Session) -> Bundle:
    """A bundle that nobody sees yet."""
    part = make.block(session, name_en="Winter hose", name_de="Winterschlauch", unit_code="MTR")
    return make.bundle(
        session, items=[(part, 2)], state=BundleState.DRAFT, image=PICTURE, slug="winter", name_en="Winter set",
        name_de="Wintersatz", price_cents=4_711,
    )  # fmt: skip


def test_staff_see_the_draft_as_a_customer_would_in_both_languages(
    session: Session, browser: Callable[..., Browser], draft: Bundle
) -> None:
    viewer = browser(make.staff_member(session, role=Role.VIEWER))
    url = f"/admin/bundles/{draft.id}/preview"

    english, german = viewer.get(url), viewer.get(f"{url}?language=de")

    assert english.headers["cache-control"] == "no-store"
    for page, words in (
        (english, ("Winter set", "€47.11", "Winter hose")),
        (german, ("Wintersatz", "Winterschlauch")),
    ):
        assert [word for word in words if word not in page.text] == []
    assert "Preview: customers do not see this" in english.text
    assert ('<html lang="de"' in german.text, "Vorschau" in german.text) == (True, True)
    assert f'src="/admin/bundles/{draft.id}/image"' in english.text
    assert viewer.get(f"/admin/bundles/{draft.id}/image").content == PICTURE
    assert "/cart/lines" not in english.text
    assert 'name="csrf"' not in english.text


def test_a_customer_sees_neither_the_draft_nor_its_preview(
    session: Session, browser: Callable[..., Browser], draft: Bundle
) -> None:
    customer = browser(make.contact(session, of=make.customer(session)))

    assert customer.get("/bundles/winter").status_code == 404
    answer = customer.get(f"/admin/bundles/{draft.id}/preview")
    assert answer.status_code == 303
    assert "Winter" not in answer.text


def test_a_published_version_is_previewed_with_the_facts_it_was_frozen_with(
    session: Session, browser: Callable[..., Browser]
) -> None:
    part = make.block(session, name_en="Old seal")
    bundle = make.bundle(session, items=[(part, 2)])
    part_id = part.id
    with make.transaction(session):
        session.get_one(type(part), part_id).name_en = "New seal"

    page = browser(make.staff_member(session)).get(f"/admin/bundles/{bundle.id}/preview").text

    assert ("Old seal" in page, "New seal" in page) == (True, False)


def test_the_version_on_sale_is_not_told_to_be_another_bundle(
    session: Session, browser: Callable[..., Browser]
) -> None:
    part = make.block(session)
    part_id = part.id or 0
    bundle = make.bundle(session, items=[(part, 2)], slug="twin", name_en="Twin pack", image=PICTURE)
    bundle_id = bundle.id
    make.bundle(session, items=[(part, 1)], name_en="Sister pack", image=PICTURE)
    written.draft_bundle(
        session,
        bundle_id=bundle_id,
        slug="twin",
        names={"de": "Doppel neu", "en": "New twin"},
        items=[(part_id, 3)],
    )

    page = browser(make.staff_member(session)).get(f"/admin/bundles/{bundle_id}/preview").text

    assert ("New twin" in page, "Sister pack" in page, "Twin pack" in page) == (True, True, False)
    assert re.findall(r'src="(/[^"]*/image)"', page) == [f"/admin/bundles/{bundle_id}/image"]
