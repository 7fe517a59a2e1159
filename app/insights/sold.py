"""Did it sell: what a proposal foretold for its bundle, against the orders that came."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.catalogue.models import Bundle, BundleVersion
from app.insights.models import Proposal
from app.insights.rules.proposing import YEAR_DAYS
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import OrderState

BINDING = (OrderState.ACCEPTED, OrderState.DISPATCHED)


@dataclass(frozen=True, slots=True)
class Sold:
    """A bundle made of a proposal since it was first published: what was foretold for that time, and what came.

    Forecasts are the proposal's figures for a year, in proportion to the days. `published_at` is None, and all is
    zero, before it was on sale.
    """

    published_at: datetime | None
    days: int
    expected_orders: int
    order_count: int
    expected_buyers: int
    buyer_count: int


def read_sold(session: Session, proposals: Collection[Proposal], *, now: datetime) -> dict[int, Sold]:
    """By bundle, for proposals that a bundle was made of; only accepted orders count."""
    by_bundle = {one.bundle_id: one for one in proposals if one.bundle_id is not None}
    published = dict(
        session.exec(
            select(BundleVersion.bundle_id, func.min(BundleVersion.published_at))
            .where(col(BundleVersion.bundle_id).in_(by_bundle), col(BundleVersion.published_at).is_not(None))
            .group_by(col(BundleVersion.bundle_id))
        ).all()
    )
    came = {
        bundle_id: (orders, buyers)
        for bundle_id, orders, buyers in session.exec(
            select(
                BundleVersion.bundle_id,
                func.count(func.distinct(Order.id)),
                func.count(func.distinct(Order.customer_id)),
            )
            .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleVersion.id))
            .join(Order, col(Order.id) == col(OrderLine.order_id))
            .join(Bundle, col(Bundle.id) == col(BundleVersion.bundle_id))
            .where(col(BundleVersion.bundle_id).in_(by_bundle), col(Order.state).in_(BINDING))
            .group_by(col(BundleVersion.bundle_id))
        )
    }
    sold = {}
    for bundle_id, one in by_bundle.items():
        published_at = published.get(bundle_id)
        days = (now - published_at).days if published_at else 0
        orders, buyers = came.get(bundle_id, (0, 0))
        sold[bundle_id] = Sold(
            published_at=published_at,
            days=days,
            expected_orders=_share(one.evidence["expected_orders"], days),
            order_count=orders,
            # Buyers of a year come back: within less time there are as many as orders at most.
            expected_buyers=min(
                one.evidence["expected_buyers"], _share(one.evidence["expected_orders"], days)
            ),
            buyer_count=buyers,
        )
    return sold


def _share(yearly: int, days: int) -> int:
    return (2 * yearly * days + YEAR_DAYS) // (2 * YEAR_DAYS)
