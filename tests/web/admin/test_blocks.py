"""The pages of blocks: list, editor, what goes off the shop with a change, history and stock."""

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Block, Partner, StockMove
from app.catalogue.rules.kinds import BundleState, Source
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser

BLOCK = {
    "sku": "NEW-1", "name_de": "Dichtung", "name_en": "Seal", "text_de": "Mit Fett.", "text_en": "With grease.",
    "kind": "spare_part", "unit_code": "KGM", "unit_cost_cents": "3,50", "main_brand_price_cents": "1.234,50",
    "main_brand_lead_time_days": "3", "vat_rate_bp": "700", "source": "white_label", "partner": "Härterei Nord",
    "partner_cost_cents": "0,40", "weight_g": "1200", "packaging": "carton", "packing_cost_cents": "0.15",
    "cpv_code": "44440000-6", "is_made_to_order": "0",
}  # fmt: skip


def test_a_block_is_written_with_all_its_fields_and_shown_again(admin: Browser, session: Session) -> None:
    sizes = {"minimum_quantity_milli": "48", "order_step_milli": "2,5"}

    saved = admin.submit("/admin/blocks", {**BLOCK, **sizes})

    page = admin.get(saved.headers["location"]).text
    assert "Saved." in page
    for shown in ('value="1234.50"', 'value="Härterei Nord"', 'value="0.40"', 'value="1200"', "With grease."):
        assert shown in page
    assert '<option value="KGM" selected>1 kg · KGM</option>' in page
    block = session.exec(select(Block).where(col(Block.sku) == "NEW-1")).one()
    partner = session.exec(select(Partner)).one()
    assert (block.partner_id, block.source, block.is_made_to_order) == (partner.id, Source.WHITE_LABEL, False)
    assert (block.packing_cost_cents, block.weight_g, block.cpv_code) == (15, 1_200, "44440000-6")
    assert (block.minimum_quantity_milli, block.order_step_milli) == (48_000, 2_500)
    assert 'name="order_step_milli" type="text" value="2.5"' in page


def test_all_faults_are_named_at_once_what_was_typed_stays_and_nothing_is_stored(
    admin: Browser, session: Session
) -> None:
    wrong = {
        "main_brand_price_cents": "1.234",
        "cpv_code": "44",
        "weight_g": "heavy",
        "minimum_quantity_milli": "0",
        "order_step_milli": "many",
        "kind": "toy",
        "partner": "",
    }

    answer = admin.submit("/admin/blocks", {**BLOCK, **wrong})

    assert answer.status_code == 422
    for field in wrong:
        assert f'href="#f-{field}"' in answer.text
        assert f'id="f-{field}' in answer.text
    assert 'value="heavy"' in answer.text
    assert session.exec(select(Block).where(col(Block.sku) == "NEW-1")).first() is None


def test_dangerous_goods_leave_the_shop_after_a_look_at_what_goes_with_them(
    admin: Browser, things: Desk, session: Session
) -> None:
    url = f"/admin/blocks/{things.block_id}"
    values = {**BLOCK, "sku": "DI-100/2", "unit_code": "C62", "is_hazardous": "1"}

    asked = admin.submit(url, values)

    assert asked.status_code == 409
    assert "Seal pack" in asked.text
    assert f'name="may_retire" value="{things.bundle.id}"' in asked.text
    assert fresh(session, things.bundle).state is BundleState.PUBLISHED

    back = admin.submit(url, {**values, "may_retire": str(things.bundle.id), "act": "edit"})
    assert 'value="1.234,50"' in back.text
    assert fresh(session, things.bundle).state is BundleState.PUBLISHED

    done = admin.submit(url, {**values, "may_retire": str(things.bundle.id)})
    assert "Taken off the shop with this change" in admin.get(done.headers["location"]).text
    assert fresh(session, things.bundle).state is BundleState.RETIRED
    again = admin.submit(f"/admin/bundles/{things.bundle.id}/publish")
    assert again.status_code == 409
    assert "dangerous or restricted goods" in again.text


def test_an_old_form_undoes_nobody_elses_change_and_shows_what_stands_there_now(
    admin: Browser, things: Desk, session: Session
) -> None:
    url = f"/admin/blocks/{things.block_id}"
    values = {
        **BLOCK,
        "sku": "DI-100/2",
        "unit_code": "C62",
        "is_restricted": "1",
        "may_retire": str(things.bundle.id),
    }

    def seen(page: str) -> str:
        return re.findall(r'name="seen" value="([0-9a-f]{32})"', page)[0]

    old = seen(admin.get(url).text)
    admin.submit(url, {**values, "seen": old, "unit_cost_cents": "9,99"})
    late = admin.submit(url, {**BLOCK, "sku": "DI-100/2", "unit_code": "C62", "name_en": "Ring", "seen": old})

    assert late.status_code == 409
    for shown in (
        "Somebody changed this block",
        'value="Ring"',
        "Here stands now: Seal",
        "Here stands now: 9.99",
    ):
        assert shown in late.text
    assert late.text.count("Here stands now: yes") == 2
    block = fresh(session, session.get_one(Block, things.block_id))
    assert (block.name_en, block.unit_cost_cents, block.is_restricted) == ("Seal", 999, True)

    meant = {**BLOCK, "sku": "DI-100/2", "unit_code": "C62", "name_en": "Ring", "seen": seen(late.text)}
    assert admin.submit(url, meant).status_code == 303
    assert fresh(session, block).name_en == "Ring"


def test_what_is_shown_before_bundles_leave_the_shop_carries_what_was_seen(
    admin: Browser, things: Desk, session: Session
) -> None:
    url = f"/admin/blocks/{things.block_id}"
    old = re.findall(r'name="seen" value="([0-9a-f]{32})"', admin.get(url).text)[0]
    values = {**BLOCK, "sku": "DI-100/2", "unit_code": "C62", "is_hazardous": "1", "seen": old}

    confirm = admin.submit(url, values)
    assert f'name="seen" value="{old}"' in confirm.text
    admin.submit(url, {**BLOCK, "sku": "DI-100/2", "unit_code": "C62", "name_en": "Ring", "seen": old})
    late = admin.submit(url, {**values, "may_retire": str(things.bundle.id)})

    assert late.status_code == 409
    assert "Here stands now: Ring" in late.text
    assert fresh(session, things.bundle).state is BundleState.PUBLISHED


def test_a_changed_cost_stands_in_the_history_as_table_and_plot(admin: Browser, things: Desk) -> None:
    url = f"/admin/blocks/{things.block_id}"
    assert "Nothing has changed since" in admin.get(url).text

    admin.submit(url, {**BLOCK, "sku": "DI-100/2", "unit_code": "C62", "unit_cost_cents": "9.99"})

    page = admin.get(url).text
    assert page.count("<polyline") == 2
    assert "€9.99" in page
    assert "Robin admin" in page
    assert "first entry" in page


def test_a_cost_that_takes_a_bundle_below_the_floor_says_so_at_once(admin: Browser, things: Desk) -> None:
    url = f"/admin/blocks/{things.block_id}"
    values = {**BLOCK, "sku": "DI-100/2", "unit_code": "C62", "source": "own"}

    admin.submit(url, {**values, "unit_cost_cents": "0,01", "partner_cost_cents": "0", "weight_g": "0"})
    assert "below the margin floor</h2>" not in admin.get(url).text
    admin.submit(url, {**values, "unit_cost_cents": "9,00"})

    page = admin.get(url).text
    assert "1 bundle with this block is below the margin floor" in page
    assert "lowest price that passes: €" in page
    assert admin.get("/admin/blocks?flag=below_floor").text.count(">DI-100/2<") == 1


def test_stock_is_counted_and_received_and_a_shortage_is_said_aloud(admin: Browser, session: Session) -> None:
    block = make.block(session, is_made_to_order=False, stock_milli=5_000, reserved_milli=4_000)
    url = f"/admin/blocks/{block.id}"

    def seen() -> str:
        session.rollback()
        newest = session.exec(select(StockMove.id).order_by(col(StockMove.id).desc())).first()
        return str(newest or 0)

    first = seen()
    wrong = admin.submit(
        f"{url}/stock", {"act": "counted", "counted": "2.5", "reason": "count", "seen": first}
    )
    assert wrong.status_code == 422
    assert "This unit has no decimals" in wrong.text
    assert 'value="2.5"' in wrong.text

    admin.submit(f"{url}/stock", {"act": "counted", "counted": "3", "reason": "two broken", "seen": first})
    page = admin.get(url).text
    assert "Orders hold more than there is" in page
    assert "Missing: 1 piece." in page
    assert "two broken" in page
    assert "short by 1 piece" in admin.get("/admin/blocks?stock=short").text
    assert "<b>1</b> blocks short of what orders hold" in admin.get("/admin").text

    late = admin.submit(f"{url}/stock", {"act": "received", "received": "9", "seen": first})
    assert late.status_code == 409
    assert "The stock changed while you looked at it" in late.text
    admin.submit(f"{url}/stock", {"act": "received", "received": "9", "seen": seen()})
    assert fresh(session, block).stock_milli == 12_000


def test_nobody_counts_what_is_made_to_order(admin: Browser, things: Desk, session: Session) -> None:
    answer = admin.submit(f"/admin/blocks/{things.block_id}/stock", {"counted": "3", "reason": "count"})

    assert answer.status_code == 409
    assert "made to order" in answer.text
    assert session.exec(select(StockMove)).first() is None


@pytest.mark.parametrize(
    "query, shown",
    [
        ("q=44440000", {"B-CPV"}),
        ("q=100%25", set()),
        ("source=white_label", {"B-WHITE"}),
        ("vat=700", {"B-SEVEN"}),
        ("stock=made_to_order&kind=service", {"B-SERVICE"}),
        ("stock=free", {"B-FREE"}),
        ("stock=none", {"B-NONE", "B-SHORT"}),
        ("stock=short", {"B-SHORT"}),
        ("flag=hazardous", {"B-HOT"}),
        ("flag=unused&q=free", {"B-FREE"}),
        ("partner=x&vat=9&stock=x&flag=x&sort=x&q=B-CPV", {"B-CPV"}),
    ],
)
def test_the_list_is_filtered_and_counted(
    admin: Browser, things: Desk, session: Session, query: str, shown: set[str]
) -> None:
    for sku, values in {
        "B-CPV": {"cpv_code": "44440000-6"},
        "B-WHITE": {"source": Source.WHITE_LABEL},
        "B-SEVEN": {"vat_rate_bp": 700},
        "B-SERVICE": {"kind": "service"},
        "B-FREE": {"is_made_to_order": False, "stock_milli": 2_000, "reserved_milli": 1_000},
        "B-NONE": {"is_made_to_order": False},
        "B-SHORT": {"is_made_to_order": False, "reserved_milli": 1_000},
        "B-HOT": {"is_hazardous": True},
    }.items():
        make.block(session, sku=sku, **values)

    page = admin.get(f"/admin/blocks?{query}").text

    assert set(re.findall(r">(B-[A-Z]+)</a>", page)) == shown
    assert f"{len(shown)} block" in page


def test_the_list_of_one_partner_names_it(admin: Browser, session: Session) -> None:
    partner = make.saved(session, Partner(name="Härterei Nord", created_at=make.NOW))
    make.block(session, sku="B-PARTNER", partner_id=partner.id)
    make.block(session, sku="B-OTHER")

    page = admin.get(f"/admin/blocks?partner={partner.id}&sort=cost").text

    assert "B-PARTNER" in page
    assert "B-OTHER" not in page
    assert "· Härterei Nord" in page


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_filtered_list_is_handed_out_as_a_file(admin: Browser, session: Session, kind: str) -> None:
    make.block(session, sku="B-OIL", kind="care_product")
    make.block(session, sku="B-SEAL")

    page = admin.get("/admin/blocks?kind=care_product").text
    answer = admin.get(f"/admin/blocks/export.{kind}?kind=care_product")

    assert f'href="/admin/blocks/export.{kind}?kind=care_product"' in page
    assert answer.headers["content-disposition"] == f'attachment; filename="blocks.{kind}"'
    assert answer.headers["cache-control"] == "no-store"
    content = answer.content
    if kind == "xlsx":
        content = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"B-OIL" in content
    assert b"B-SEAL" not in content


def test_a_viewer_reads_blocks_and_is_offered_no_button(
    things: Desk, sign_in: Callable[[Role], Browser]
) -> None:
    viewer = sign_in(Role.VIEWER)

    page = viewer.get(f"/admin/blocks/{things.block_id}").text

    assert "Seal pack" in page
    assert "Save block" not in page
    assert "New block" not in viewer.get("/admin/blocks").text
