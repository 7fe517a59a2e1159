"""Blocks as staff write them: every amount keeps its history, and dangerous goods leave the shop at once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import Block, BlockPrice, Bundle, CatalogueState, Listing, Partner
from app.catalogue.queries_blocks import entry_of
from app.catalogue.rules.kinds import BundleState, Packaging, PriceCause, Source
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from app.flows.save_block import save_block
from app.mainbrand.models import Purchase
from tests import make
from tests.catalogue import written

FULL: dict[str, Any] = {
    "text_de": "Mit Fett.",
    "text_en": "With grease.",
    "source": Source.SPECIALIST,
    "partner": "Härterei Nord",
    "partner_cost_cents": 130,
    "weight_g": 240,
    "packaging": Packaging.BAG,
    "packing_cost_cents": 12,
    "cpv_code": "44440000-6",
    "is_made_to_order": False,
}


def prices(session: Session, block_id: int) -> list[tuple[Any, ...]]:
    session.rollback()
    rows = session.exec(
        select(BlockPrice).where(col(BlockPrice.block_id) == block_id).order_by(col(BlockPrice.id))
    )
    return [
        (row.unit_cost_cents, row.partner_cost_cents, row.main_brand_price_cents, row.cause, row.changed_by)
        for row in rows
    ]


def state_of(session: Session, bundle_id: int) -> BundleState:
    session.rollback()
    return session.get_one(Bundle, bundle_id, populate_existing=True).state


def version(session: Session) -> int:
    return session.exec(select(CatalogueState.version)).one()


def test_every_field_is_kept_and_a_new_name_makes_one_partner(session: Session) -> None:
    first = written.block(session, **FULL)
    written.block(session, sku="ET-2", **FULL)

    session.rollback()
    block = session.get_one(Block, first)
    assert entry_of(block, "Härterei Nord") == written.entry(**FULL)
    assert [partner.name for partner in session.exec(select(Partner))] == ["Härterei Nord"]


def test_each_change_of_an_amount_is_kept_with_who_and_why_and_no_other_change_is(session: Session) -> None:
    entry = written.entry(**FULL)
    block_id = written.block(session, **FULL)

    for changed in (
        replace(entry, unit_cost_cents=250),
        replace(entry, unit_cost_cents=250, name_de="Lager"),
        replace(entry, unit_cost_cents=250, main_brand_price_cents=600, partner_cost_cents=0),
    ):
        save_block(session, changed, block_id=block_id, actor=written.STAFF, now=written.NOW)

    assert prices(session, block_id) == [
        (200, 130, 500, PriceCause.CREATED, "Olga Opera"),
        (250, 130, 500, PriceCause.EDITOR, "Olga Opera"),
        (250, 0, 600, PriceCause.EDITOR, "Olga Opera"),
    ]


def test_a_block_from_before_the_history_gets_its_former_amounts_as_first_line(session: Session) -> None:
    block = make.block(session, unit_cost_cents=300)
    assert block.id is not None

    entry = replace(entry_of(block, ""), unit_cost_cents=310)
    save_block(session, entry, block_id=block.id, actor=written.STAFF, now=make.NOW + timedelta(days=1))

    assert prices(session, block.id) == [
        (300, 0, 500, PriceCause.CREATED, ""),
        (310, 0, 500, PriceCause.EDITOR, "Olga Opera"),
    ]


def test_the_history_cannot_be_changed(session: Session) -> None:
    block_id = written.block(session)

    with pytest.raises(DBAPIError), transaction(session):
        session.exec(update(BlockPrice).values(unit_cost_cents=1))

    assert prices(session, block_id)[0][0] == 200


def test_what_becomes_dangerous_leaves_the_shop_only_after_the_person_saw_what_goes_with_it(
    session: Session,
) -> None:
    block_id, other = written.block(session), written.block(session, sku="ET-2")
    first = written.bundle(session, slug="a", items=[(block_id, 1), (other, 1)])
    second = written.bundle(session, slug="b", items=[(block_id, 2)])
    stays = written.bundle(session, slug="c", items=[(other, 2)])
    before = version(session)
    dangerous = written.entry(is_hazardous=True, unit_cost_cents=999)

    with pytest.raises(Refused) as refused:
        save_block(
            session, dangerous, block_id=block_id, may_retire=[first], actor=written.STAFF, now=written.NOW
        )

    assert (refused.value.code, refused.value.values) == ("block.retires_bundles", {"count": 2})
    assert state_of(session, first) is BundleState.PUBLISHED
    assert (prices(session, block_id)[-1][0], version(session)) == (200, before)

    saved = save_block(
        session,
        dangerous,
        block_id=block_id,
        may_retire=[first, second],
        actor=written.STAFF,
        now=written.NOW,
    )

    assert saved.retired == ((first, "a"), (second, "b"))
    states = [state_of(session, bundle_id) for bundle_id in (first, second, stays)]
    assert states == [BundleState.RETIRED, BundleState.RETIRED, BundleState.PUBLISHED]
    assert session.exec(select(Listing.slug, Listing.position)).all() == [("c", 1)]
    assert version(session) > before
    reasons = session.exec(select(AuditEntry.reason).where(col(AuditEntry.action) == "bundle.retired")).all()
    assert reasons == ["Block ET-1001 is dangerous goods."] * 2


def test_a_bundle_with_a_restricted_block_is_not_published(session: Session) -> None:
    block_id = written.block(session, is_restricted=True)
    bundle_id = written.draft_bundle(session, items=[(block_id, 1)])

    with pytest.raises(Refused) as refused:
        publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)

    assert refused.value.code == "bundle.kept_out"
    assert "ET-1001" in str(refused.value)
    assert state_of(session, bundle_id) is BundleState.DRAFT


@pytest.mark.parametrize("is_in_bundle", [True, False])
def test_the_number_stays_once_a_bundle_holds_the_block_or_the_main_brand_sold_it(
    session: Session, is_in_bundle: bool
) -> None:
    block_id = written.block(session)
    written.block(session, block_id=block_id, sku="ET-2", unit_cost_cents=300)
    if is_in_bundle:
        written.draft_bundle(session, items=[(block_id, 1)])
    else:
        bought = Purchase(
            import_key="1", account_number="1", invoice_number="1", sku="ET-2", quantity_milli=1_000, net_cents=100,
            currency="EUR", purchased_at=written.NOW,
        )  # fmt: skip
        make.saved(session, bought)

    with pytest.raises(Invalid) as invalid:
        written.block(session, block_id=block_id, sku="ET-3", unit_cost_cents=1)

    assert [fault.field for fault in invalid.value.fields] == ["sku"]
    session.rollback()
    kept = session.get_one(Block, block_id, populate_existing=True)
    assert (kept.sku, kept.unit_cost_cents) == ("ET-2", 300)


def test_the_unit_stays_as_long_as_a_bundle_on_sale_counts_in_it(session: Session) -> None:
    block_id = written.block(session)
    bundle_id = written.bundle(session, items=[(block_id, 1)])

    with pytest.raises(Invalid) as invalid:
        written.block(session, block_id=block_id, unit_code="KGM", unit_cost_cents=1)

    assert [fault.field for fault in invalid.value.fields] == ["unit_code"]
    session.rollback()
    kept = session.get_one(Block, block_id, populate_existing=True)
    assert (kept.unit_code, kept.unit_cost_cents) == ("C62", 200)

    retire_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)
    written.block(session, block_id=block_id, unit_code="KGM")


def test_the_unit_stays_as_long_as_there_is_stock(session: Session, now: datetime) -> None:
    block = make.block(session, is_made_to_order=False, stock_milli=3_000)
    entry = replace(entry_of(block, ""), unit_code="KGM")
    assert block.id is not None

    with pytest.raises(Invalid) as invalid:
        save_block(session, entry, block_id=block.id, actor=written.STAFF, now=now)

    assert [fault.field for fault in invalid.value.fields] == ["unit_code"]
    session.rollback()
    assert session.get_one(Block, block.id, populate_existing=True).unit_code == "C62"
