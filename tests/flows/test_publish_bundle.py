"""A bundle version on its way to the shop: review, second person, date, and what stops it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.catalogue.models import Block, Bundle, BundleVersion, CatalogueState, Listing
from app.catalogue.rules.kinds import BundleState, Source
from app.catalogue.rules.stages import VersionStage
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.flows.change_policy import change_policy
from app.flows.guard_margins import guard_margins
from app.flows.publish_bundle import publish_bundle, publish_scheduled, schedule_bundle
from app.flows.retire_bundle import retire_bundle
from app.flows.review_bundle import send_back, submit_for_review, unschedule
from app.flows.save_block import save_block
from app.handlers.registry import HANDLERS
from app.jobs.models import Job, JobState
from app.policy.models import PolicyVersion
from app.policy.rules.policy import BelowFloor, Policy, PublishingApproval, to_values
from app.shop import Shop
from app.worker import run_until_idle
from tests import make
from tests.catalogue import written
from tests.catalogue.written import NOW, STAFF

OTHER = Actor(ActorKind.STAFF, "Paul Prüfer", 2)
LATER = NOW + timedelta(days=3)


def want_two(session: Session) -> None:
    values = to_values(Policy(publishing_approval=PublishingApproval.TWO))
    make.saved(session, PolicyVersion(values=values, changed_by="test", reason="test", created_at=NOW))


def newest(session: Session) -> BundleVersion:
    session.rollback()
    session.expire_all()
    return session.exec(select(BundleVersion).order_by(col(BundleVersion.id).desc())).first()  # type: ignore[return-value]


def entries(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    rows = session.exec(
        select(AuditEntry).where(col(AuditEntry.object_kind) == "bundle").order_by(col(AuditEntry.id))
    )
    return [(row.action.removeprefix("bundle."), row.actor_name) for row in rows]


def state_of(session: Session) -> tuple[Any, ...]:
    """All that an act on a bundle might change."""
    version = newest(session)
    bundle = session.exec(select(Bundle)).one()
    jobs = len(session.exec(select(Job)).all())
    return (
        version.model_dump(),
        bundle.model_dump(),
        jobs,
        entries(session),
        session.exec(select(Listing)).all(),
    )


def test_a_draft_that_one_person_publishes_passes_its_review_on_the_way(session: Session) -> None:
    bundle_id = written.draft_bundle(session)

    publish_bundle(session, bundle_id, actor=STAFF, now=NOW)

    version = newest(session)
    assert (version.stage, version.submitted_by, version.published_by) == (
        "published",
        "Olga Opera",
        "Olga Opera",
    )
    assert entries(session) == [
        ("saved", "Olga Opera"),
        ("submitted", "Olga Opera"),
        ("published", "Olga Opera"),
    ]


def test_where_two_are_needed_who_submitted_does_not_publish_and_another_does(session: Session) -> None:
    want_two(session)
    bundle_id = written.draft_bundle(session)
    before = state_of(session)
    for act in (
        lambda: publish_bundle(session, bundle_id, actor=OTHER, now=NOW),
        lambda: schedule_bundle(session, bundle_id, publish_at=LATER, actor=OTHER, now=NOW),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "bundle.not_submitted"
    assert state_of(session) == before

    submit_for_review(session, bundle_id, actor=STAFF, now=NOW)
    before = state_of(session)
    for act in (
        lambda: publish_bundle(session, bundle_id, actor=STAFF, now=NOW),
        lambda: schedule_bundle(session, bundle_id, publish_at=LATER, actor=STAFF, now=NOW),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "bundle.second_person"
    assert state_of(session) == before

    publish_bundle(session, bundle_id, actor=OTHER, now=NOW)
    version = newest(session)
    assert (version.stage, version.submitted_by, version.published_by) == (
        "published",
        "Olga Opera",
        "Paul Prüfer",
    )


def test_a_policy_that_comes_meanwhile_holds_back_what_one_person_scheduled(session: Session) -> None:
    bundle_id = written.draft_bundle(session)
    schedule_bundle(session, bundle_id, publish_at=LATER, actor=STAFF, now=NOW)
    want_two(session)

    assert publish_scheduled(session, newest(session).id or 0, now=LATER) is False

    version = newest(session)
    assert (version.stage, version.refusal and version.refusal["code"]) == ("review", "bundle.second_person")


def test_what_is_sent_back_is_a_draft_with_a_reason_on_record(session: Session) -> None:
    bundle_id = written.draft_bundle(session)
    submit_for_review(session, bundle_id, actor=STAFF, now=NOW)
    with pytest.raises(Invalid):
        send_back(session, bundle_id, reason=" ", actor=OTHER, now=NOW)

    send_back(session, bundle_id, reason="The text is too thin.", actor=OTHER, now=NOW)

    version = newest(session)
    assert (version.stage, version.submitted_by, version.submitted_at) == ("draft", "", None)
    entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert (entry.action, entry.reason, entry.old) == (
        "bundle.sent_back",
        "The text is too thin.",
        {"stage": "review"},
    )
    with pytest.raises(Refused):
        send_back(session, bundle_id, reason="Again.", actor=OTHER, now=NOW)


@pytest.mark.parametrize("is_scheduled", [False, True])
def test_whatever_is_changed_on_its_way_is_a_draft_again(session: Session, is_scheduled: bool) -> None:
    bundle_id = written.draft_bundle(session)
    if is_scheduled:
        schedule_bundle(session, bundle_id, publish_at=LATER, actor=STAFF, now=NOW)
    else:
        submit_for_review(session, bundle_id, actor=STAFF, now=NOW)

    written.draft_bundle(session, bundle_id=bundle_id, items=[(1, 4)], price_cents=2_991)

    version = newest(session)
    assert (version.stage, version.price_cents, version.publish_at, version.revision) == (
        "draft",
        2_991,
        None,
        1,
    )
    assert publish_scheduled(session, version.id or 0, now=LATER) is False
    assert newest(session).stage is VersionStage.DRAFT


def test_a_version_is_published_at_its_date_once_by_the_worker(session: Session, shop: Shop) -> None:
    start = utc_now() - timedelta(hours=2)
    bundle_id = written.draft_bundle(session)
    schedule_bundle(session, bundle_id, publish_at=start + timedelta(hours=1), actor=STAFF, now=start)
    version_id = newest(session).id or 0
    assert publish_scheduled(session, version_id, now=start + timedelta(minutes=59)) is False
    assert newest(session).stage is VersionStage.SCHEDULED

    run_until_idle(shop)
    version = newest(session)
    moment = version.published_at
    HANDLERS["publish_scheduled"](shop, {"version_id": version_id})

    version = newest(session)
    assert (version.stage, version.published_at, version.published_by) == ("published", moment, "Olga Opera")
    assert entries(session)[1:] == [
        ("submitted", "Olga Opera"),
        ("scheduled", "Olga Opera"),
        ("published", "schlicht"),
    ]
    assert len(session.exec(select(Listing)).all()) == 1


def test_several_workers_at_one_date_publish_once(session: Session, database: Database) -> None:
    bundle_id = written.draft_bundle(session)
    schedule_bundle(session, bundle_id, publish_at=LATER, actor=STAFF, now=NOW)
    version_id = newest(session).id or 0
    session.rollback()
    together = Barrier(4)

    def work(_: int) -> bool:
        with database.session() as own:
            together.wait()
            return publish_scheduled(own, version_id, now=LATER)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(work, range(4)))

    assert sorted(done) == [False, False, False, True]
    assert [action for action, _ in entries(session)].count("published") == 1


def test_what_is_refused_at_its_date_goes_back_to_review_and_says_why(session: Session, shop: Shop) -> None:
    start = utc_now() - timedelta(hours=2)
    bundle_id = written.draft_bundle(session)
    schedule_bundle(session, bundle_id, publish_at=start + timedelta(hours=1), actor=STAFF, now=start)
    with transaction(session):
        session.exec(select(Block)).one().source = Source.COMMISSION
    catalogue_version = session.exec(select(CatalogueState.version)).one()

    run_until_idle(shop)
    HANDLERS["publish_scheduled"](shop, {"version_id": newest(session).id})

    version = newest(session)
    assert (version.stage, version.publish_at, version.published_at) == ("review", None, None)
    assert version.refusal is not None
    assert version.refusal["code"] == "bundle.commission_only"
    assert [action for action, _ in entries(session)].count("schedule_refused") == 1
    assert session.exec(select(Listing)).all() == []
    assert session.exec(select(CatalogueState.version)).one() == catalogue_version
    assert {job.state for job in session.exec(select(Job))} == {JobState.DONE}


def test_a_date_can_be_moved_and_taken_away_and_the_old_one_does_nothing(session: Session) -> None:
    bundle_id = written.draft_bundle(session)
    schedule_bundle(session, bundle_id, publish_at=LATER, actor=STAFF, now=NOW)
    moved = LATER + timedelta(days=1)
    schedule_bundle(session, bundle_id, publish_at=moved, actor=OTHER, now=NOW)
    version_id = newest(session).id or 0
    assert publish_scheduled(session, version_id, now=LATER) is False

    unschedule(session, bundle_id, actor=STAFF, now=NOW)

    assert publish_scheduled(session, version_id, now=moved) is False
    version = newest(session)
    assert (version.stage, version.publish_at, version.scheduled_by_id) == ("review", None, None)
    with pytest.raises(Refused):
        unschedule(session, bundle_id, actor=STAFF, now=NOW)


@pytest.mark.parametrize("publish_at", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=367)])
def test_a_date_lies_ahead_and_within_a_year(session: Session, publish_at: datetime) -> None:
    bundle_id = written.draft_bundle(session)
    before = state_of(session)

    with pytest.raises(Invalid) as invalid:
        schedule_bundle(session, bundle_id, publish_at=publish_at, actor=STAFF, now=NOW)

    assert [fault.field for fault in invalid.value.fields] == ["publish_on"]
    assert state_of(session) == before


def test_what_cannot_be_published_today_gets_no_date(session: Session) -> None:
    bundle_id = written.draft_bundle(session, items=[])
    before = state_of(session)

    with pytest.raises(Refused):
        schedule_bundle(session, bundle_id, publish_at=LATER, actor=STAFF, now=NOW)

    assert state_of(session) == before


def become_dangerous(session: Session, bundle_id: int) -> None:
    entry = written.entry(is_hazardous=True)
    save_block(session, entry, block_id=1, may_retire=[bundle_id], actor=STAFF, now=NOW)


def fall_below_the_floor(session: Session, bundle_id: int) -> None:
    policy = Policy(below_floor=BelowFloor.RETIRE)
    change_policy(session, policy, based_on=0, reason="strict", actor=STAFF, now=NOW)
    written.block(session, block_id=1, unit_cost_cents=700)
    assert guard_margins(session, is_whole=False, now=NOW) == 1


LEAVING: dict[str, Callable[[Session, int], object]] = {
    "by hand": lambda session, id_: retire_bundle(session, id_, actor=STAFF, now=NOW, reason="no demand"),
    "dangerous": become_dangerous,
    "below the floor": fall_below_the_floor,
}


@pytest.mark.parametrize("way", list(LEAVING))
def test_however_a_bundle_leaves_the_shop_a_newer_version_loses_its_date(session: Session, way: str) -> None:
    bundle_id = written.bundle(session, items=[(written.block(session), 4)])
    other = written.block(session, sku="ET-2")
    written.draft_bundle(session, bundle_id=bundle_id, items=[(other, 4)], price_cents=3_100)
    schedule_bundle(session, bundle_id, publish_at=LATER, actor=STAFF, now=NOW)

    LEAVING[way](session, bundle_id)

    version = newest(session)
    assert (version.stage, version.publish_at) == ("review", None)
    assert publish_scheduled(session, version.id or 0, now=LATER) is False
    assert session.exec(select(Bundle.state)).one() is BundleState.RETIRED


SEEN: dict[str, Callable[[Session, int], object]] = {
    "publish": lambda session, id_: publish_bundle(session, id_, actor=STAFF, now=NOW, seen="1.0"),
    "submit": lambda session, id_: submit_for_review(session, id_, actor=STAFF, now=NOW, seen="1.0"),
    "schedule": lambda session, id_: schedule_bundle(
        session, id_, publish_at=LATER, actor=STAFF, now=NOW, seen="1.0"
    ),
    "save": lambda session, id_: written.draft_bundle(session, bundle_id=id_, items=[(1, 4)], seen="1.0"),
}


@pytest.mark.parametrize("act", list(SEEN))
def test_nobody_decides_on_what_another_changed_meanwhile(session: Session, act: str) -> None:
    bundle_id = written.draft_bundle(session)
    written.draft_bundle(session, bundle_id=bundle_id, items=[(1, 4)], price_cents=1, actor=OTHER)
    before = state_of(session)

    with pytest.raises(Refused) as refused:
        SEEN[act](session, bundle_id)

    assert (refused.value.code, refused.value.values) == ("bundle.changed_meanwhile", {"who": "Paul Prüfer"})
    assert state_of(session) == before
