"""Staff write a bundle: its draft version with texts, price, sizes and blocks, and its picture."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, Bundle, BundleImage, BundleVersion, Category, Listing
from app.catalogue.queries_sizes import agreement_of
from app.catalogue.rules.agreements import Agreement, sizes_of
from app.catalogue.rules.drafts import draft_faults, merged, order_fault
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.rules.pictures import CONTENT_TYPE, NotAPicture, clean_picture
from app.catalogue.rules.stages import is_before_review
from app.catalogue.rules.units import has_decimals
from app.catalogue.service import touch_catalogue
from app.catalogue.service_blocks import keep_blocks
from app.catalogue.service_drafts import write_items, write_version
from app.catalogue.service_publishing import locked_bundle, newest_version
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.i18n import LANGUAGES
from app.core.transaction import transaction
from app.policy.queries import current_policy
from app.policy.rules.policy import PublishingApproval

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
    purposes: Mapping[str, str] = MappingProxyType({}),
    kind: Kind,
    category_id: int | None = None,
    pictogram: str = "",
    price_cents: int,
    minimum_quantity: int | None,
    order_step: int | None,
    maximum_quantity: int | None = None,
    items: Sequence[tuple[int, int]],
    actor: Actor,
    now: datetime,
    seen: str = "",
    unread: Sequence[FieldError] = (),
) -> int:
    """Writes a bundle's draft version (a new one where the newest is published); returns the bundle's id.

    `names`, `texts` and `purposes` are keyed by language, `items` are (block id, thousandths of its unit). Minimum
    quantity and order step are the bundle's own, None where it inherits what its blocks say.
    `unread` are faults of the form itself: they are told together with those that are found here. Customers see
    nothing of it before `publish_bundle`; a version in review or with a date is a draft again. Raises Invalid
    with a fault per field, NotFound for an unknown bundle, Refused where it was changed since it was `seen`.
    """
    values: dict[str, Any] = {
        **{f"name_{language}": names.get(language, "").strip() for language in LANGUAGES},
        **{f"text_{language}": texts.get(language, "").strip() for language in LANGUAGES},
        **{f"purpose_{language}": purposes.get(language, "").strip() for language in LANGUAGES},
        "kind": kind,
        "category_id": category_id,
        "pictogram": pictogram,
        "price_cents": price_cents,
        "own_minimum_quantity": minimum_quantity,
        "own_order_step": order_step,
        "maximum_quantity": maximum_quantity,
    }
    faults = [*unread, *draft_faults(slug, values, items)]
    with transaction(session):
        blocks = keep_blocks(session, [block_id for block_id, _ in items])
        bundle = None if bundle_id is None else locked_bundle(session, bundle_id)
        faults += _stored_faults(session, bundle, slug, category_id, items, blocks)
        parts = [(blocks[block_id], milli) for block_id, milli in items if block_id in blocks]
        faults += [] if faults else _unorderable(values, parts)
        if faults:
            raise _invalid(*merged(faults))
        if bundle is None:
            bundle = Bundle(slug=slug, created_at=now)
            session.add(bundle)
            session.flush()
        version, old = write_version(session, bundle, values, seen=seen, actor=actor, now=now)
        bundle.slug = slug
        old_items, new_items = write_items(session, version, parts)
        record(
            session,
            actor,
            action="bundle.saved",
            object_kind="bundle",
            object_id=bundle.id,
            object_name=values["name_de"],
            now=now,
            old=old | {"items": old_items} if old else None,
            new=values | {"slug": bundle.slug, "items": new_items},
        )
        return bundle.id or 0


def set_image(
    session: Session,
    bundle_id: int,
    content: bytes | None,
    *,
    actor: Actor,
    now: datetime,
    may_approve: bool = False,
) -> None:
    """Gives a bundle a picture (re-encoded, see `clean_picture`), or takes it away where `content` is None.

    A picture belongs to no version: customers see it at once. Raises Invalid for what is no picture or too large,
    NotFound for an unknown bundle; Refused `bundle.picture_needs_approver` where the policy wants a second person,
    the bundle was on sale or submitted, and who acts is not one who `may_approve`.
    """
    try:
        # Decoding takes its time and needs no row: it happens before the write lock is taken.
        cleaned = None if content is None else clean_picture(content)
    except NotAPicture as error:
        raise _invalid(FieldError("image", PICTURE_FAULTS[str(error)])) from error
    with transaction(session):
        touch_catalogue(session)
        bundle = locked_bundle(session, bundle_id)
        if not may_approve and picture_needs_approver(session, bundle, newest_version(session, bundle_id)):
            raise Refused(
                N_(
                    "This bundle was on sale or submitted for review: only a person who may approve bundles can "
                    "change its picture now."
                ),
                code="bundle.picture_needs_approver",
            )
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


def picture_needs_approver(session: Session, bundle: Bundle, version: BundleVersion) -> bool:
    """Whether only a person who may approve changes the picture: two are wanted, and it is past its first draft."""
    is_two = current_policy(session).publishing_approval is PublishingApproval.TWO
    return is_two and not is_before_review(bundle.state, version.stage)


def _stored_faults(
    session: Session,
    bundle: Bundle | None,
    slug: str,
    category_id: int | None,
    items: Sequence[tuple[int, int]],
    blocks: Mapping[int, Block],
) -> Iterator[FieldError]:
    """What is wrong only beside what is stored. A slug that was public never changes."""
    taken = session.exec(select(Bundle.id).where(col(Bundle.slug) == slug)).first()
    if taken is not None and (bundle is None or taken != bundle.id):
        yield FieldError("slug", N_("Another bundle has this address already."))
    if bundle and bundle.slug != slug and bundle.state is not BundleState.DRAFT:
        yield FieldError("slug", N_("The address of a bundle that was published stays as it is."))
    # Locked, so that it is not deleted before the version that stands in it is written.
    known = select(Category.id).where(col(Category.id) == category_id).with_for_update(read=True)
    if category_id is not None and session.exec(known).first() is None:
        yield FieldError("category_id", N_("Please choose one of the offered values."))
    for block_id, quantity_milli in items:
        block = blocks.get(block_id)
        if block is None:
            yield FieldError("items", N_("Please choose blocks from the list."))
        elif quantity_milli % 1000 and not has_decimals(block.unit_code):
            message = N_("%(sku)s comes in whole numbers only. Please enter one.")
            yield FieldError("items", message, {"sku": block.sku})


def _unorderable(values: Mapping[str, Any], parts: Sequence[tuple[Block, int]]) -> list[FieldError]:
    own = Agreement(values["own_minimum_quantity"], values["own_order_step"])
    fault = order_fault(sizes_of(own, agreement_of(parts)), values["maximum_quantity"])
    return [fault] if fault else []


def _keep(session: Session, content: bytes, *, now: datetime) -> int:
    image = BundleImage(
        content_type=CONTENT_TYPE, content=content, sha256=hashlib.sha256(content).hexdigest(), created_at=now
    )
    session.add(image)
    session.flush()
    return image.id or 0


def _invalid(*faults: FieldError) -> Invalid:
    return Invalid(N_("Please check the entries."), code="bundle.invalid", fields=faults)
