"""A company that orders in a rhythm, as rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from app.catalogue.models import Bundle, BundleVersion
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.ordering.models import OrderLine
from app.ordering.rules.states import OrderState
from tests import make


def orders_of(
    session: Session,
    person: Contact,
    lines: Sequence[tuple[Bundle, int]],
    *,
    days_ago: Sequence[int],
    now: datetime,
    state: OrderState = OrderState.DISPATCHED,
) -> None:
    """The same order of the person's company so many days before a moment, once for each."""
    with transaction(session):
        customer = session.get_one(Customer, person.customer_id)
        versions = [(session.get_one(BundleVersion, one.current_version_id), count) for one, count in lines]
        worth = sum(version.price_cents * count for version, count in versions)
        for days in days_ago:
            order = make.order(
                session,
                of=customer,
                by=person,
                bundle=lines[0][0],
                state=state,
                placed_at=now - timedelta(days=days),
                goods_net_cents=worth,
                vat_cents=0,
                gross_cents=worth,
            )
            for line in session.exec(make.select(OrderLine).where(OrderLine.order_id == order.id)):
                session.delete(line)
            for version, count in versions:
                make.saved(
                    session,
                    OrderLine(
                        order_id=order.id,
                        bundle_version_id=version.id,
                        name=version.name_en,
                        quantity=count,
                        unit_price_cents=version.price_cents,
                        net_cents=count * version.price_cents,
                    ),
                )
