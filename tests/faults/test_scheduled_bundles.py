"""A worker that is killed while it publishes a bundle at its date publishes it once all the same."""

import time
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.audit.models import AuditEntry
from app.catalogue.models import BundleVersion, Listing
from app.catalogue.rules.kinds import BundleState
from app.core.clock import utc_now
from app.core.failpoints import ALL
from app.flows.publish_bundle import schedule_bundle
from app.worker import run_until_idle
from tests import make
from tests.catalogue.written import STAFF
from tests.faults.conftest import World
from tests.faults.test_imports import let_the_lease_run_out
from tests.faults.test_killed_at_each_point import _assert_killed


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith("publish_scheduled.")])
def test_a_worker_killed_while_it_publishes_publishes_once(name: str, world: World) -> None:
    run_until_idle(world.shop)
    with world.db.session() as session:
        bundle = make.bundle(session, state=BundleState.DRAFT)
        bundle_id, start = bundle.id or 0, utc_now() - timedelta(hours=2)
        schedule_bundle(session, bundle_id, publish_at=start + timedelta(hours=1), actor=STAFF, now=start)

        def outcome() -> tuple[str, int, int]:
            session.rollback()
            session.expire_all()
            stage = session.exec(
                select(BundleVersion.stage).where(col(BundleVersion.bundle_id) == bundle_id)
            ).one()
            is_ours = col(AuditEntry.object_id) == bundle_id, col(AuditEntry.action) == "bundle.published"
            told = session.exec(select(AuditEntry).where(*is_ours)).all()
            listed = session.exec(select(Listing).where(col(Listing.bundle_id) == bundle_id)).all()
            return stage, len(told), len(listed)

        armed = world.work(name)
        try:
            _assert_killed(armed)
        finally:
            armed.kill9()
        is_published = name == "publish_scheduled.after_commit"
        assert outcome() == (("published", 1, 1) if is_published else ("scheduled", 0, 0))
        let_the_lease_run_out(world)
        time.sleep(0.01)
        run_until_idle(world.shop)

        assert outcome() == ("published", 1, 1)
    assert world.faults() == []
