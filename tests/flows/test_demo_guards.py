"""The demo and the guards of publishing: what is on sale passes both, and two drafts fail each."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, func, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.models import Block, Bundle, BundleItem, BundleMargin, BundleVersion, Listing
from app.catalogue.rules.kinds import BundleState
from app.cli.demo import load_demo, rate_demo
from app.cli.demo_company.company import Sizes
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import Refused
from app.flows.publish_bundle import publish_bundle
from app.insights.guards import check_guards
from app.settings import Settings

OPS = Actor(ActorKind.STAFF, "Ole Brandt")


@pytest.fixture
def demo(database: Database, settings: Settings) -> None:
    load_demo(database, settings, Sizes(), seed=1)


def on_sale(session: Session) -> list[BundleVersion]:
    return list(
        session.exec(
            select(BundleVersion)
            .join(Bundle, col(Bundle.current_version_id) == col(BundleVersion.id))
            .where(col(Bundle.state) == BundleState.PUBLISHED)
        )
    )


def contents(session: Session, version: BundleVersion) -> list[tuple[BundleItem, Block]]:
    statement = select(BundleItem, Block).join(Block, col(Block.id) == col(BundleItem.block_id))
    return list(session.exec(statement.where(col(BundleItem.bundle_version_id) == version.id)).all())


def refusals(session: Session) -> dict[str, str]:
    """Tries to publish each draft; returns the code of each refusal by slug."""
    codes = {}
    drafts = session.exec(select(Bundle.id, Bundle.slug).where(col(Bundle.state) == BundleState.DRAFT)).all()
    session.rollback()
    for bundle_id, slug in drafts:
        with pytest.raises(Refused) as refused:
            publish_bundle(session, bundle_id or 0, actor=OPS, now=utc_now())
        codes[slug] = refused.value.code
    return codes


REFUSED = {
    "entwurf-quarzsand-500-kg": "bundle.below_floor",
    "entwurf-feinsicherungen": "bundle.below_floor",
    "entwurf-lager-grossabnehmer": "bundle.needs_approval",
    "entwurf-filter-grosser-fuhrpark": "bundle.needs_approval",
}


def test_what_is_on_sale_passes_both_guards_and_two_drafts_fail_each_and_stay_drafts(
    demo: None, database: Database, settings: Settings, session: Session
) -> None:
    rate_demo(database, settings)

    versions = on_sale(session)
    for version in versions:
        check_guards(session, version, contents(session, version), now=utc_now())
    assert refusals(session) == REFUSED

    assert len(versions) == session.exec(select(func.count()).select_from(Listing)).one() == 48
    states = session.exec(select(Bundle.state).where(col(Bundle.slug).in_(REFUSED))).all()
    assert states == [BundleState.DRAFT] * 4


def test_the_drafts_fail_in_the_smallest_demo_too(
    database: Database, settings: Settings, session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=1, bundles=1, orders=0, accounts=0), seed=1)

    assert refusals(session) == REFUSED


def test_each_bundle_on_sale_has_its_margin_kept_and_none_is_below_the_floor(
    demo: None, read_session: Session
) -> None:
    kept = read_session.exec(select(BundleMargin)).all()

    assert {margin.bundle_version_id for margin in kept} == {version.id for version in on_sale(read_session)}
    assert not any(margin.is_below_floor for margin in kept)
    assert all(margin.computed_at > utc_now() - timedelta(minutes=5) for margin in kept)
