"""The demo company: complete, coherent, made up, and the same after a second run."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
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
from app.cli.demo import discover_demo, load_demo, rate_demo
from app.cli.demo_company.company import Sizes
from app.cli.demo_company.people import PERSONAS, STAFF
from app.cli.demo_company.purchases import HABITS
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import Refused
from app.core.security import verify_password
from app.core.transaction import transaction
from app.customers.gate import admission_now
from app.customers.models import Contact, Customer, Screening
from app.customers.rules.admission import Admission
from app.customers.service import forget_unconfirmed
from app.flows.fill_demo import demo_totp_secrets
from app.flows.screen_customer import complete_keys, screen_all
from app.insights.invariants import check_invariants
from app.insights.models import Proposal
from app.mainbrand.models import MainAccount, Purchase, RatingRun, RunState
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order, OrderLine, TermsVersion
from app.ordering.rules.states import OrderState
from app.payments.models import Payment
from app.settings import Settings
from app.staff.models import StaffMember
from app.tables import metadata
from tests import make

SMALL = Sizes(customers=3, bundles=50, orders=12, accounts=5)
ADMISSIONS = {
    "c@demo.example": Admission.ADMITTED,
    "c2@demo.example": Admission.ADMITTED,
    "a@demo.example": Admission.MAIN_BRAND,
    "b@demo.example": Admission.MAIN_BRAND,
    "review@demo.example": Admission.IN_REVIEW,
    "unverified@demo.example": Admission.UNVERIFIED,
    "suspended@demo.example": Admission.SUSPENDED,
    "upgraded@demo.example": Admission.MOVED_UP,
    "review2@demo.example": Admission.IN_REVIEW,
    "review3@demo.example": Admission.IN_REVIEW,
}


@pytest.fixture
def demo(database: Database, settings: Settings) -> dict[str, int]:
    return load_demo(database, settings, SMALL, seed=1)


def counted(session: Session, model: type[SQLModel]) -> int:
    return session.exec(select(func.count()).select_from(model)).one()


def all_rows(session: Session) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(str, session.execute(select(table)).all()))
        for table in metadata.sorted_tables
        if table.name != "catalogue_states"
    }


def test_each_log_in_stands_where_its_name_says(demo: dict[str, int], session: Session) -> None:
    answers = {
        email: admission_now(session, customer_id, contact_id=contact_id)
        for email, customer_id, contact_id in session.exec(
            select(Contact.email, Contact.customer_id, Contact.id).where(
                col(Contact.email).like("%@demo.example")
            )
        ).all()
    }

    assert answers == ADMISSIONS
    assert {persona.email for persona in PERSONAS} == set(ADMISSIONS)


def test_a_comparison_with_the_list_moves_nobody(
    database: Database, settings: Settings, session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=40, bundles=48, orders=12, accounts=400), seed=1)
    session.rollback()
    complete_keys(session)
    before = {customer.number: customer.screening for customer in session.exec(select(Customer))}
    session.rollback()

    done = screen_all(session, now=utc_now())

    session.rollback()
    assert {customer.number: customer.screening for customer in session.exec(select(Customer))} == before
    assert done.compared_count > 40


def test_no_log_in_is_tidied_away_for_weeks(demo: dict[str, int], session: Session) -> None:
    with transaction(session):
        count = forget_unconfirmed(session, now=utc_now() + timedelta(days=28))

    assert count == 0


def test_every_invariant_of_the_shop_holds(demo: dict[str, int], read_session: Session) -> None:
    assert check_invariants(read_session, now=utc_now()) == []


def test_a_second_run_keeps_every_row_as_it_is(
    demo: dict[str, int], database: Database, settings: Settings, read_session: Session
) -> None:
    before = all_rows(read_session)

    added = load_demo(database, settings, SMALL, seed=1)

    assert added == {}
    assert all_rows(read_session) == before


def test_the_demo_shows_a_rating_in_force_and_one_to_look_at(
    demo: dict[str, int], database: Database, settings: Settings, read_session: Session
) -> None:
    assert demo["purchases"] > 0

    rate_demo(database, settings)

    states = [run.state for run in read_session.exec(select(RatingRun).order_by(col(RatingRun.id)))]
    assert states == [RunState.APPLIED, RunState.PROPOSED]
    personas = read_session.exec(
        select(MainAccount.segment)
        .where(col(MainAccount.account_number).like("K-2%"))
        .order_by(col(MainAccount.id))
    ).all()
    assert {Segment.A, Segment.B, Segment.C} == set(personas)
    assert check_invariants(read_session, now=utc_now()) == []


def test_larger_sizes_add_what_is_missing(
    demo: dict[str, int], database: Database, settings: Settings, read_session: Session
) -> None:
    added = load_demo(database, settings, Sizes(customers=5, bundles=60, orders=20, accounts=9), seed=1)

    assert (added["customers"], added["bundles"], added["orders"], added["main_accounts"]) == (2, 10, 8, 4)
    assert counted(read_session, Listing) == 60
    assert check_invariants(read_session, now=utc_now()) == []


def test_new_rows_of_the_shop_get_free_numbers_after_the_demo(
    demo: dict[str, int], database: Database, settings: Settings, session: Session
) -> None:
    with transaction(session):
        made = make.main_account(session, account_number="K-new")

    assert made.id == demo["main_accounts"] + 1


def test_staff_sign_in_with_the_printed_secret(
    demo: dict[str, int], settings: Settings, read_session: Session
) -> None:
    secrets = demo_totp_secrets(read_session, secret_key=settings.secret_key.get_secret_value())

    members = {member.email: member for member in read_session.exec(select(StaffMember))}
    assert list(secrets) == [email for email, *_ in STAFF]
    assert len(set(secrets.values())) == len(STAFF)
    assert all(len(pyotp.TOTP(secret).now()) == 6 for secret in secrets.values())
    assert {email: member.role for email, member in members.items()} == {
        email: role for email, _, role, _ in STAFF
    }
    assert all(member.is_totp_confirmed for member in members.values())
    assert verify_password("schlicht-demo", members["admin@demo.example"].password_hash)


def test_the_demo_is_refused_in_production(database: Database, settings: Settings, session: Session) -> None:
    production = settings.model_copy(update={"env": "production"})

    with pytest.raises(Refused) as refused:
        load_demo(database, production, SMALL, seed=1)

    assert refused.value.code == "demo.not_allowed"
    assert counted(session, Customer) == 0


def test_the_first_log_in_has_dispatched_orders_and_one_to_dispatch(
    demo: dict[str, int], read_session: Session
) -> None:
    orders = read_session.exec(
        select(Order)
        .join(Contact, col(Contact.id) == col(Order.contact_id))
        .where(Contact.email == "c@demo.example")
    ).all()

    assert [order.state for order in sorted(orders, key=lambda order: order.placed_at)] == [
        *([OrderState.DISPATCHED] * 4),
        OrderState.ACCEPTED,
    ]
    payments = {payment.order_id: payment for payment in read_session.exec(select(Payment))}
    assert all(payments[order.id or 0].amount_cents == order.gross_cents for order in orders)
    assert all((payments[order.id or 0].session_id or "").startswith("demo_cs_") for order in orders)
    assert all(order.promised_on > order.placed_at.date() + timedelta(days=7) for order in orders)


def test_the_case_in_review_shows_a_likeness_to_a_main_account(
    demo: dict[str, int], read_session: Session
) -> None:
    screening, name = read_session.exec(
        select(Screening, Customer.company_name)
        .join(Customer, col(Customer.id) == col(Screening.customer_id))
        .join(Contact, col(Contact.customer_id) == col(Customer.id))
        .where(Contact.email == "review@demo.example")
    ).one()

    (match,) = screening.matches
    assert match["segment"] == "B"
    assert not match["is_hard"]
    assert [found["field"] for found in match["evidence"]] == ["phone", "name_and_postal_code", "address"]
    assert sum(found["points"] for found in match["evidence"]) == match["score"] == 99
    assert match["company_name"] != name


def test_every_bundle_earns_money_and_speaks_both_languages(
    demo: dict[str, int], read_session: Session
) -> None:
    costs = dict(
        read_session.exec(
            select(
                BundleItem.bundle_version_id,
                func.sum(BundleItem.quantity_milli * BundleItem.unit_cost_cents) / 1000,
            ).group_by(col(BundleItem.bundle_version_id))
        ).all()
    )
    versions = read_session.exec(select(BundleVersion)).all()

    assert counted(read_session, Bundle) == 54
    assert counted(read_session, Listing) == 50
    assert all(version.price_cents > costs[version.id or 0] for version in versions)
    assert all(
        version.text_de and version.text_en and version.text_de != version.text_en for version in versions
    )


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


@pytest.mark.parametrize("word", ["Treibriemen", "Einmalhandschuhe", "Putzlappen", "Glühbirne", "Batterie"])
def test_customers_find_more_by_a_word_that_staff_keep_as_a_synonym(
    demo: dict[str, int], read_session: Session, word: str
) -> None:
    kept = SearchMemory().current(read_session)

    with_synonyms = search(read_session, word, kept).hits.count
    without = search(read_session, word, replace(kept, synonyms=Synonyms())).hits.count

    assert with_synonyms > without


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


def test_the_terms_say_what_the_brand_leaves_out(demo: dict[str, int], read_session: Session) -> None:
    terms = read_session.exec(select(TermsVersion)).one()

    for word in (
        "§ 14 BGB",
        "§ 377 HGB",
        "Karte",
        "Mindermengenzuschlag",
        "gesetzlichen Rechte bei Mängeln bleiben",
    ):
        assert word in terms.text_de
    for word in (
        "section 14",
        "section 377",
        "card only",
        "low-quantity surcharge",
        "statutory rights in case of",
    ):
        assert word in terms.text_en
    assert terms.text_de.count("\n\n") == terms.text_en.count("\n\n")


def test_a_large_catalogue_has_a_large_store(
    database: Database, settings: Settings, read_session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=1, bundles=150, orders=0, accounts=1), seed=1)

    stocks = {block.sku: block.stock_milli for block in read_session.exec(select(Block))}
    assert stocks["ET-1001"] == 3 * 620_000
    assert stocks["ET-1014"] == 0
    assert check_invariants(read_session, now=utc_now()) == []


def test_the_main_brands_list_has_all_segments_in_a_large_demo(
    database: Database, settings: Settings, read_session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=1, bundles=45, orders=0, accounts=200), seed=1)

    segments = dict(
        read_session.exec(select(MainAccount.segment, func.count()).group_by(col(MainAccount.segment))).all()
    )
    assert segments[Segment.C] > segments[Segment.B] > segments[Segment.A] > 5
