"""Staff make a bundle from another one: a new draft with its values, blocks and picture."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, Bundle, BundleItem
from app.catalogue.rules.changes import FIELDS
from app.catalogue.service_blocks import keep_blocks_of_bundle
from app.catalogue.service_drafts import free_slug, write_items, write_version
from app.catalogue.service_publishing import locked_bundle, newest_version
from app.core.transaction import transaction

COPY_OF = {"de": "Kopie von {}", "en": "Copy of {}"}
LONGEST_NAME = 200


def duplicate_bundle(session: Session, bundle_id: int, *, actor: Actor, now: datetime) -> int:
    """A new bundle, a draft named as a copy of the newest version; returns its id. Raises NotFound."""
    with transaction(session):
        keep_blocks_of_bundle(session, bundle_id)
        source = locked_bundle(session, bundle_id)
        version = newest_version(session, bundle_id)
        values = {field: getattr(version, field) for field in FIELDS}
        for language, copy_of in COPY_OF.items():
            values[f"name_{language}"] = copy_of.format(values[f"name_{language}"])[:LONGEST_NAME].rstrip()
        slug = free_slug(session, f"{source.slug}-copy")
        made = Bundle(slug=slug, image_id=source.image_id, created_at=now)
        session.add(made)
        session.flush()
        draft, _ = write_version(session, made, values, actor=actor, now=now)
        parts = session.exec(
            select(Block, BundleItem.quantity_milli)
            .join(BundleItem, col(BundleItem.block_id) == col(Block.id))
            .where(col(BundleItem.bundle_version_id) == version.id)
            .order_by(col(BundleItem.id))
        ).all()
        _, items = write_items(session, draft, parts)
        record(
            session,
            actor,
            action="bundle.duplicated",
            object_kind="bundle",
            object_id=made.id,
            object_name=draft.name_de,
            now=now,
            new={
                "from": source.slug,
                "slug": made.slug,
                "version_number": version.version_number,
                "items": items,
            },
        )
        return made.id or 0
