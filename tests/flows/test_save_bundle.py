"""Staff write, publish, change and retire bundles."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import Bundle, BundleImage, BundleItem, BundleVersion, Listing
from app.catalogue.queries import published_bundle
from app.catalogue.rules.kinds import BundleState, Source
from app.catalogue.service_blocks import lock_block
from app.catalogue.service_margins import refresh_margins
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows.duplicate_bundle import duplicate_bundle
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from app.flows.review_bundle import submit_for_review
from app.flows.save_bundle import set_image
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, PublishingApproval, to_values
from tests import make
from tests.catalogue import written
from tests.flows.shelf import wait_until_somebody_waits


def actions(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(target, "PNG")
    return target.getvalue()


def pictured(session: Session) -> dict[str, int | None]:
    """The picture of each bundle, by slug."""
    session.rollback()
    return dict(session.exec(select(Bundle.slug, Bundle.image_id)).all())


def test_a_draft_is_written_in_place_until_it_is_published(session: Session) -> None:
    bundle_id = written.draft_bundle(session)
    written.draft_bundle(session, bundle_id=bundle_id, items=[(1, 7)], price_cents=1_990)

    version = session.exec(select(BundleVersion)).one()
    item = session.exec(select(BundleItem)).one()

    assert (version.version_number, version.price_cents, item.quantity_milli) == (1, 1_990, 7_000)
    assert actions(session) == ["block.saved", "bundle.saved", "bundle.saved"]


def test_a_change_of_a_published_bundle_waits_in_a_new_version(session: Session) -> None:
    bundle_id = written.bundle(session)
    written.draft_bundle(session, bundle_id=bundle_id, items=[(1, 7)], price_cents=1_990)
    session.rollback()
    before = published_bundle(session, "lager-satz", language="de")

    publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)

    session.rollback()
    after = published_bundle(session, "lager-satz", language="de")
    assert (before.price_cents, before.contents[0].quantity_milli) == (2_990, 4_000)
    assert (after.price_cents, after.contents[0].quantity_milli) == (1_990, 7_000)
    assert list(session.exec(select(BundleVersion.version_number))) == [1, 2]


def test_publishing_takes_the_blocks_present_facts_and_keeps_them(session: Session) -> None:
    bundle_id = written.draft_bundle(session)
    block: dict[str, Any] = {"sku": "B-lager-satz", "main_brand_lead_time_days": 9, "unit_cost_cents": 333}
    written.block(session, block_id=1, **block)
    publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)
    written.block(session, block_id=1, **(block | {"main_brand_lead_time_days": 30}))

    session.rollback()
    item = session.exec(select(BundleItem)).one()
    listing = session.exec(select(Listing)).one()

    assert (item.main_brand_lead_time_days, item.unit_cost_cents) == (9, 333)
    # What is promised follows the main brand where it takes longer by now (tests/flows/test_lead_times.py).
    assert listing.main_brand_lead_time_days == 30


def test_publishing_twice_is_publishing_once(session: Session) -> None:
    bundle_id = written.bundle(session)

    publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)

    assert actions(session).count("bundle.published") == 1


def test_a_retired_bundle_is_gone_and_can_come_back(session: Session) -> None:
    bundle_id = written.bundle(session)
    retire_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW, reason="no demand")
    retire_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)
    session.rollback()
    with pytest.raises(NotFound):
        published_bundle(session, "lager-satz", language="de")
    assert actions(session).count("bundle.retired") == 1

    publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)

    session.rollback()
    assert published_bundle(session, "lager-satz", language="de").price_cents == 2_990
    assert session.exec(select(Bundle.state)).one() is BundleState.PUBLISHED


@pytest.mark.parametrize("is_commission, code", [(False, "bundle.empty"), (True, "bundle.commission_only")])
def test_what_cannot_be_sold_is_not_published(session: Session, is_commission: bool, code: str) -> None:
    items = [(written.block(session, source=Source.COMMISSION), 1)] if is_commission else []
    bundle_id = written.draft_bundle(session, items=items)

    with pytest.raises(Refused) as refused:
        publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)

    session.rollback()
    assert refused.value.code == code
    assert session.exec(select(Bundle.state)).one() is BundleState.DRAFT
    assert session.exec(select(Listing)).all() == []
    assert "bundle.published" not in actions(session)


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"slug": "Groß"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"names": {"de": "Nur deutsch", "en": " "}}, "name_en"),
        ({"texts": {"de": "x" * 4001, "en": ""}}, "text_de"),
        ({"price_cents": 0}, "price_cents"),
        ({"minimum_quantity": 0}, "minimum_quantity"),
        ({"order_step": -1}, "order_step"),
        ({"items": [(1, 0)]}, "items"),
        ({"items": [(1, 1), (1, 2)]}, "items"),
        ({"items": [(999, 1)]}, "items"),
    ],
)
def test_each_wrong_entry_is_named_and_nothing_is_written(
    session: Session, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        written.draft_bundle(session, **({"items": []} | changes))

    session.rollback()
    assert [fault.field for fault in invalid.value.fields] == [field]
    assert session.exec(select(Bundle)).all() == []
    assert actions(session) == []


def test_a_taken_address_is_refused_and_a_public_one_never_changes(session: Session) -> None:
    first = written.bundle(session)
    written.draft_bundle(session, slug="zweites")

    with pytest.raises(Invalid):
        written.draft_bundle(session, slug="lager-satz", items=[])
    with pytest.raises(Invalid):
        written.draft_bundle(session, bundle_id=first, slug="umbenannt", items=[])

    session.rollback()
    assert sorted(session.exec(select(Bundle.slug))) == ["lager-satz", "zweites"]


def test_a_bundle_that_does_not_exist_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        publish_bundle(session, 99, actor=written.STAFF, now=written.NOW)
    with pytest.raises(NotFound):
        retire_bundle(session, 99, actor=written.STAFF, now=written.NOW)
    with pytest.raises(NotFound):
        set_image(session, 99, picture(), actor=written.STAFF, now=written.NOW)


def test_a_picture_is_kept_re_encoded_and_can_be_taken_away(session: Session) -> None:
    bundle_id = written.bundle(session)

    set_image(session, bundle_id, picture(), actor=written.STAFF, now=written.NOW)
    session.rollback()
    image = session.exec(select(BundleImage)).one()
    assert (image.content_type, image.content[:4]) == ("image/webp", b"RIFF")
    assert session.exec(select(Listing.has_image)).one() is True

    set_image(session, bundle_id, None, actor=written.STAFF, now=written.NOW)
    session.rollback()
    assert session.exec(select(Listing.has_image)).one() is False
    assert actions(session)[-2:] == ["bundle.image_set", "bundle.image_removed"]


def test_where_two_are_wanted_one_alone_changes_no_picture_that_customers_see_or_others_read(
    session: Session,
) -> None:
    on_sale = written.bundle(session)
    retired = written.bundle(session, slug="retired")
    retire_bundle(session, retired, actor=written.STAFF, now=written.NOW)
    submitted = written.draft_bundle(session, slug="submitted")
    submit_for_review(session, submitted, actor=written.STAFF, now=written.NOW)
    draft = written.draft_bundle(session, slug="draft")
    set_image(session, on_sale, picture(), actor=written.STAFF, now=written.NOW)
    values = to_values(Policy(publishing_approval=PublishingApproval.TWO))
    make.saved(
        session, PolicyVersion(values=values, changed_by="test", reason="test", created_at=written.NOW)
    )
    before = pictured(session)

    for bundle_id, content in [
        (on_sale, picture()),
        (on_sale, None),
        (retired, picture()),
        (submitted, picture()),
    ]:
        with pytest.raises(Refused) as refused:
            set_image(session, bundle_id, content, actor=written.STAFF, now=written.NOW)
        assert refused.value.code == "bundle.picture_needs_approver"
    assert pictured(session) == before

    set_image(session, draft, picture(), actor=written.STAFF, now=written.NOW)
    set_image(session, on_sale, None, actor=written.STAFF, now=written.NOW, may_approve=True)
    after = pictured(session)
    assert (after["draft"] is not None, after["lager-satz"]) == (True, None)
    assert actions(session)[-1] == "bundle.image_removed"


def test_what_is_no_picture_changes_nothing(session: Session) -> None:
    bundle_id = written.bundle(session)

    with pytest.raises(Invalid) as invalid:
        set_image(session, bundle_id, b"<svg/>", actor=written.STAFF, now=written.NOW)

    session.rollback()
    assert invalid.value.fields[0].field == "image"
    assert session.exec(select(BundleImage)).all() == []


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"sku": "a b;c"}, "sku"),
        ({"unit_code": "Stück"}, "unit_code"),
        ({"unit_cost_cents": -1}, "unit_cost_cents"),
        ({"main_brand_lead_time_days": 366}, "main_brand_lead_time_days"),
        ({"vat_rate_bp": 1600}, "vat_rate_bp"),
    ],
)
def test_a_wrong_block_is_refused(session: Session, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as invalid:
        written.block(session, **changes)

    assert [fault.field for fault in invalid.value.fields] == [field]
    assert actions(session) == []


def test_two_blocks_never_share_a_number(session: Session) -> None:
    written.block(session, sku="ET-1")
    other = written.block(session, sku="ET-2")

    with pytest.raises(Invalid):
        written.block(session, block_id=other, sku="ET-1")
    with pytest.raises(NotFound):
        written.block(session, block_id=99, sku="ET-3")


def save_again(session: Session, bundle_id: int) -> object:
    return written.draft_bundle(session, bundle_id=bundle_id, items=[(1, 7)])


def duplicate(session: Session, bundle_id: int) -> object:
    return duplicate_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)


@pytest.mark.parametrize("act", [save_again, duplicate])
def test_who_writes_a_bundle_and_who_renumbers_its_block_never_wait_for_each_other(
    session: Session, database: Database, act: Callable[[Session, int], object]
) -> None:
    bundle_id = written.bundle(session, items=[(written.block(session), 4)])

    def other() -> object:
        with database.session() as own:
            return act(own, bundle_id)

    with ThreadPoolExecutor(1) as pool:
        with transaction(session):
            block = lock_block(session, 1)
            block.sku, block.unit_cost_cents = "ET-NEW", 201
            session.flush()
            waiting = pool.submit(other)
            wait_until_somebody_waits(database)
            # As `save_block` does at its end: it locks the block's bundles.
            refresh_margins(session, block_ids=[1], now=written.NOW)
        assert waiting.result(timeout=20)

    session.rollback()
    version = session.exec(select(BundleVersion.id).order_by(col(BundleVersion.id).desc()).limit(1)).one()
    item = session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == version)).one()
    assert (item.sku, item.unit_cost_cents) == ("ET-NEW", 201)
