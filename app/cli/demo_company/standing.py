"""The demo's standing order: what the first log-in is asked for again as soon as a worker runs."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from app.core.ids import hash_token
from app.flows.fill_demo import Buyer, Offer, Rows
from app.ordering.models import StandingOrder, StandingOrderLine, StandingOrderRun
from app.ordering.rules.promise import Calendar
from app.ordering.rules.standing import RunState, StandingState, expires_at

EVERY_DAYS = 42
BUNDLES = 2


def add_standing_order(
    rows: Rows, buyer: Buyer, offers: Sequence[Offer], *, calendar: Calendar, now: datetime
) -> None:
    """One active standing order that is due today, with a run before that was left out."""
    today = now.astimezone(calendar.zone).date()
    opened_at = now - timedelta(days=2 * EVERY_DAYS)
    standing_id = rows.add(
        StandingOrder,
        customer_id=buyer.customer_id,
        contact_id=buyer.contact_id,
        state=StandingState.ACTIVE,
        every_days=EVERY_DAYS,
        asks_on=today,
        unanswered_count=0,
        created_at=opened_at,
        changed_at=opened_at,
    )
    chosen = offers[:BUNDLES]
    for offer in chosen:
        rows.add(
            StandingOrderLine,
            standing_order_id=standing_id,
            bundle_id=offer.bundle_id,
            quantity=offer.minimum_quantity + offer.order_step,
        )
    run_on = today - timedelta(days=EVERY_DAYS - 5)
    asked_at = datetime.combine(run_on - timedelta(days=5), time(8), calendar.zone).astimezone(now.tzinfo)
    rows.add(
        StandingOrderRun,
        standing_order_id=standing_id,
        run_on=run_on,
        state=RunState.SKIPPED,
        # It was answered: nothing can be ordered with its link any more.
        token_hash=hash_token(f"demo-standing-{standing_id}-{run_on}"),
        lines=[
            {
                "bundle_id": offer.bundle_id,
                "bundle_version_id": offer.version_id,
                "quantity": offer.minimum_quantity + offer.order_step,
                "unit_price_cents": offer.price_cents,
            }
            for offer in chosen
        ],
        asked_at=asked_at,
        expires_at=expires_at(run_on, calendar.zone),
        answered_at=asked_at + timedelta(hours=3),
        order_id=None,
    )
