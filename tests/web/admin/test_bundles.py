"""The editor of bundles."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleItem, BundleMargin, BundleVersion, Category, Listing
from app.catalogue.rules.kinds import BundleState
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, PublishingApproval, to_values
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser

BUNDLE = {
    "slug": "new-pack", "name_de": "Neues Paket", "name_en": "New pack", "text_de": "", "text_en": "",
    "kind": "spare_part", "price_cents": "1.234,50", "minimum_quantity": "2", "order_step": "5",
    "sku_1": "DI-100/2", "quantity_1": "2", "sku_3": "B-2", "quantity_3": "7",
}  # fmt: skip


def test_a_bundle_is_written_published_changed_and_retired(
    admin: Browser, things: Desk, session: Session
) -> None:
    make.block(session, sku="B-2", unit_cost_cents=100)

    saved = admin.submit("/admin/bundles", BUNDLE)
    url = saved.headers["location"].split("?")[0]
    page = admin.get(url).text
    assert "Error:" not in page
    assert "€13.00" in page
    assert "€1,197.37" in page  # less packing 0.30, shipping 1.23, card fee 22.10 and serving 0.50
    admin.submit(f"{url}/publish")
    admin.submit(url, {**BUNDLE, "price_cents": "99"})

    bundle = session.exec(select(Bundle).where(col(Bundle.slug) == "new-pack")).one()
    versions = session.exec(
        select(BundleVersion).where(col(BundleVersion.bundle_id) == bundle.id).order_by(col(BundleVersion.id))
    ).all()
    assert [(v.version_number, v.price_cents, v.published_at is None) for v in versions] == [
        (1, 123450, False),
        (2, 9900, True),
    ]
    items = session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == versions[0].id)).all()
    assert [(item.sku, item.quantity_milli) for item in items] == [("DI-100/2", 2_000), ("B-2", 7_000)]
    assert "newer draft" in admin.get("/admin/bundles").text
    admin.submit(f"{url}/retire")
    assert fresh(session, bundle).state is BundleState.RETIRED


@pytest.mark.parametrize(
    "changes, field, sentence",
    [
        ({"price_cents": "1.234"}, "price_cents", "This can mean two things"),
        ({"price_cents": "0"}, "price_cents", "Please enter a net price above zero."),
        ({"price_cents": "abc"}, "price_cents", "Please enter an amount such as 12.34 or 12,34."),
        ({"minimum_quantity": "1.5"}, "minimum_quantity", "Please enter a whole number."),
        ({"order_step": "0"}, "order_step", "Please enter a whole number from 1 to 9,999."),
        ({"slug": "Neu & Alt"}, "slug", "Please use small letters"),
        ({"name_en": ""}, "name_en", "Please give a name"),
        ({"kind": "toy"}, "kind", "Please choose one of the offered values."),
        ({"sku_1": "NO-SUCH"}, "sku_1", "There is no block NO-SUCH."),
        ({"quantity_1": "x"}, "quantity_1", "Please enter a quantity such as 12 or 2.5."),
        ({"quantity_1": "1,234"}, "quantity_1", "This can mean two things."),
        ({"quantity_1": "2,5"}, "quantity_1", "DI-100/2 comes in whole numbers only."),
        ({"quantity_1": "0"}, "quantity_1", "for each block"),
        ({"maximum_quantity": "4"}, "maximum_quantity", "the smallest order is 5"),
        ({"maximum_quantity": "many"}, "maximum_quantity", "Please enter a whole number."),
        ({"pictogram": "../../x"}, "pictogram", "Please choose one of the offered values."),
        ({"category_id": "77"}, "category_id", "Please choose one of the offered values."),
        ({"category_id": "9" * 30}, "category_id", "Please choose one of the offered values."),
        ({"purpose_de": "x" * 1001}, "purpose_de", "Please use at most 1,000 characters."),
        ({"sku_3": "DI-100/2"}, "items", "Please name each block once"),
    ],
)
def test_the_editor_names_what_is_wrong_keeps_what_was_typed_and_stores_nothing(
    admin: Browser, things: Desk, session: Session, changes: dict[str, str], field: str, sentence: str
) -> None:
    make.block(session, sku="B-2")

    answer = admin.submit("/admin/bundles", {**BUNDLE, **changes})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="f-{field}' in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert 'value="Neues Paket"' in answer.text
    assert session.exec(select(Bundle).where(col(Bundle.slug) == "new-pack")).first() is None


def test_a_bundle_that_says_nothing_of_its_sizes_is_told_what_its_blocks_give(
    admin: Browser, things: Desk, session: Session
) -> None:
    make.block(session, sku="H-24", minimum_quantity_milli=48_000, order_step_milli=24_000)
    values = {
        **BUNDLE, "minimum_quantity": "", "order_step": "", "sku_1": "H-24", "quantity_1": "6", "sku_3": "",
        "quantity_3": "",
    }  # fmt: skip

    page = admin.get(admin.submit("/admin/bundles", values).headers["location"]).text

    version = session.exec(select(BundleVersion).order_by(col(BundleVersion.id).desc())).first()
    assert version is not None
    assert (version.own_minimum_quantity, version.own_order_step) == (None, None)
    assert (version.minimum_quantity, version.order_step) == (8, 4)
    assert "Empty: 8, by its blocks" in page
    assert "Empty: 4, by its blocks" in page


def test_everything_that_is_wrong_is_named_in_one_round(
    admin: Browser, things: Desk, session: Session
) -> None:
    wrong = {
        "slug": things.bundle.slug, "name_en": " ", "price_cents": "abc", "maximum_quantity": "0", "pictogram": "toy",
        "category_id": "77", "order_step": "x", "sku_1": "NO-SUCH", "quantity_3": "2.5.1", "purpose_en": "x" * 1001,
    }  # fmt: skip

    answer = admin.submit("/admin/bundles", {**BUNDLE, **wrong})

    assert answer.status_code == 422
    # Rows that were left empty are gone: the third is now the second.
    named = [field.replace("_3", "_2") for field in wrong]
    missed = [field for field in named if f'href="#f-{field}"' not in answer.text]
    assert missed == []
    assert [value for value in ("abc", "NO-SUCH", "2.5.1") if f'value="{value}"' not in answer.text] == []
    assert session.exec(select(Bundle).where(col(Bundle.slug) == "new-pack")).first() is None


def test_a_measured_block_has_decimals_and_all_that_is_typed_comes_back(
    admin: Browser, things: Desk, session: Session
) -> None:
    make.block(session, sku="H-1", unit_code="MTR")
    shelf = make.saved(session, Category(slug="hoses", name_de="Schläuche", name_en="Hoses"))
    values = {
        **BUNDLE, "sku_3": "H-1", "quantity_3": "2,5", "maximum_quantity": "20", "pictogram": "bearing",
        "category_id": str(shelf.id), "purpose_de": "Für die Wartung", "purpose_en": "For maintenance",
    }  # fmt: skip

    url = admin.submit("/admin/bundles", values).headers["location"].split("?")[0]

    version = session.exec(select(BundleVersion).order_by(col(BundleVersion.id).desc())).first()
    assert version is not None
    assert (version.maximum_quantity, version.pictogram, version.category_id) == (20, "bearing", shelf.id)
    assert (version.purpose_de, version.purpose_en) == ("Für die Wartung", "For maintenance")
    items = session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == version.id)).all()
    assert [(item.sku, item.quantity_milli) for item in items] == [("DI-100/2", 2_000), ("H-1", 2_500)]
    page = admin.get(url).text
    assert 'value="2.5"' in page
    assert 'value="bearing" checked' in page
    assert f'<option value="{shelf.id}" selected>Hoses</option>' in page
    admin.submit(f"{url}/publish")
    session.rollback()
    listing = session.exec(select(Listing).where(col(Listing.slug) == "new-pack")).one()
    assert (listing.category_id, listing.pictogram, listing.maximum_quantity) == (shelf.id, "bearing", 20)


def test_two_editors_of_one_bundle_do_not_overwrite_each_other(
    admin: Browser, things: Desk, session: Session
) -> None:
    url = (
        admin.submit("/admin/bundles", {**BUNDLE, "sku_3": "", "quantity_3": ""})
        .headers["location"]
        .split("?")[0]
    )
    seen = {**BUNDLE, "sku_3": "", "quantity_3": "", "seen": "1.0"}

    first = admin.submit(url, {**seen, "price_cents": "11"})
    second = admin.submit(url, {**seen, "price_cents": "22"})

    assert (first.status_code, second.status_code) == (303, 409)
    assert "changed this bundle while you looked at it" in second.text
    assert 'value="22"' in second.text
    version = session.exec(select(BundleVersion).order_by(col(BundleVersion.id).desc())).first()
    assert version is not None
    assert version.price_cents == 1_100


def test_one_click_makes_a_copy_with_everything_but_the_address(
    admin: Browser, things: Desk, session: Session
) -> None:
    before = admin.get("/admin/bundles").text.count("Copy of Seal pack")

    first = admin.submit(f"/admin/bundles/{things.bundle.id}/duplicate")
    second = admin.submit(f"/admin/bundles/{things.bundle.id}/duplicate")

    url = first.headers["location"].split("?")[0]
    session.rollback()
    copy = session.get_one(Bundle, int(url.rpartition("/")[2]))
    version = session.exec(select(BundleVersion).where(col(BundleVersion.bundle_id) == copy.id)).one()
    item = session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == version.id)).one()
    assert (copy.state, copy.slug, copy.image_id) == (
        BundleState.DRAFT,
        f"{things.bundle.slug}-copy",
        things.bundle.image_id,
    )
    assert (version.name_de, version.name_en, version.price_cents, version.stage) == (
        "Kopie von Dichtungspaket",
        "Copy of Seal pack",
        2_500,
        "draft",
    )
    assert (item.sku, item.quantity_milli) == ("DI-100/2", 4_000)
    other = session.get_one(Bundle, int(second.headers["location"].split("?")[0].rpartition("/")[2]))
    assert other.slug == f"{things.bundle.slug}-copy-2"
    assert (before, admin.get("/admin/bundles").text.count("Copy of Seal pack")) == (0, 2)
    assert admin.get(f"{url}/image").content == admin.get(f"/admin/bundles/{things.bundle.id}/image").content


def test_the_list_is_filtered_by_category_block_and_floor(
    admin: Browser, things: Desk, session: Session
) -> None:
    other = make.bundle(session, name_en="Winter set", category_id=things.category.id)
    make.saved(
        session,
        BundleMargin(
            bundle_id=other.id, bundle_version_id=other.current_version_id, margin_cents=10, margin_bp=40,
            lowest_price_cents=2_700, is_below_floor=True, computed_at=make.NOW,
        ),
    )  # fmt: skip
    admin.submit(f"/admin/bundles/{things.bundle.id}", {**BUNDLE, "slug": things.bundle.slug, "sku_1": "", "sku_3": "",
        "quantity_1": "", "quantity_3": "", "name_en": "Seal pack"})  # fmt: skip

    def shown(query: str) -> tuple[bool, bool]:
        page = admin.get(f"/admin/bundles?{query}").text
        return ">Seal pack</a>" in page, ">Winter set</a>" in page

    assert shown("") == (True, True)
    assert shown(f"category={things.category.id}") == (False, True)
    assert shown("below=1") == (False, True)
    assert shown("block=di-100/2") == (True, False)
    assert shown("block=NO-SUCH") == (False, False)
    page = admin.get("/admin/bundles?block=DI-100/2").text
    assert "1 (quantity 4)" in page
    assert "not in the newest" in page
    assert 'href="/admin/bundles?block=DI-100/2"' in admin.get(f"/admin/blocks/{things.block_id}").text


def test_more_rows_keep_what_was_typed_and_store_nothing(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit("/admin/bundles", {**BUNDLE, "more": "1"})

    assert 'name="sku_14"' in answer.text
    assert 'value="1.234,50"' in answer.text
    assert session.exec(select(Bundle).where(col(Bundle.slug) == "new-pack")).first() is None


def test_a_bundle_that_cannot_be_sold_is_not_published_and_says_why(
    admin: Browser, things: Desk, session: Session
) -> None:
    empty = make.bundle(session, items=[], state=BundleState.DRAFT)

    answer = admin.submit(f"/admin/bundles/{empty.id}/publish")

    assert answer.status_code == 409
    assert "A bundle without blocks cannot be published." in answer.text
    assert fresh(session, empty).state is BundleState.DRAFT


def test_a_picture_is_stored_shown_and_removed_and_a_text_is_no_picture(admin: Browser, things: Desk) -> None:
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(content, "PNG")
    url = f"/admin/bundles/{things.bundle.id}/image"

    wrong = admin.submit(url, files={"image": ("a.png", b"no picture", "image/png")})
    missing = admin.submit(url)
    stored = admin.submit(url, files={"image": ("a.png", content.getvalue(), "image/png")})

    assert (wrong.status_code, missing.status_code) == (422, 422)
    assert stored.headers["location"].endswith("done=image")
    shown = admin.get(url)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert Image.open(io.BytesIO(shown.content)).size == (40, 30)
    assert admin.submit(url, {"act": "remove"}).headers["location"].endswith("done=image_removed")
    assert admin.get(url).status_code == 404


def test_where_two_are_wanted_a_lead_changes_the_picture_of_what_is_on_sale_and_others_read_why_not(
    sign_in: Callable[[Role], Browser], things: Desk, session: Session
) -> None:
    make.saved(
        session,
        PolicyVersion(
            values=to_values(Policy(publishing_approval=PublishingApproval.TWO)),
            changed_by="test",
            reason="test",
            created_at=make.NOW,
        ),
    )
    page, before = f"/admin/bundles/{things.bundle.id}", fresh(session, things.bundle).image_id
    operations, lead = sign_in(Role.OPERATIONS), sign_in(Role.LEAD)

    refused = operations.submit(f"{page}/image", {"act": "remove"})
    told = operations.submit(f"{page}/image", {"act": "remove"}, headers={"accept": "application/json"})

    assert (refused.status_code, told.status_code) == (403, 403)
    assert "only a person who may approve bundles can change its picture" in refused.text
    assert told.json()["code"] == "bundle.picture_needs_approver"
    assert fresh(session, things.bundle).image_id == before
    assert f'action="{page}/image"' not in operations.get(page).text
    assert f'action="{page}/image"' in lead.get(page).text
    assert lead.submit(f"{page}/image", {"act": "remove"}).status_code == 303
