"""Blocks and bundles as staff write and publish them, through the flows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.rules.blocks import BlockEntry
from app.catalogue.rules.kinds import Kind
from app.flows.publish_bundle import publish_bundle
from app.flows.save_block import save_block
from app.flows.save_bundle import save_bundle

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAFF = Actor(ActorKind.STAFF, "Olga Opera", 1)


def block(
    session: Session,
    *,
    sku: str = "ET-1001",
    block_id: int | None = None,
    names: Mapping[str, str] | None = None,
    now: datetime = NOW,
    **changes: Any,
) -> int:
    """A building block, new or changed; `names` are keyed by language. Returns its id."""
    named = {f"name_{language}": name for language, name in (names or {}).items()}
    written = entry(sku=sku, **named, **changes)
    return save_block(session, written, block_id=block_id, actor=STAFF, now=now).block_id


def entry(*, sku: str = "ET-1001", **changes: Any) -> BlockEntry:
    """What staff write about a block."""
    values: dict[str, Any] = {
        "name_de": "Rillenkugellager 6204-2RS",
        "name_en": "Deep groove ball bearing 6204-2RS",
        "kind": Kind.SPARE_PART,
        "unit_code": "C62",
        "unit_cost_cents": 200,
        "main_brand_price_cents": 500,
        "main_brand_lead_time_days": 2,
        "vat_rate_bp": 1900,
    }
    return BlockEntry(sku=sku, **values | changes)


def draft_bundle(
    session: Session,
    *,
    slug: str = "lager-satz",
    names: Mapping[str, str] | None = None,
    items: Sequence[tuple[int, int]] | None = None,
    now: datetime = NOW,
    **changes: Any,
) -> int:
    """A bundle that nobody sees yet, with one block of its own unless `items` (block id, whole units) names some.

    Returns its id.
    """
    values: dict[str, Any] = {
        "texts": {"de": "Für die Wartung.", "en": "For maintenance."},
        "kind": Kind.SPARE_PART,
        "price_cents": 2_990,
        "minimum_quantity": 1,
        "order_step": 1,
        "actor": STAFF,
    }
    parts = [(block(session, sku=f"B-{slug}"[:64]), 4)] if items is None else items
    return save_bundle(
        session,
        slug=slug,
        names=names or {"de": f"Satz {slug}", "en": f"Set {slug}"},
        items=[(block_id, count * 1000) for block_id, count in parts],
        now=now,
        **values | changes,
    )


def bundle(session: Session, *, slug: str = "lager-satz", now: datetime = NOW, **changes: Any) -> int:
    """A bundle on sale; returns its id."""
    bundle_id = draft_bundle(session, slug=slug, now=now, **changes)
    publish_bundle(session, bundle_id, actor=STAFF, now=now)
    return bundle_id
