"""The list that customers browse: dense positions, versions, and frozen bundles."""

import random

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, delete, select, update

from app.catalogue.models import Bundle, BundleItem, BundleVersion, CatalogueState, Listing
from app.catalogue.queries import listing_cards, listing_counts, listing_page
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.service import publish_all_drafts, rebuild_listings
from app.core.transaction import transaction
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from tests.catalogue import written

NAMES = [
    "Schraube M10",
    "Schraube M8",
    "Ölfilter",
    "Oberteil",
    "Zange",
    "a b",
    "ab",
    "Schraube M8",
    "Ösen",
    "Lager 6204",
]


def rows(session: Session) -> list[dict[str, object]]:
    session.rollback()
    found = session.exec(select(Listing).order_by(col(Listing.position)))
    return [listing.model_dump() for listing in found]


def catalogue_version(session: Session) -> int:
    session.rollback()
    return session.exec(select(CatalogueState.version)).one()


def publish_many(session: Session) -> list[int]:
    block_id = written.block(session)
    return [
        written.bundle(
            session,
            slug=f"b-{number}",
            names={"de": name, "en": name},
            items=[(block_id, 1)],
            kind=[Kind.SPARE_PART, Kind.CONSUMABLE][number % 2],
        )
        for number, name in enumerate(NAMES)
    ]


def test_bundles_are_listed_by_name_with_dense_positions_over_all_and_per_kind(session: Session) -> None:
    publish_many(session)

    listed = rows(session)

    assert [row["name_de"] for row in listed] == [
        "a b", "ab", "Lager 6204", "Oberteil", "Ölfilter", "Ösen",
        "Schraube M8", "Schraube M8", "Schraube M10", "Zange",
    ]  # fmt: skip
    assert [row["position"] for row in listed] == list(range(1, 11))
    for kind in (Kind.SPARE_PART, Kind.CONSUMABLE):
        assert [row["kind_position"] for row in listed if row["kind"] == kind] == [1, 2, 3, 4, 5]


def test_publishing_one_by_one_and_rebuilding_give_the_same_list(session: Session) -> None:
    bundle_ids = publish_many(session)
    for bundle_id in random.Random(7).sample(bundle_ids, 4):
        retire_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)
    before = rows(session)

    with transaction(session):
        count = rebuild_listings(session)

    assert count == len(before) == 6
    assert rows(session) == before


def test_a_new_version_with_another_name_and_kind_moves_the_bundle(session: Session) -> None:
    bundle_ids = publish_many(session)
    written.draft_bundle(
        session,
        bundle_id=bundle_ids[4],
        slug="b-4",
        names={"de": "Aalreuse", "en": "Eel trap"},
        items=[(1, 2)],
        kind=Kind.SERVICE,
    )
    assert rows(session)[-1]["name_de"] == "Zange"

    publish_bundle(session, bundle_ids[4], actor=written.STAFF, now=written.NOW)

    listed = rows(session)
    assert [row["position"] for row in listed] == list(range(1, 11))
    assert (listed[1]["name_de"], listed[1]["kind"], listed[1]["kind_position"]) == (
        "Aalreuse",
        Kind.SERVICE,
        1,
    )
    spare_parts = [row["kind_position"] for row in listed if row["kind"] == Kind.SPARE_PART]
    assert spare_parts == [1, 2, 3, 4]


def test_pages_and_counts_come_from_the_positions(session: Session) -> None:
    publish_many(session)

    counts = listing_counts(session)
    page = listing_page(session, language="en", kind=Kind.CONSUMABLE, page=1)

    assert (counts.total, dict(counts.of_kind)) == (10, {Kind.SPARE_PART: 5, Kind.CONSUMABLE: 5})
    assert [card.name for card in page] == ["a b", "Lager 6204", "Oberteil", "Schraube M8", "Schraube M8"]
    assert listing_page(session, language="de", kind=None, page=2) == []
    ids = [page[3].bundle_id, page[0].bundle_id, 999]
    assert [card.bundle_id for card in listing_cards(session, ids, language="de")] == ids[:2]


def test_an_empty_catalogue_counts_zero(session: Session) -> None:
    counts = listing_counts(session)

    assert (counts.total, dict(counts.of_kind)) == (0, {})


def test_the_catalogue_gets_a_new_version_whenever_customers_would_see_a_change(session: Session) -> None:
    start = catalogue_version(session)

    bundle_id = written.draft_bundle(session)
    assert catalogue_version(session) == start
    publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)
    assert catalogue_version(session) == start + 1
    retire_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)
    assert catalogue_version(session) == start + 2


def test_all_drafts_can_be_published_at_once(session: Session) -> None:
    block_id = written.block(session)
    for number in range(3):
        written.draft_bundle(session, slug=f"b-{number}", items=[(block_id, 1)])

    with transaction(session):
        count = publish_all_drafts(session, now=written.NOW)

    assert count == 3
    assert [row["slug"] for row in rows(session)] == ["b-0", "b-1", "b-2"]
    assert set(session.exec(select(Bundle.state))) == {BundleState.PUBLISHED}
    assert None not in set(session.exec(select(BundleVersion.published_at)))


@pytest.mark.parametrize(
    "statement",
    [
        update(BundleVersion).values(price_cents=1),
        update(BundleVersion).values(published_at=None),
        delete(BundleVersion),
        update(BundleItem).values(quantity_milli=99),
        delete(BundleItem),
    ],
)
def test_the_database_itself_keeps_a_published_version_as_it_was(session: Session, statement: object) -> None:
    written.bundle(session)

    with pytest.raises(DBAPIError, match="frozen"), transaction(session):
        session.exec(statement)  # type: ignore[call-overload]

    assert session.exec(select(BundleVersion.price_cents)).all() == [2_990]
    assert session.exec(select(BundleItem.quantity_milli)).all() == [4_000]


def test_the_database_lets_no_block_into_a_published_version(session: Session) -> None:
    written.bundle(session)
    other = written.block(session, sku="ET-2")
    item = session.exec(select(BundleItem)).one().model_dump(exclude={"id"}) | {"block_id": other}
    session.rollback()

    with pytest.raises(DBAPIError, match="frozen"), transaction(session):
        session.add(BundleItem(**item))
