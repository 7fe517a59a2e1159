"""The demo's exception of sizes: one company with a small shelf may order fewer of one bundle."""

from datetime import UTC, datetime, time, timedelta

from app.catalogue.models import Bundle
from app.flows.fill_demo import Buyer, Rows
from app.ordering.models import Agreement
from app.ordering.rules.promise import Calendar

BUNDLE = "schmierstoffe-quartal"
MINIMUM = 4
AGREED_BEFORE, HOLDS_FOR = timedelta(days=20), timedelta(days=90)
REASON = "Kleines Lager am Standort, bestellt dafür regelmäßig. Im nächsten Quartal neu ansehen."


def add_agreement(rows: Rows, buyer: Buyer, *, calendar: Calendar, by: str, now: datetime) -> None:
    """Lets a company order the bundle from four on; everybody else orders from eight on, as its blocks say."""
    bundles = rows.by_table.get(str(Bundle.__tablename__), [])
    bundle_id = next((row["id"] for row in bundles if row["slug"] == BUNDLE), None)
    if bundle_id is None:
        return
    ends_on = (now + HOLDS_FOR).astimezone(calendar.zone).date()
    rows.add(
        Agreement,
        customer_id=buyer.customer_id,
        bundle_id=bundle_id,
        minimum_quantity=MINIMUM,
        order_step=None,
        ends_on=ends_on,
        ends_at=datetime.combine(ends_on + timedelta(days=1), time(), calendar.zone).astimezone(UTC),
        reason=REASON,
        agreed_by=by,
        created_at=now - AGREED_BEFORE,
        ended_at=None,
    )
