"""Reading what customers contributed in twelve months and what the work for them cost; ledger and standings."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, literal
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.care.models import EffortEvent, EffortLevelChange, EffortStanding
from app.care.rules.cost_to_serve import (
    Contribution,
    SoldLine,
    SoldOrder,
    YearFigures,
    contribution_of,
    effort_cost,
)
from app.care.rules.effort import EffortCause, EffortKind
from app.catalogue.models import Block, BundleItem
from app.catalogue.rules.margin import Part
from app.core.money import divide_half_up
from app.core.paging import Slice, read_page
from app.customers.models import Customer
from app.mainbrand.rules.rating import twelve_months_before
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import BINDING, OrderKind
from app.payments.models import Dispute, Refund, RefundLine
from app.payments.rules.disputes import LOST
from app.payments.rules.states import RefundState
from app.policy.rules.policy import Policy

EARNING = (OrderKind.GOODS, OrderKind.SERVICE)
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months of one customer; `last_theirs_at` is the newest effort that counts."""

    contribution: Contribution
    minutes: Mapping[EffortCause, int] = field(default_factory=dict)
    last_theirs_at: datetime | None = None

    @property
    def counted_minutes(self) -> int:
        return self.minutes.get(EffortCause.THEIRS, 0)

    def figures(self, policy: Policy) -> YearFigures:
        """What the level rests on: refunds for faults of ours, and effort that is not theirs, are left out."""
        return YearFigures(self.contribution.fair_cents, effort_cost(self.counted_minutes, policy))

    def total_cost(self, policy: Policy) -> int:
        """What all effort cost, whoever caused it, in cents."""
        return effort_cost(sum(self.minutes.values()), policy)


def year_of(session: Session, customer_id: int, *, policy: Policy, now: datetime) -> Year:
    """The twelve months of one customer that end now."""
    return years_of(session, [customer_id], policy=policy, now=now)[customer_id]


def years_of(
    session: Session, customer_ids: Collection[int], *, policy: Policy, now: datetime
) -> dict[int, Year]:
    """The twelve months that end now, for each of some hundred customers, in six reads."""
    since = twelve_months_before(now)
    sold = _sold(session, customer_ids, since=since, now=now)
    minutes: dict[int, dict[EffortCause, int]] = defaultdict(dict)
    last: dict[int, datetime] = {}
    rows = session.execute(
        select_columns(
            col(EffortEvent.customer_id),
            col(EffortEvent.cause),
            func.sum(col(EffortEvent.minutes)),
            func.max(col(EffortEvent.at)),
        )
        .where(
            col(EffortEvent.customer_id).in_(customer_ids),
            col(EffortEvent.at) > since,
            col(EffortEvent.at) <= now,
        )
        .group_by(col(EffortEvent.customer_id), col(EffortEvent.cause))
    )
    for customer_id, cause, spent, newest in rows:
        minutes[customer_id][cause] = int(spent)
        if cause is EffortCause.THEIRS:
            last[customer_id] = newest
    return {
        customer_id: Year(
            contribution_of(sold.get(customer_id, ()), policy),
            minutes.get(customer_id, {}),
            last.get(customer_id),
        )
        for customer_id in customer_ids
    }


def customers_to_review(session: Session, *, now: datetime) -> list[int]:
    """The ids of all customers with orders or effort in twelve months, or with a standing; ascending."""
    since = twelve_months_before(now)
    found = select_columns(col(EffortStanding.customer_id)).union(
        select_columns(col(EffortEvent.customer_id)).where(col(EffortEvent.at) > since),
        select_columns(col(Order.customer_id)).where(
            col(Order.state).in_(BINDING), col(Order.accepted_at) > since
        ),
    )
    return sorted(session.execute(found).scalars())


def events_of(
    session: Session,
    customer_id: int,
    *,
    since: datetime | None = None,
    order_id: int | None = None,
    limit: int | None = None,
) -> list[EffortEvent]:
    """A customer's ledger, newest first, of all time or since a moment, of all or of one order."""
    query = select(EffortEvent).where(col(EffortEvent.customer_id) == customer_id)
    if since is not None:
        query = query.where(col(EffortEvent.at) > since)
    if order_id is not None:
        query = query.where(col(EffortEvent.order_id) == order_id)
    query = query.order_by(col(EffortEvent.at).desc(), col(EffortEvent.id).desc()).limit(limit)
    return list(session.exec(query))


def orders_of_events(session: Session, events: Collection[EffortEvent]) -> dict[int, str]:
    """The numbers of the orders that some touches were about, by id."""
    ids = {event.order_id for event in events if event.order_id is not None}
    if not ids:
        return {}
    rows = session.execute(select_columns(col(Order.id), col(Order.number)).where(col(Order.id).in_(ids)))
    return {row.id: row.number for row in rows}


def ledger_page(session: Session, customer_id: int, *, page: int) -> Slice[tuple[EffortEvent, str | None]]:
    """One page of a customer's ledger, newest first, with the order's number where there is one."""
    query = (
        select_columns(EffortEvent, col(Order.number))
        .outerjoin(Order, col(Order.id) == col(EffortEvent.order_id))
        .where(col(EffortEvent.customer_id) == customer_id)
        .order_by(col(EffortEvent.at).desc(), col(EffortEvent.id).desc())
    )
    return read_page(session, query, page=page, size=PAGE_SIZE)


def undecided_events(session: Session, *, page: int) -> Slice[tuple[EffortEvent, Customer, str | None]]:
    """One page of the touches of which nobody has said yet whose fault they were, oldest first."""
    query = (
        select_columns(EffortEvent, Customer, col(Order.number))
        .join(Customer, col(Customer.id) == col(EffortEvent.customer_id))
        .outerjoin(Order, col(Order.id) == col(EffortEvent.order_id))
        .where(_IS_OPEN)
        .order_by(col(EffortEvent.at), col(EffortEvent.id))
    )
    return read_page(session, query, page=page, size=PAGE_SIZE)


def count_undecided(session: Session) -> int:
    """How many touches wait for a cause."""
    count: int = session.execute(
        select_columns(func.count()).select_from(EffortEvent).where(_IS_OPEN)
    ).scalar_one()
    return count


def standing_of(session: Session, customer_id: int) -> EffortStanding | None:
    """Where a customer stands, as last reviewed; None for one that was never looked at."""
    return session.get(EffortStanding, customer_id)


def changes_of(session: Session, customer_id: int) -> list[EffortLevelChange]:
    """The steps of a customer, newest first."""
    found = select(EffortLevelChange).where(col(EffortLevelChange.customer_id) == customer_id)
    return list(session.exec(found.order_by(col(EffortLevelChange.id).desc())))


def waiting_steps(session: Session) -> list[tuple[EffortStanding, Customer]]:
    """The steps that wait for a person, longest first."""
    query = (
        select(EffortStanding, Customer)
        .join(Customer, col(Customer.id) == col(EffortStanding.customer_id))
        .where(col(EffortStanding.proposed_level).is_not(None))
        .order_by(col(EffortStanding.proposed_at), col(EffortStanding.customer_id))
    )
    return list(session.exec(query).all())


def count_waiting_steps(session: Session) -> int:
    """How many steps wait for a person."""
    return session.exec(
        select(func.count())
        .select_from(EffortStanding)
        .where(col(EffortStanding.proposed_level).is_not(None))
    ).one()


def ended_overrides(session: Session, *, today: date) -> list[int]:
    """The ids of customers whose override has had its last day."""
    query = select(EffortStanding.customer_id).where(col(EffortStanding.override_ends_on) < today)
    return sorted(session.exec(query))


# A complaint's cause is decided with the complaint.
_IS_OPEN = (col(EffortEvent.cause) == EffortCause.UNDECIDED) & (col(EffortEvent.kind) != EffortKind.COMPLAINT)


def _sold(
    session: Session, customer_ids: Collection[int], *, since: datetime, now: datetime
) -> dict[int, list[SoldOrder]]:
    """The accepted orders of some customers between two moments, with all that their contribution is made of."""
    is_meant = (
        col(Order.customer_id).in_(customer_ids)
        & col(Order.state).in_(BINDING)
        & col(Order.kind).in_(EARNING)
        & (col(Order.accepted_at) > since)
        & (col(Order.accepted_at) <= now)
    )
    orders = session.execute(
        select_columns(
            *(
                col(getattr(Order, name))
                for name in ("id", "customer_id", "joins_order_id", "goods_net_cents", "charges_net_cents")
            ),
            col(Order.gross_cents),
        ).where(is_meant)
    ).all()
    lines: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for order_id, version_id, quantity in session.execute(
        select_columns(col(OrderLine.order_id), col(OrderLine.bundle_version_id), col(OrderLine.quantity))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(is_meant)
    ):
        lines[order_id].append((version_id, quantity))
    parts = _parts(session, {version_id for sold in lines.values() for version_id, _ in sold})
    refunds = _refunds(session, is_meant)
    parcels = {order.id: order.joins_order_id for order in orders}
    found: dict[int, list[SoldOrder]] = defaultdict(list)
    for order in orders:
        refunded, ours = refunds.get(order.id, (0, 0))
        found[order.customer_id].append(
            SoldOrder(
                parcel=_parcel(order.id, parcels),
                goods_net_cents=order.goods_net_cents,
                charges_net_cents=order.charges_net_cents,
                gross_cents=order.gross_cents,
                refunded_net_cents=refunded,
                refunded_for_us_net_cents=ours,
                lines=tuple(SoldLine(quantity, parts[version]) for version, quantity in lines[order.id]),
            )
        )
    return found


def _parts(session: Session, version_ids: set[int]) -> dict[int, tuple[Part, ...]]:
    """The blocks of bundle versions with the costs that were frozen in them."""
    found: dict[int, list[Part]] = defaultdict(list)
    for item, kind in session.execute(
        select_columns(BundleItem, col(Block.kind))
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(BundleItem.bundle_version_id).in_(version_ids))
    ):
        found[item.bundle_version_id].append(
            Part(
                quantity_milli=item.quantity_milli,
                kind=kind,
                unit_cost_cents=item.unit_cost_cents,
                partner_cost_cents=item.partner_cost_cents,
                packing_cost_cents=item.packing_cost_cents,
                weight_g=item.weight_g,
            )
        )
    return {version_id: tuple(found[version_id]) for version_id in version_ids}


def _refunds(session: Session, is_meant: object) -> dict[int, tuple[int, int]]:
    """By order the net cents that went back or were lost to a bank, of all and of faults of ours.

    Pieces take the net amount of their line with them; what went back besides takes VAT as the whole order bears it.
    """
    pieces = _refunded_pieces(session, is_meant)
    found: dict[int, tuple[int, int]] = {}
    for order_id, refund_id, net, gross, amount, is_for_us in session.execute(
        select_columns(
            col(Order.id),
            col(Refund.id),
            col(Order.goods_net_cents) + col(Order.charges_net_cents),
            col(Order.gross_cents),
            col(Refund.amount_cents),
            col(Refund.is_for_us),
        )
        .join(Refund, col(Refund.order_id) == col(Order.id))
        .where(is_meant, col(Refund.state) != RefundState.FAILED)  # type: ignore[arg-type]
    ):
        pieces_cents, back = pieces.get(refund_id, (0, 0))
        back += divide_half_up((amount - pieces_cents) * net, gross) if gross else 0
        refunded, ours = found.get(order_id, (0, 0))
        found[order_id] = refunded + back, ours + (back if is_for_us else 0)
    _add_lost(session, is_meant, found)
    return found


def _add_lost(session: Session, is_meant: object, found: dict[int, tuple[int, int]]) -> None:
    """What banks took for good is gone like a refund; a fault of ours where a person said so of its effort."""
    of_dispute = literal("dispute:").concat(col(Dispute.dispute_id))
    for order_id, net, gross, amount, cause in session.execute(
        select_columns(
            col(Order.id),
            col(Order.goods_net_cents) + col(Order.charges_net_cents),
            col(Order.gross_cents),
            col(Dispute.amount_cents),
            col(EffortEvent.cause),
        )
        .join(Dispute, col(Dispute.order_id) == col(Order.id))
        .outerjoin(EffortEvent, col(EffortEvent.source_key) == of_dispute)
        .where(is_meant, col(Dispute.status) == LOST)  # type: ignore[arg-type]
    ):
        refunded, ours = found.get(order_id, (0, 0))
        lost = min(divide_half_up(amount * net, gross) if gross else 0, net - refunded)
        found[order_id] = refunded + lost, ours + (lost if cause is EffortCause.OURS else 0)


def _refunded_pieces(session: Session, is_meant: object) -> dict[int, tuple[int, int]]:
    """By refund what went back for pieces: the cents with VAT, and without."""
    found: dict[int, tuple[int, int]] = {}
    for refund_id, quantity, amount, bought, net in session.execute(
        select_columns(
            col(RefundLine.refund_id),
            col(RefundLine.quantity),
            col(RefundLine.amount_cents),
            col(OrderLine.quantity),
            col(OrderLine.net_cents),
        )
        .join(OrderLine, col(OrderLine.id) == col(RefundLine.order_line_id))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(is_meant)  # type: ignore[arg-type]
    ):
        gross_cents, net_cents = found.get(refund_id, (0, 0))
        back = min(amount, divide_half_up(net * quantity, bought))
        found[refund_id] = gross_cents + amount, net_cents + back
    return found


def _parcel(order_id: int, parcels: Mapping[int, int | None]) -> int:
    """The order in whose parcel one travels: that which it joined, or that which this one joined, and so on."""
    seen = {order_id}
    while (joined := parcels.get(order_id)) is not None and joined not in seen:
        order_id = joined
        seen.add(order_id)
    return order_id
