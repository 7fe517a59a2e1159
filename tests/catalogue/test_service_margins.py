"""What published bundles contribute is kept, follows their blocks' costs, and leaves the shop below the floor."""

import dataclasses
from datetime import timedelta

from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import Bundle, BundleMargin, Listing
from app.catalogue.queries_margins import bundles_falling_below, count_below_floor, list_below_floor
from app.catalogue.rules.kinds import BundleState
from app.catalogue.service_margins import GREATEST_KEPT
from app.core.transaction import transaction
from app.flows.change_policy import change_policy
from app.flows.guard_margins import guard_margins
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from app.jobs.models import Job
from app.policy.queries import current_policy
from app.policy.rules.policy import BelowFloor
from tests import make
from tests.catalogue import written

LATER = written.NOW + timedelta(hours=1)


def kept(session: Session) -> list[tuple[int, int, bool]]:
    session.rollback()
    rows = session.exec(select(BundleMargin).order_by(col(BundleMargin.bundle_id)))
    return [(row.margin_cents, row.lowest_price_cents, row.is_below_floor) for row in rows]


def states(session: Session) -> list[BundleState]:
    session.rollback()
    return list(session.exec(select(Bundle.state).order_by(col(Bundle.id))))


def jobs(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(Job.kind)))


def set_policy(session: Session, **changes: object) -> None:
    policy = dataclasses.replace(current_policy(session), **changes)  # type: ignore[arg-type]
    change_policy(session, policy, based_on=0, reason="costs", actor=written.STAFF, now=written.NOW)


def test_a_margin_is_kept_from_publishing_to_retiring_and_follows_the_costs(session: Session) -> None:
    block_id = written.block(session)
    draft = written.draft_bundle(session, slug="draft", items=[(block_id, 4)])
    sold = written.bundle(session, slug="sold", items=[(block_id, 4)])
    assert kept(session) == [(1_927, 1_213, False)]

    written.block(session, block_id=block_id, unit_cost_cents=700, now=LATER)

    assert kept(session) == [(-73, 3_616, True)]
    assert (count_below_floor(session), jobs(session)) == (1, ["guard_margins"])
    (row,) = list_below_floor(session, page=1).rows
    assert (row[1].slug, row[0].computed_at) == ("sold", LATER)
    retire_bundle(session, sold, actor=written.STAFF, now=LATER)
    assert kept(session) == []
    assert draft != sold


def test_a_change_that_no_margin_depends_on_works_nothing_out(session: Session) -> None:
    block_id = written.block(session)
    written.bundle(session, items=[(block_id, 4)])

    written.block(session, block_id=block_id, names={"de": "Neu", "en": "New"}, now=LATER)

    session.rollback()
    assert session.exec(select(BundleMargin.computed_at)).one() == written.NOW


def test_the_preview_names_the_bundles_that_fall_and_changes_nothing(session: Session) -> None:
    cheap, dear, other = (written.block(session, sku=sku) for sku in ("A-1", "A-2", "A-3"))
    written.bundle(session, slug="falls-deep", items=[(cheap, 5)])
    written.bundle(session, slug="falls", items=[(cheap, 4), (dear, 1)])
    written.bundle(session, slug="stays", items=[(cheap, 1)])
    written.bundle(session, slug="apart", items=[(other, 4)])
    before = kept(session)

    found = bundles_falling_below(session, {cheap: {"unit_cost_cents": 650, "name_de": "so what"}})

    assert [(one.bundle.slug, one.is_new, one.after.margin_cents) for one in found] == [
        ("falls-deep", True, -523),
        ("falls", True, -73),
    ]
    assert bundles_falling_below(session, {cheap: {"name_de": "so what"}, other: {"weight_g": 5}}) == []
    assert kept(session) == before


def test_what_is_below_the_floor_is_flagged_and_leaves_the_shop_only_where_the_policy_says_so(
    session: Session,
) -> None:
    block_id = written.block(session)
    fallen = written.bundle(session, slug="fallen", items=[(block_id, 4)])
    written.bundle(session, slug="sound", items=[(written.block(session, sku="A-2"), 4)])
    written.block(session, block_id=block_id, unit_cost_cents=700, now=LATER)

    assert guard_margins(session, is_whole=False, now=LATER) == 0
    assert states(session) == [BundleState.PUBLISHED] * 2

    set_policy(session, below_floor=BelowFloor.RETIRE)
    assert jobs(session) == ["guard_margins"] * 2
    assert guard_margins(session, is_whole=True, now=LATER) == 1
    assert guard_margins(session, is_whole=True, now=LATER) == 0

    assert states(session) == [BundleState.RETIRED, BundleState.PUBLISHED]
    assert session.exec(select(Listing.slug)).all() == ["sound"]
    entry = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "bundle.retired")).one()
    assert (entry.object_id, entry.actor_name) == (fallen, "schlicht")
    assert entry.new == {
        "state": "retired", "price_cents": 2_990, "margin_cents": -73, "required_cents": 449,
        "lowest_price_cents": 3_616,
    }  # fmt: skip
    assert kept(session) == [(1_927, 1_213, False)]


def test_a_bundle_whose_price_was_raised_meanwhile_is_not_taken_off_sale(session: Session) -> None:
    block_id = written.block(session)
    bundle_id = written.bundle(session, items=[(block_id, 4)])
    written.block(session, block_id=block_id, unit_cost_cents=700, now=LATER)
    set_policy(session, below_floor=BelowFloor.RETIRE)

    written.draft_bundle(session, bundle_id=bundle_id, items=[(block_id, 4)], price_cents=3_990)
    publish_bundle(session, bundle_id, actor=written.STAFF, now=LATER)
    with transaction(session):
        # As the job read it just before.
        session.get_one(BundleMargin, bundle_id).is_below_floor = True

    assert guard_margins(session, is_whole=False, now=LATER) == 0
    assert states(session) == [BundleState.PUBLISHED]


def test_a_policy_that_guards_nothing_else_works_nothing_out(session: Session) -> None:
    set_policy(session, transit_days=9)

    assert jobs(session) == []


def test_margins_are_worked_out_for_bundles_loaded_past_the_flows_and_forgotten_for_those_gone(
    session: Session,
) -> None:
    first = make.bundle(session)
    make.bundle(session, items=[(make.block(session, unit_cost_cents=10**9), 9_000)])
    guard_margins(session, is_whole=True, now=LATER)
    assert kept(session) == [
        (2_500 - 600 - 30 - 123 - 51 - 50, 973, False),
        (-GREATEST_KEPT, GREATEST_KEPT, True),
    ]

    with transaction(session):
        session.get_one(Bundle, first.id).state = BundleState.RETIRED
    guard_margins(session, is_whole=True, now=LATER)

    assert len(kept(session)) == 1
