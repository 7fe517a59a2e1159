"""The shelves of the catalogue."""

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import CatalogueState, Category
from app.catalogue.rules.kinds import BundleState
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser

HOSES = {
    "slug": "hoses", "name_de": "Schläuche", "name_en": "Hoses", "text_de": "Alles, was fließt.", "text_en": "",
    "pictogram": "hose",
}  # fmt: skip


def shelves(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(Category.slug).order_by(col(Category.position))))


def version(session: Session) -> int:
    session.rollback()
    return session.exec(select(CatalogueState.version)).one()


def test_a_category_is_made_changed_moved_and_deleted_and_customers_see_it_at_once(
    admin: Browser, things: Desk, session: Session
) -> None:
    first, before = things.category.slug, version(session)

    admin.submit("/admin/categories", HOSES)
    assert shelves(session) == [first, "hoses"]
    hoses = session.exec(select(Category).where(col(Category.slug) == "hoses")).one().id
    admin.submit(f"/admin/categories/{hoses}", {**HOSES, "name_en": "Hoses and tubes"})
    admin.submit(f"/admin/categories/{hoses}/move", {"to": "up"})
    page = admin.get("/admin/categories").text

    assert shelves(session) == ["hoses", first]
    assert page.index("Hoses and tubes") < page.index(things.category.name_en)
    assert "img/pictograms/hose.svg" in page
    assert version(session) == before + 3
    admin.submit(f"/admin/categories/{hoses}/delete")
    assert shelves(session) == [first]
    actions = session.exec(select(AuditEntry.action).where(col(AuditEntry.object_kind) == "category")).all()
    assert list(actions) == ["category.saved", "category.saved", "category.moved", "category.deleted"]


@pytest.mark.parametrize("state", [BundleState.DRAFT, BundleState.PUBLISHED, BundleState.RETIRED])
def test_a_category_in_which_a_bundle_stands_is_kept(
    admin: Browser, things: Desk, session: Session, state: BundleState
) -> None:
    make.bundle(session, state=state, category_id=things.category.id)

    answer = admin.submit(f"/admin/categories/{things.category.id}/delete")

    assert answer.status_code == 409
    assert "Bundles stand in this category, or did in a version that orders keep: 1." in answer.text
    assert shelves(session) == [things.category.slug]


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"slug": "Schläuche"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"name_de": " "}, "name_de"),
        ({"name_en": "x" * 121}, "name_en"),
        ({"text_en": "x" * 1001}, "text_en"),
        ({"pictogram": "../x"}, "pictogram"),
    ],
)
def test_a_wrong_category_is_named_kept_and_stores_nothing(
    admin: Browser, things: Desk, session: Session, changes: dict[str, str], field: str
) -> None:
    answer = admin.submit("/admin/categories", {**HOSES, **changes})

    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert "Alles, was fließt." in answer.text
    assert shelves(session) == [things.category.slug]


def test_two_categories_never_share_an_address(admin: Browser, things: Desk, session: Session) -> None:
    answer = admin.submit("/admin/categories", {**HOSES, "slug": things.category.slug})

    assert answer.status_code == 422
    assert "Another category has this address already." in answer.text
    assert shelves(session) == [things.category.slug]


def test_the_first_does_not_move_up(admin: Browser, things: Desk, session: Session) -> None:
    admin.submit(f"/admin/categories/{things.category.id}/move", {"to": "up"})

    assert shelves(session) == [things.category.slug]
    assert session.exec(select(AuditEntry).where(col(AuditEntry.object_kind) == "category")).all() == []


@pytest.mark.parametrize("to", ["", "UP", "left"])
def test_a_category_moves_up_or_down_and_nowhere_else(
    admin: Browser, things: Desk, session: Session, to: str
) -> None:
    admin.submit("/admin/categories", HOSES)
    before = shelves(session)

    answer = admin.submit(
        f"/admin/categories/{things.category.id}/move", {"to": to}, headers={"accept": "application/json"}
    )

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["to"]
    assert shelves(session) == before
