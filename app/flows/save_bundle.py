"""Staff write a bundle: its draft version with texts, price, sizes and blocks, and its picture."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, Bundle, BundleImage, BundleItem, BundleVersion, Listing
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.rules.pictures import CONTENT_TYPE, NotAPicture, clean_picture
from app.catalogue.service import block_facts, touch_catalogue
from app.catalogue.service_publishing import back_to_draft, check_seen
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.i18n import LANGUAGES
from app.core.transaction import transaction

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
GREATEST_PRICE_CENTS = 100_000_000
GREATEST_SIZE = 9_999
MOST_ITEMS = 50
PICTURE_FAULTS = {
    "too_large": N_("Please use a picture of at most 8 MB and 40 megapixels."),
    "unreadable": N_("Please use a picture in PNG, JPEG or WebP format."),
}


def save_bundle(
    session: Session,
    *,
    bundle_id: int | None = None,
    slug: str,
    names: Mapping[str, str],
    texts: Mapping[str, str],
    kind: Kind,
    price_cents: int,
    minimum_quantity: int,
    order_step: int,
    items: Sequence[tuple[int, int]],
    actor: Actor,
    now: datetime,
    seen: str = "",
) -> int:
    """Writes a bundle's draft version (a new one where the newest is published); returns the bundle's id.

    `names` and `texts` are keyed by language, `items` are (block id, thousandths of its unit). Customers see
    nothing of it before `publish_bundle`; a version in review or with a date is a draft again. Raises Invalid
    with a fault per field, NotFound for an unknown bundle, Refused where it was changed since it was `seen`.
    """
    values: dict[str, Any] = {
        "name_de": names.get("de", "").strip(),
        "name_en": names.get("en", "").strip(),
        "text_de": texts.get("de", "").strip(),
        "text_en": texts.get("en", "").strip(),
        "kind": kind,
        "price_cents": price_cents,
        "minimum_quantity": minimum_quantity,
        "order_step": order_step,
    }
    faults = _faults(slug, values, items)
    if faults:
        raise _invalid(*faults)
    with transaction(session):
        bundle = _bundle(session, bundle_id, slug=slug, now=now)
        blocks = _blocks(session, items)
        version, old = _draft(session, bundle, values, seen=seen, actor=actor, now=now)
        new_items = [_item(version, blocks[block_id], quantity_milli) for block_id, quantity_milli in items]
        old_items = _replace_items(session, version, new_items)
        record(
            session,
            actor,
            action="bundle.saved",
            object_kind="bundle",
            object_id=bundle.id,
            object_name=values["name_de"],
            now=now,
            old=old | {"items": old_items} if old else None,
            new=values | {"slug": bundle.slug, "items": _facts(new_items)},
        )
        return bundle.id or 0


def set_image(
    session: Session, bundle_id: int, content: bytes | None, *, actor: Actor, now: datetime
) -> None:
    """Gives a bundle a picture (re-encoded, see `clean_picture`), or takes it away where `content` is None.

    Raises Invalid for what is no picture or too large, NotFound for an unknown bundle.
    """
    try:
        # Decoding takes its time and needs no row: it happens before the write lock is taken.
        cleaned = None if content is None else clean_picture(content)
    except NotAPicture as error:
        raise _invalid(FieldError("image", PICTURE_FAULTS[str(error)])) from error
    with transaction(session):
        touch_catalogue(session)
        bundle = _find(session, bundle_id)
        had_image = bundle.image_id is not None
        bundle.image_id = _keep(session, cleaned, now=now) if cleaned else None
        listing = session.get(Listing, bundle.id)
        if listing:
            listing.has_image = cleaned is not None
        record(
            session,
            actor,
            action="bundle.image_set" if cleaned else "bundle.image_removed",
            object_kind="bundle",
            object_id=bundle.id,
            object_name=bundle.slug,
            now=now,
            old={"has_image": had_image},
            new={"has_image": cleaned is not None, "bytes": len(cleaned or b"")},
        )


def _faults(slug: str, values: Mapping[str, Any], items: Sequence[tuple[int, int]]) -> list[FieldError]:
    faults = []
    if not SLUG.fullmatch(slug) or len(slug) > 120:
        faults.append(
            FieldError("slug", N_("Please use small letters, digits and hyphens, such as repair-kit-12."))
        )
    for language in LANGUAGES:
        if not 1 <= len(values[f"name_{language}"]) <= 200:
            faults.append(FieldError(f"name_{language}", N_("Please give a name of at most 200 characters.")))
        if len(values[f"text_{language}"]) > 4000:
            faults.append(FieldError(f"text_{language}", N_("Please use at most 4,000 characters.")))
    if not 1 <= values["price_cents"] <= GREATEST_PRICE_CENTS:
        faults.append(FieldError("price_cents", N_("Please enter a net price above zero.")))
    for field in ("minimum_quantity", "order_step"):
        if not 1 <= values[field] <= GREATEST_SIZE:
            faults.append(FieldError(field, N_("Please enter a whole number from 1 to 9,999.")))
    faults += _item_faults(items)
    return faults


def _item_faults(items: Sequence[tuple[int, int]]) -> list[FieldError]:
    if len(items) > MOST_ITEMS:
        return [FieldError("items", N_("A bundle holds at most 50 blocks."))]
    if len({block_id for block_id, _ in items}) != len(items):
        return [FieldError("items", N_("Please name each block once, with its whole quantity."))]
    if any(not 1 <= quantity_milli <= GREATEST_SIZE * 1000 for _, quantity_milli in items):
        return [FieldError("items", N_("Please enter a whole number from 1 to 9,999 for each block."))]
    return []


def _bundle(session: Session, bundle_id: int | None, *, slug: str, now: datetime) -> Bundle:
    """The bundle to write to, locked; a new one without an id. A slug that was public never changes."""
    taken = session.exec(select(Bundle.id).where(col(Bundle.slug) == slug)).first()
    if taken is not None and taken != bundle_id:
        raise _invalid(FieldError("slug", N_("Another bundle has this address already.")))
    if bundle_id is None:
        bundle = Bundle(slug=slug, created_at=now)
        session.add(bundle)
        session.flush()
        return bundle
    bundle = _find(session, bundle_id)
    if bundle.slug != slug and bundle.state is not BundleState.DRAFT:
        raise _invalid(FieldError("slug", N_("The address of a bundle that was published stays as it is.")))
    bundle.slug = slug
    return bundle


def _find(session: Session, bundle_id: int) -> Bundle:
    bundle = session.exec(select(Bundle).where(col(Bundle.id) == bundle_id).with_for_update()).first()
    if bundle is None:
        raise NotFound(N_("There is no such bundle."), code="bundle.not_found")
    return bundle


def _blocks(session: Session, items: Sequence[tuple[int, int]]) -> dict[int, Block]:
    wanted = {block_id for block_id, _ in items}
    blocks = {block.id or 0: block for block in session.exec(select(Block).where(col(Block.id).in_(wanted)))}
    if wanted - set(blocks):
        raise _invalid(FieldError("items", N_("Please choose blocks from the list.")))
    return blocks


def _draft(
    session: Session, bundle: Bundle, values: dict[str, Any], *, seen: str, actor: Actor, now: datetime
) -> tuple[BundleVersion, dict[str, Any] | None]:
    """The unpublished version with the new values, and the values before (None for the first)."""
    newest = session.exec(
        select(BundleVersion)
        .where(col(BundleVersion.bundle_id) == bundle.id)
        .order_by(col(BundleVersion.version_number).desc())
        .limit(1)
    ).first()
    if newest:
        check_seen(newest, seen)
    old = {name: getattr(newest, name) for name in values} if newest else None
    if newest and newest.published_at is None:
        back_to_draft(newest)
        newest.sqlmodel_update(values)
        newest.written_by, newest.revision = actor.name, newest.revision + 1
        return newest, old
    number = newest.version_number + 1 if newest else 1
    version = BundleVersion(
        bundle_id=bundle.id or 0, version_number=number, written_by=actor.name, created_at=now, **values
    )
    session.add(version)
    session.flush()
    return version, old


def _item(version: BundleVersion, block: Block, quantity_milli: int) -> BundleItem:
    return BundleItem(
        bundle_version_id=version.id or 0,
        block_id=block.id or 0,
        quantity_milli=quantity_milli,
        **block_facts(block),
    )


def _replace_items(
    session: Session, version: BundleVersion, new_items: Sequence[BundleItem]
) -> list[dict[str, Any]]:
    is_of_version = col(BundleItem.bundle_version_id) == version.id
    old = list(session.exec(select(BundleItem).where(is_of_version).order_by(col(BundleItem.id))))
    facts = _facts(old)
    session.exec(delete(BundleItem).where(is_of_version))
    session.add_all(new_items)
    return facts


def _facts(items: Sequence[BundleItem]) -> list[dict[str, Any]]:
    return [{"sku": item.sku, "quantity_milli": item.quantity_milli} for item in items]


def _keep(session: Session, content: bytes, *, now: datetime) -> int:
    image = BundleImage(
        content_type=CONTENT_TYPE, content=content, sha256=hashlib.sha256(content).hexdigest(), created_at=now
    )
    session.add(image)
    session.flush()
    return image.id or 0


def _invalid(*faults: FieldError) -> Invalid:
    return Invalid(N_("Please check the entries."), code="bundle.invalid", fields=faults)
