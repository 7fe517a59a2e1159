"""Keeping what each published bundle contributes, inside the caller's transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, record
from app.catalogue.models import Bundle, BundleMargin
from app.catalogue.queries_margins import BATCH, published_ids, read_on_sale
from app.catalogue.rules.falling import OnSale
from app.catalogue.rules.kinds import BundleState
from app.catalogue.service import hold_catalogue, remove_listing, touch_catalogue
from app.catalogue.service_publishing import forget_dates
from app.core.errors import N_
from app.jobs.service import insert_into, put_job
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy

BELOW_FLOOR = N_("The contribution margin is below the floor.")
GREATEST_KEPT = 2**31 - 1
"""Figures beyond it are kept as it: no bundle of the shop costs twenty million euros."""


def refresh_margins(
    session: Session,
    *,
    now: datetime,
    block_ids: Collection[int] | None = None,
    bundle_ids: Collection[int] | None = None,
) -> int:
    """Works out the margins anew: of the bundles with some blocks, of some bundles, or of all; how many fell below.

    Call it after the change, in its transaction: it reads the blocks' present facts and locks the bundles (after
    the blocks, as everywhere). Bundles that are not on sale lose their row. Where one fell below the floor,
    the job `guard_margins` does what the policy says.
    """
    session.flush()
    if block_ids is not None:
        # Whoever publishes at the same moment read the old costs and is found here, or waits and reads the new ones.
        hold_catalogue(session)
    policy = current_policy(session)
    ids = published_ids(session, block_ids=block_ids, bundle_ids=bundle_ids)
    if bundle_ids is not None:
        _forget(session, set(bundle_ids) - set(ids))
    fallen = 0
    for start in range(0, len(ids), BATCH):
        fallen += _refresh(session, ids[start : start + BATCH], policy, now=now)
    if fallen:
        put_job(session, "guard_margins", now=now, is_whole=False)
    return fallen


def forget_unpublished(session: Session) -> None:
    """Deletes the margins of bundles that are not on sale (any more)."""
    published = select(Bundle.id).where(col(Bundle.state) == BundleState.PUBLISHED)
    session.exec(delete(BundleMargin).where(col(BundleMargin.bundle_id).not_in(published)))


def retire_below_floor(session: Session, bundle_id: int, *, now: datetime) -> bool:
    """Takes a bundle off sale whose margin is below the floor at today's costs; False where it is not (any more).

    A newer version that had a date loses it. The audit log names the figures as the reason.
    """
    touch_catalogue(session)
    bundle = session.exec(select(Bundle).where(col(Bundle.id) == bundle_id).with_for_update()).first()
    on_sale = next(read_on_sale(session, bundle_ids=[bundle_id]), None)
    policy = current_policy(session)
    if bundle is None or on_sale is None or on_sale.margin(policy).is_passing:
        return False
    margin = on_sale.margin(policy)
    bundle.state = BundleState.RETIRED
    session.flush()
    forget_dates(session, [bundle_id])
    remove_listing(session, bundle_id)
    _forget(session, {bundle_id})
    record(
        session,
        SYSTEM,
        action="bundle.retired",
        object_kind="bundle",
        object_id=bundle_id,
        object_name=bundle.slug,
        now=now,
        reason=BELOW_FLOOR,
        old={"state": BundleState.PUBLISHED},
        new={
            "state": BundleState.RETIRED,
            "price_cents": margin.price_cents,
            "margin_cents": margin.margin_cents,
            "required_cents": margin.required_cents,
            "lowest_price_cents": margin.lowest_price_cents,
        },
    )
    return True


def kept_figures(bundle: OnSale, policy: Policy) -> dict[str, Any]:
    """The figures of a bundle as its row keeps them, by column."""
    margin = bundle.margin(policy)
    return {
        "margin_cents": _kept(margin.margin_cents),
        "margin_bp": _kept(margin.margin_bp),
        "lowest_price_cents": _kept(margin.lowest_price_cents),
        "is_below_floor": not margin.is_passing,
    }


def _refresh(session: Session, ids: Sequence[int], policy: Policy, *, now: datetime) -> int:
    # Two changes of different blocks of one bundle wait for each other here, and the second reads both. The key
    # stays free: orders and carts that refer to the bundle meanwhile do not wait.
    session.exec(
        select(Bundle.id)
        .where(col(Bundle.id).in_(ids))
        .order_by(col(Bundle.id))
        .with_for_update(key_share=True)
    ).all()
    before = set(
        session.exec(
            select(BundleMargin.bundle_id).where(
                col(BundleMargin.bundle_id).in_(ids), col(BundleMargin.is_below_floor)
            )
        )
    )
    rows = [
        {
            "bundle_id": bundle.bundle_id,
            "bundle_version_id": bundle.version_id,
            **kept_figures(bundle, policy),
            "computed_at": now,
        }
        for bundle in read_on_sale(session, bundle_ids=ids)
    ]
    if rows:
        put = insert_into(session, BundleMargin)
        new = {name: put.excluded[name] for name in rows[0] if name != "bundle_id"}
        session.execute(put.on_conflict_do_update(index_elements=["bundle_id"], set_=new), rows)
    return sum(row["is_below_floor"] and row["bundle_id"] not in before for row in rows)


def _kept(figure: int) -> int:
    return max(-GREATEST_KEPT, min(figure, GREATEST_KEPT))


def _forget(session: Session, bundle_ids: Collection[int]) -> None:
    if bundle_ids:
        session.exec(delete(BundleMargin).where(col(BundleMargin.bundle_id).in_(bundle_ids)))
