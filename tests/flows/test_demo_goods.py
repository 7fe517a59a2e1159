"""The goods of the demo: blocks, stock, bundles, drafts, and what small customers buy together."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, SQLModel, col, func, select

from app.catalogue.models import (
    Block,
    BlockNote,
    BlockPrice,
    Bundle,
    BundleItem,
    BundleVersion,
    Category,
    Listing,
    Partner,
    StockMove,
    StockReservation,
)
from app.catalogue.queries_search import SearchMemory, search
from app.catalogue.rules.kinds import BundleState, Kind, Packaging, Source
from app.catalogue.rules.pictograms import PICTOGRAMS
from app.catalogue.rules.stages import VersionStage
from app.catalogue.rules.stock import ReservationState, StockLevel
from app.catalogue.rules.synonyms import Synonyms
from app.cli.demo import discover_demo, load_demo
from app.cli.demo_company.company import Sizes
from app.cli.demo_company.purchases import HABITS
from app.core.clock import utc_now
from app.core.db import Database
from app.insights.invariants import check_invariants
from app.insights.models import Proposal
from app.mainbrand.models import MainAccount, Purchase
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Agreement, Order, OrderLine
from app.ordering.rules.states import OrderState
from app.settings import Settings

SMALL = Sizes(customers=3, bundles=50, orders=12, accounts=5)


@pytest.fixture
def demo(database: Database, settings: Settings) -> dict[str, int]:
    return load_demo(database, settings, SMALL, seed=1)


def counted(session: Session, model: type[SQLModel]) -> int:
    return session.exec(select(func.count()).select_from(model)).one()


def test_one_company_of_the_demo_has_an_exception_and_everybody_else_orders_in_the_blocks_sizes(
    demo: dict[str, int], read_session: Session
) -> None:
    listing = read_session.exec(select(Listing).where(col(Listing.slug) == "schmierstoffe-quartal")).one()

    exception = read_session.exec(select(Agreement)).one()

    assert (listing.minimum_quantity, listing.order_step) == (8, 4)
    assert (exception.bundle_id, exception.minimum_quantity) == (listing.bundle_id, 4)
    assert exception.ends_at > utc_now() + timedelta(days=89)


def test_each_block_is_told_in_both_languages_and_has_what_the_desk_asks_of_it(
    demo: dict[str, int], read_session: Session
) -> None:
    blocks = read_session.exec(select(Block)).all()

    assert len(blocks) == 75
    for block in blocks:
        assert all((block.name_de, block.name_en, block.text_de, block.text_en)), block.sku
        assert block.text_de != block.text_en
        assert re.fullmatch(r"\d{8}-\d", block.cpv_code), block.sku
        assert block.main_brand_price_cents > block.unit_cost_cents + block.partner_cost_cents > 0
        assert (block.weight_g == 0) == (
            block.kind is Kind.CONSULTING_UNIT and block.packaging is Packaging.NONE
        )
        assert (block.source is Source.OWN) == (block.partner_id is None) == (block.partner_cost_cents == 0)
    assert {block.source for block in blocks} == set(Source)
    assert {block.packaging for block in blocks} == set(Packaging)
    assert counted(read_session, Partner) == 9
    assert sum(block.is_made_to_order for block in blocks) == 10


def test_what_is_dangerous_or_restricted_is_in_no_bundle(demo: dict[str, int], read_session: Session) -> None:
    kept_out = read_session.exec(
        select(Block).where(col(Block.is_hazardous) | col(Block.is_restricted)).order_by(col(Block.sku))
    ).all()

    assert [(block.sku, block.is_restricted) for block in kept_out] == [
        ("GF-6001", False),
        ("GF-6002", False),
        ("GF-6003", True),
    ]
    sold = set(read_session.exec(select(BundleItem.block_id)))
    assert not sold & {block.id for block in kept_out}


def test_the_history_of_a_block_ends_with_its_price_and_its_stock(
    demo: dict[str, int], read_session: Session
) -> None:
    prices, stocks = {}, {}
    for price in read_session.exec(select(BlockPrice).order_by(col(BlockPrice.id))):
        prices[price.block_id] = (
            price.unit_cost_cents,
            price.partner_cost_cents,
            price.main_brand_price_cents,
        )
    for move in read_session.exec(select(StockMove).order_by(col(StockMove.id))):
        assert move.stock_after_milli == stocks.get(move.block_id, 0) + move.delta_milli
        stocks[move.block_id] = move.stock_after_milli

    for block in read_session.exec(select(Block)):
        assert prices[block.id or 0] == (
            block.unit_cost_cents,
            block.partner_cost_cents,
            block.main_brand_price_cents,
        )
        assert stocks.get(block.id or 0, 0) == block.stock_milli
        assert (block.id in stocks) != block.is_made_to_order


def test_open_orders_hold_their_blocks_and_nothing_is_promised_twice(
    demo: dict[str, int], read_session: Session
) -> None:
    needed = {
        (order_id, block_id): quantity_milli
        for order_id, block_id, quantity_milli in read_session.exec(
            select(
                OrderLine.order_id,
                BundleItem.block_id,
                func.sum(OrderLine.quantity * BundleItem.quantity_milli),
            )
            .join(Order, col(Order.id) == col(OrderLine.order_id))
            .join(BundleItem, col(BundleItem.bundle_version_id) == col(OrderLine.bundle_version_id))
            .join(Block, col(Block.id) == col(BundleItem.block_id))
            .where(col(Order.state) == OrderState.ACCEPTED, col(Block.is_made_to_order).is_(False))
            .group_by(col(OrderLine.order_id), col(BundleItem.block_id))
        ).all()
    }
    held = {
        (reservation.order_id, reservation.block_id): reservation.quantity_milli
        for reservation in read_session.exec(
            select(StockReservation).where(col(StockReservation.state) == ReservationState.HELD)
        )
    }

    assert held == needed != {}
    reserved = Counter[int]()
    for (_, block_id), quantity_milli in held.items():
        reserved[block_id] += quantity_milli
    for block in read_session.exec(select(Block)):
        assert block.reserved_milli == reserved[block.id or 0] <= block.stock_milli


def test_some_bundles_are_scarce_and_one_is_sold_out(demo: dict[str, int], read_session: Session) -> None:
    levels = dict(
        read_session.exec(
            select(Listing.slug, Listing.stock_level).where(
                col(Listing.stock_level) != StockLevel.PLENTY, col(Listing.slug).not_like("paket-%")
            )
        ).all()
    )

    assert levels == {
        "boden-und-moebel": StockLevel.FEW,
        "duesensatz-waschplatz": StockLevel.FEW,
        "messstelle-druck-temperatur": StockLevel.NONE,
    }


def test_each_bundle_says_what_it_is_for_and_stands_on_a_shelf_with_a_pictogram(
    demo: dict[str, int], read_session: Session
) -> None:
    shelves = {shelf.id: shelf for shelf in read_session.exec(select(Category))}
    versions = read_session.exec(select(BundleVersion)).all()

    assert len(shelves) == 8
    assert {version.category_id for version in versions} == set(shelves)
    assert {version.pictogram for version in versions} <= set(PICTOGRAMS)
    assert len({version.pictogram for version in versions}) > 30
    for shelf in shelves.values():
        assert shelf.pictogram in PICTOGRAMS
        assert all((shelf.name_de, shelf.name_en, shelf.text_de, shelf.text_en))
    for version in versions:
        assert version.purpose_de
        assert version.purpose_en
        assert version.purpose_de != version.purpose_en
        most = version.maximum_quantity
        assert most is None or (most >= version.minimum_quantity and most % version.order_step == 0)
    assert sum(version.maximum_quantity is not None for version in versions) > 10


def test_four_drafts_wait_beside_the_published_bundles_and_customers_see_none(
    demo: dict[str, int], read_session: Session
) -> None:
    drafts = read_session.exec(
        select(Bundle, BundleVersion)
        .join(BundleVersion, col(BundleVersion.bundle_id) == col(Bundle.id))
        .where(col(Bundle.state) == BundleState.DRAFT)
        .order_by(col(Bundle.id))
    ).all()

    assert [version.name_en.partition(":")[0] for _, version in drafts] == [
        "Priced too low",
        "Priced too low",
        "Takes from the main brand",
        "Takes from the main brand",
    ]
    assert {version.stage for _, version in drafts} == {VersionStage.DRAFT}
    assert {version.published_at for _, version in drafts} == {None}
    assert {version.written_by for _, version in drafts} == {"Ole Brandt"}
    listed = set(read_session.exec(select(Listing.bundle_id)))
    assert not listed & {bundle.id for bundle, _ in drafts}


def test_notes_from_visits_hang_on_blocks_and_on_a_bundle(
    demo: dict[str, int], read_session: Session
) -> None:
    about = [
        (bool(note.block_id), bool(note.bundle_id), note.visited_on == note.created_at.date())
        for note in read_session.exec(select(BlockNote).order_by(col(BlockNote.id)))
    ]

    assert about == [(True, False, True)] * 3 + [(False, True, True)]


def test_customers_find_more_by_words_that_staff_keep_as_synonyms(
    demo: dict[str, int], read_session: Session
) -> None:
    kept = SearchMemory().current(read_session)
    bare = replace(kept, synonyms=Synonyms())

    for word in ("Treibriemen", "Einmalhandschuhe", "Putzlappen", "Glühbirne", "Batterie"):
        found = search(read_session, word, kept).hits.count
        assert found > search(read_session, word, bare).hits.count, word


def test_small_customers_buy_the_same_things_together_again_and_again(
    database: Database, settings: Settings, read_session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=1, bundles=48, orders=0, accounts=120), seed=1)

    invoices: dict[str, set[str]] = {}
    for number, sku in read_session.exec(
        select(Purchase.invoice_number, Purchase.sku)
        .join(MainAccount, col(MainAccount.account_number) == col(Purchase.account_number))
        .where(col(MainAccount.segment) == Segment.C)
    ).all():
        invoices.setdefault(number, set()).add(sku)
    for habit in HABITS:
        share = sum(set(habit) <= basket for basket in invoices.values()) / len(invoices)
        assert 0.02 < share < 0.15, habit


def test_the_demo_proposes_what_its_small_customers_buy_together(
    database: Database, settings: Settings, read_session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=1, bundles=48, orders=0, accounts=120), seed=1)

    discover_demo(database)

    proposed = [
        {item["sku"]: item["quantity_milli"] // 1000 for item in proposal.items}
        for proposal in read_session.exec(select(Proposal))
    ]
    assert {"ET-1024": 1, "ET-1025": 1, "ET-1026": 1} in proposed
    assert {"RS-4010": 2, "PM-2017": 1} in proposed
    assert check_invariants(read_session, now=utc_now()) == []


def test_the_a_and_the_b_customer_among_the_log_ins_bought_what_the_list_says(
    demo: dict[str, int], read_session: Session
) -> None:
    year = read_session.exec(
        select(MainAccount.revenue_12m_cents, func.sum(Purchase.net_cents))
        .join(Purchase, col(Purchase.account_number) == col(MainAccount.account_number))
        .where(
            col(MainAccount.account_number).in_(("K-200003", "K-200004")),
            col(Purchase.purchased_at) > utc_now() - timedelta(days=365),
        )
        .group_by(col(MainAccount.account_number), col(MainAccount.revenue_12m_cents))
    ).all()

    assert len(year) == 2
    assert all(abs(bought - listed) < listed / 20 for listed, bought in year)


def test_a_large_catalogue_has_a_large_store(
    database: Database, settings: Settings, read_session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=1, bundles=150, orders=0, accounts=1), seed=1)

    stocks = {block.sku: block.stock_milli for block in read_session.exec(select(Block))}
    assert stocks["ET-1001"] == 3 * 620_000
    assert stocks["ET-1014"] == 0
    assert check_invariants(read_session, now=utc_now()) == []
