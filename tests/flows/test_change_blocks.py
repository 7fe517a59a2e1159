"""One change on many blocks: as the preview showed it, all or none, with the history and the bundles that follow."""

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import Block, BlockPrice, Bundle, BundleMargin
from app.catalogue.queries_bulk import BulkPreview, preview_change, read_blocks
from app.catalogue.rules.bulk import BulkChange, BulkField
from app.catalogue.rules.kinds import BundleState, PriceCause
from app.core.errors import Refused
from app.flows.change_blocks import change_blocks
from app.flows.save_block import save_block
from tests.catalogue import written

DEARER = BulkChange(BulkField.COST_PERCENT, 2_000)


def seen(session: Session, change: BulkChange, ids: list[int]) -> BulkPreview:
    session.rollback()
    return preview_change(session, change, read_blocks(session, ids))


def costs(session: Session) -> dict[str, int]:
    session.rollback()
    return dict(session.exec(select(Block.sku, Block.unit_cost_cents).order_by(col(Block.id))).all())


def test_what_the_preview_showed_is_done_with_a_line_of_history_and_an_audit_entry_for_each(
    session: Session,
) -> None:
    ids = [written.block(session, sku=sku, unit_cost_cents=cost) for sku, cost in (("A", 100), ("B", 0))]
    ids.append(written.block(session, sku="C", unit_cost_cents=99_000_000))
    preview = seen(session, DEARER, ids)
    assert [(one.block.sku, one.line.old, one.line.new) for one in preview.changing] == [("A", 100, 120)]
    assert ([one.block.sku for one in preview.refused], preview.unchanged_count) == (["C"], 1)
    session.rollback()

    done = change_blocks(session, DEARER, ids, mark=preview.mark, actor=written.STAFF, now=written.NOW)

    assert done.changed_count == 1
    assert costs(session) == {"A": 120, "B": 0, "C": 99_000_000}
    bulk = select(BlockPrice.block_id).where(col(BlockPrice.cause) == PriceCause.BULK)
    assert session.exec(bulk).all() == ids[:1]
    entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert (entry.object_name, entry.old, entry.new) == (
        "A",
        {"unit_cost_cents": 100},
        {"unit_cost_cents": 120},
    )


def test_a_preview_that_is_not_true_any_more_changes_nothing(session: Session) -> None:
    ids = [written.block(session, sku=sku, unit_cost_cents=100) for sku in ("A", "B")]
    preview = seen(session, DEARER, ids)
    changed = written.entry(sku="B", unit_cost_cents=110)
    session.rollback()
    save_block(session, changed, block_id=ids[1], actor=written.STAFF, now=written.NOW)

    with pytest.raises(Refused) as refused:
        change_blocks(session, DEARER, ids, mark=preview.mark, actor=written.STAFF, now=written.NOW)

    assert refused.value.code == "blocks.preview_stale"
    assert costs(session) == {"A": 100, "B": 110}


def test_the_preview_names_the_bundles_that_fall_and_they_are_marked_with_the_change(
    session: Session,
) -> None:
    block_id = written.block(session, unit_cost_cents=200)
    bundle_id = written.bundle(session, items=[(block_id, 4)], price_cents=2_990)
    doubled = BulkChange(BulkField.COST_AMOUNT, 600)

    preview = seen(session, doubled, [block_id])

    assert [one.bundle.bundle_id for one in preview.newly_falling] == [bundle_id]
    session.rollback()
    assert session.get_one(BundleMargin, bundle_id).is_below_floor is False
    done = change_blocks(
        session, doubled, [block_id], mark=preview.mark, actor=written.STAFF, now=written.NOW
    )
    session.rollback()
    assert done.fallen_count == 1
    assert session.get_one(BundleMargin, bundle_id, populate_existing=True).is_below_floor is True


def test_restricting_many_blocks_retires_the_bundles_that_the_preview_named(session: Session) -> None:
    ids = [written.block(session, sku=sku) for sku in ("A", "B")]
    other = written.block(session, sku="C")
    gone = written.bundle(session, slug="gone", items=[(ids[0], 1), (other, 1)])
    stays = written.bundle(session, slug="stays", items=[(other, 1)])
    change = BulkChange(BulkField.RESTRICTED, True)
    preview = seen(session, change, ids)
    assert [bundle.id for bundle in preview.retiring] == [gone]
    session.rollback()

    done = change_blocks(session, change, ids, mark=preview.mark, actor=written.STAFF, now=written.NOW)

    session.rollback()
    assert (done.changed_count, done.retired_count) == (2, 1)
    states = {bundle.id: bundle.state for bundle in session.exec(select(Bundle))}
    assert states == {gone: BundleState.RETIRED, stays: BundleState.PUBLISHED}
