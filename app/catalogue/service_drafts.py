"""Writing the draft version of a bundle, inside the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from app.audit.service import Actor
from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.queries_sizes import agreement_of
from app.catalogue.rules.agreements import Agreement, sizes_of
from app.catalogue.rules.drafts import LONGEST_SLUG
from app.catalogue.service import block_facts
from app.catalogue.service_publishing import back_to_draft, check_seen


def write_version(
    session: Session,
    bundle: Bundle,
    values: Mapping[str, Any],
    *,
    seen: str = "",
    actor: Actor,
    now: datetime,
) -> tuple[BundleVersion, dict[str, Any] | None]:
    """The unpublished version with new values, and the values before (None for a bundle's first version).

    A version in review or with a date is a draft again. Raises Refused where it was changed since it was `seen`.
    """
    newest = session.exec(
        select(BundleVersion)
        .where(col(BundleVersion.bundle_id) == bundle.id)
        .order_by(col(BundleVersion.version_number).desc())
        .limit(1)
    ).first()
    old = None
    if newest:
        check_seen(newest, seen)
        old = {name: getattr(newest, name) for name in values}
    if newest and newest.published_at is None:
        back_to_draft(newest)
        newest.sqlmodel_update(dict(values))
        newest.written_by, newest.revision = actor.name, newest.revision + 1
        return newest, old
    number = newest.version_number + 1 if newest else 1
    version = BundleVersion(
        bundle_id=bundle.id or 0, version_number=number, written_by=actor.name, created_at=now, **values
    )
    session.add(version)
    session.flush()
    return version, old


def write_items(
    session: Session, version: BundleVersion, items: Sequence[tuple[Block, int]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Gives an unpublished version these blocks in thousandths of their units; what it held before, and now.

    Its sizes become what they are with these blocks today.
    """
    is_of_version = col(BundleItem.bundle_version_id) == version.id
    old = _facts(list(session.exec(select(BundleItem).where(is_of_version).order_by(col(BundleItem.id)))))
    session.exec(delete(BundleItem).where(is_of_version))
    new = [
        BundleItem(
            bundle_version_id=version.id or 0,
            block_id=block.id or 0,
            quantity_milli=quantity_milli,
            **block_facts(block),
        )
        for block, quantity_milli in items
    ]
    session.add_all(new)
    write_sizes(version, items)
    return old, _facts(new)


def write_sizes(version: BundleVersion, parts: Iterable[tuple[Block, int]]) -> None:
    """Writes down in which sizes an unpublished version with these blocks would be sold now."""
    own = Agreement(version.own_minimum_quantity, version.own_order_step)
    sizes = sizes_of(own, agreement_of(parts))
    version.minimum_quantity, version.order_step = sizes.minimum_quantity, sizes.order_step


def free_slug(session: Session, wanted: str) -> str:
    """The address itself where no bundle has it, else with the first free number after it (`repair-kit-2`)."""
    stem = wanted[: LONGEST_SLUG - 8].rstrip("-")
    is_like = col(Bundle.slug).startswith(stem, autoescape=True)
    taken = set(session.exec(select(Bundle.slug).where(is_like)))
    number = 2
    slug = stem
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug


def _facts(items: Sequence[BundleItem]) -> list[dict[str, Any]]:
    return [{"sku": item.sku, "quantity_milli": item.quantity_milli} for item in items]
