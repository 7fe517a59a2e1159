"""Invariants of what is on sale: the list that customers browse and the frozen versions behind it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from sqlalchemy import text
from sqlmodel import Session

from app.catalogue.rules.agreements import BlockSizes, Sizes, sizes_of_bundle
from app.insights.findings import Invariant, rows_of

LISTED = text(
    "SELECT l.bundle_id, l.slug, l.minimum_quantity, l.order_step, v.own_minimum_quantity, v.own_order_step,"
    " i.quantity_milli, b.minimum_quantity_milli, b.order_step_milli FROM listings l"
    " JOIN bundle_versions v ON v.id = l.bundle_version_id"
    " JOIN bundle_items i ON i.bundle_version_id = l.bundle_version_id JOIN blocks b ON b.id = i.block_id"
    " ORDER BY l.bundle_id"
)


def _other_sizes(session: Session, _now: datetime) -> Iterator[tuple[object, str]]:
    """Each listing that is sold in other sizes than the agreements give, by the rule itself."""
    for bundle_id, group in groupby(session.execute(LISTED), key=lambda row: row.bundle_id):
        rows = list(group)
        first = rows[0]
        blocks = [
            BlockSizes(row.quantity_milli, row.minimum_quantity_milli, row.order_step_milli) for row in rows
        ]
        sizes = sizes_of_bundle(first, blocks)
        if sizes != Sizes(first.minimum_quantity, first.order_step):
            yield (
                bundle_id,
                f"Bundle {first.slug} is listed from {first.minimum_quantity} on in steps of {first.order_step};"
                f" its agreements say {sizes.minimum_quantity} and {sizes.order_step}.",
            )


CATALOGUE = (
    Invariant(
        "a_published_version_has_blocks",
        "A version that was ever published holds at least one block.",
        rows_of(
            "SELECT v.id, v.bundle_id, v.version_number FROM bundle_versions v WHERE v.published_at IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM bundle_items i WHERE i.bundle_version_id = v.id) ORDER BY v.id",
            "Version {version_number} of bundle {bundle_id} was published without a block.",
        ),
    ),
    Invariant(
        "a_published_bundle_sells_its_published_version",
        "A published bundle has a current version, its own and published.",
        rows_of(
            "SELECT b.id, b.slug FROM bundles b LEFT JOIN bundle_versions v ON v.id = b.current_version_id"
            " WHERE b.state = 'published' AND (v.id IS NULL OR v.bundle_id <> b.id OR v.published_at IS NULL)"
            " ORDER BY b.id",
            "Bundle {slug} is on sale without a published version of its own.",
        ),
    ),
    Invariant(
        "a_stage_tells_what_was_published",
        "A version is at the stage `published` exactly where it has the moment of it.",
        rows_of(
            "SELECT id, bundle_id, version_number, stage FROM bundle_versions"
            " WHERE (stage = 'published') <> (published_at IS NOT NULL) ORDER BY id",
            "Version {version_number} of bundle {bundle_id} is at the stage {stage}; its publication says otherwise.",
        ),
    ),
    Invariant(
        "a_date_for_publishing_is_kept",
        "A scheduled version has a date, which is not long past; only the newest version of a bundle has one.",
        rows_of(
            "SELECT v.id, v.bundle_id, v.version_number FROM bundle_versions v WHERE v.stage = 'scheduled'"
            " AND (v.publish_at IS NULL OR v.publish_at < :late OR EXISTS (SELECT 1 FROM bundle_versions n"
            " WHERE n.bundle_id = v.bundle_id AND n.version_number > v.version_number)) ORDER BY v.id",
            "Version {version_number} of bundle {bundle_id} has a date that nobody will keep.",
        ),
    ),
    Invariant(
        "nothing_dangerous_or_restricted_is_on_sale",
        "No bundle on sale holds a block that is dangerous or restricted.",
        rows_of(
            "SELECT DISTINCT b.id, b.slug, k.sku FROM bundles b"
            " JOIN bundle_items i ON i.bundle_version_id = b.current_version_id JOIN blocks k ON k.id = i.block_id"
            " WHERE b.state = 'published' AND (k.is_hazardous OR k.is_restricted) ORDER BY b.id, k.sku",
            "Bundle {slug} is on sale with block {sku}, which is dangerous or restricted.",
        ),
    ),
    Invariant(
        "the_list_is_what_is_published",
        "The list holds exactly the published bundles.",
        rows_of(
            "SELECT b.id, b.slug, b.state, CASE WHEN l.bundle_id IS NULL THEN 'not in' ELSE 'in' END AS place"
            " FROM bundles b LEFT JOIN listings l ON l.bundle_id = b.id"
            " WHERE (b.state = 'published') <> (l.bundle_id IS NOT NULL) ORDER BY b.id",
            "Bundle {slug} is {state} and {place} the list.",
        ),
    ),
    Invariant(
        "the_list_says_what_the_version_says",
        "Each place of the list shows its bundle's current version: price, maximum, names, category, pictogram.",
        rows_of(
            "SELECT b.id, b.slug FROM listings l JOIN bundles b ON b.id = l.bundle_id"
            " JOIN bundle_versions v ON v.id = l.bundle_version_id"
            " WHERE b.current_version_id IS NULL OR l.bundle_version_id <> b.current_version_id"
            " OR l.slug <> b.slug OR l.price_cents <> v.price_cents OR l.kind <> v.kind"
            " OR l.name_de <> v.name_de OR l.name_en <> v.name_en OR l.pictogram <> v.pictogram"
            " OR coalesce(l.category_id, 0) <> coalesce(v.category_id, 0)"
            " OR coalesce(l.maximum_quantity, 0) <> coalesce(v.maximum_quantity, 0) ORDER BY b.id",
            "The list shows something else of bundle {slug} than its current version says.",
        ),
    ),
    Invariant(
        "the_list_sells_in_todays_sizes",
        "Minimum quantity and order step of each place are its bundle's own, else those of its blocks today.",
        _other_sizes,
    ),
    Invariant(
        "an_exception_says_something_for_a_while",
        "An exception of sizes names a minimum or a step, and ends after it began and not after its last day.",
        rows_of(
            "SELECT id, customer_id, bundle_id FROM agreements WHERE (minimum_quantity IS NULL AND order_step IS NULL)"
            " OR ends_at <= created_at OR ended_at < created_at OR ended_at > ends_at ORDER BY id",
            "Exception {id} of customer {customer_id} for bundle {bundle_id} says nothing, or ended before it began.",
        ),
    ),
    Invariant(
        "the_list_has_no_gap",
        "Positions are 1, 2, 3 … over all and within each kind.",
        rows_of(
            "SELECT bundle_id AS id, slug, position, kind_position FROM (SELECT bundle_id, slug, position,"
            " kind_position, row_number() OVER (ORDER BY position, bundle_id) AS place,"
            " row_number() OVER (PARTITION BY kind ORDER BY kind_position, bundle_id) AS kind_place"
            " FROM listings) AS s WHERE position <> place OR kind_position <> kind_place ORDER BY position, 1",
            "Bundle {slug} has position {position} over all and {kind_position} in its kind: there is a gap"
            " or a double before it.",
        ),
    ),
)
"""All invariants of the catalogue."""
