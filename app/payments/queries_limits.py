"""Reading what companies tried at the card page, and whether the shop is careful."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Label, literal, or_, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from app.customers.models import Customer
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.payments.models import Payment
from app.payments.models_cards import CardBreaker, CardDecline, CardWait
from app.payments.rules.card_limits import (
    DAY,
    FREE_PAGES,
    HOUR,
    BreakerLimits,
    Limits,
    Refusal,
    Stop,
    Traffic,
    Tries,
    careful_refusal,
    refusal_of,
)
from app.payments.rules.deadlines import UNPAID_AFTER
from app.payments.rules.states import PaymentState, PaymentWay
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy

_PAGE, _DECLINE, _BREAKER = "page", "decline", "breaker"
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """What a company tried in the last day, and since when the shop is careful (None: it is not)."""

    tries: Tries
    tripped_at: datetime | None


@dataclass(frozen=True, slots=True)
class CardTesting:
    """What staff see of it: the breaker that is tripped (None for none), the traffic of an hour and of a day, orders
    that wait, and the companies with the most declines in a day (number, name, count).
    """

    breaker: CardBreaker | None
    hour: Traffic
    day: Traffic
    waiting_count: int
    companies: Sequence[tuple[str, str, int]]


def limits_of(policy: Policy) -> Limits:
    """What the policy allows one company."""
    return Limits(
        policy.card_pages_per_hour,
        policy.card_pages_per_day,
        policy.card_declines_per_hour,
        policy.card_declines_per_day,
    )


def breaker_limits_of(policy: Policy) -> BreakerLimits:
    """When the policy has the shop become careful."""
    return BreakerLimits(
        policy.card_shop_declines_per_hour, policy.card_breaker_declines, policy.card_breaker_percent
    )


def read_tried(session: Session, customer_id: int, *, now: datetime) -> Tried:
    """What a company tried, in one query by indexes; nearly always a page or two and nothing else.

    A card page is opened for an order of at most a day, so only such orders are looked at.
    """
    since = now - DAY
    pages = (
        select_columns(literal(_PAGE), col(Payment.created_at))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(
            col(Order.customer_id) == customer_id,
            col(Order.placed_at) > since - UNPAID_AFTER,
            col(Payment.created_at) > since,
            col(Payment.way) == PaymentWay.CARD_PAGE,
        )
    )
    declines = select_columns(literal(_DECLINE), col(CardDecline.at)).where(
        col(CardDecline.customer_id) == customer_id, col(CardDecline.at) > since
    )
    breaker = select_columns(literal(_BREAKER), col(CardBreaker.tripped_at)).where(
        col(CardBreaker.is_tripped)
    )
    rows = session.execute(union_all(pages, declines, breaker)).all()
    moments: dict[str, list[datetime]] = {_PAGE: [], _DECLINE: [], _BREAKER: []}
    for kind, at in rows:
        moments[kind].append(at)
    tripped = moments[_BREAKER]
    return Tried(Tries(moments[_PAGE], moments[_DECLINE]), tripped[0] if tripped else None)


def is_watched(customer_id: int, *, now: datetime) -> Label[bool]:
    """A column that says whether a company's tries must be looked at before it gets a card page: it had a card
    declined in the last day, or the shop is careful. It costs two looks into indexes and no query of its own.
    """
    declined = select(CardDecline.id).where(
        col(CardDecline.customer_id) == customer_id, col(CardDecline.at) > now - DAY
    )
    careful = select(CardBreaker.id).where(col(CardBreaker.is_tripped))
    return or_(declined.exists(), careful.exists()).label("is_watched")


def has_paid_before(session: Session, customer_id: int) -> bool:
    """Whether the company ever paid an order here; asked only while the shop is careful."""
    query = (
        select(Payment.id)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Order.customer_id) == customer_id, col(Payment.state) == PaymentState.CAPTURED)
        .limit(1)
    )
    return session.exec(query).first() is not None


def traffic_of(session: Session, policy: Policy, *, window: timedelta, now: datetime) -> Traffic:
    """The shop's tries of a time. One company alone counts too little to trip the breaker for the others."""
    most = min(policy.card_declines_per_hour, max(1, policy.card_breaker_declines // 2))
    by_company = session.exec(
        select(func.count())
        .select_from(CardDecline)
        .where(col(CardDecline.at) > now - window)
        .group_by(col(CardDecline.customer_id))
    )
    reserved_count = session.exec(
        select(func.count()).select_from(Payment).where(col(Payment.authorised_at) > now - window)
    ).one()
    return Traffic(sum(min(count, most) for count in by_company), reserved_count)


def living_breaker(session: Session) -> CardBreaker | None:
    """The breaker that is tripped now."""
    return session.exec(select(CardBreaker).where(col(CardBreaker.is_tripped))).first()


def wait_of(session: Session, order_id: int) -> CardWait | None:
    """The wait of an order for its card page."""
    return session.exec(select(CardWait).where(col(CardWait.order_id) == order_id)).first()


def first_wait(session: Session, customer_id: int, *, since: datetime) -> CardWait | None:
    """The first wait of a company since a moment: it waits once, whatever it orders meanwhile."""
    query = select(CardWait).where(col(CardWait.customer_id) == customer_id, col(CardWait.since_at) >= since)
    return session.exec(query.order_by(col(CardWait.id)).limit(1)).first()


def refusal_now(session: Session, order: Order, *, now: datetime) -> Refusal | None:
    """Why no further card page is opened for an order now; None where it may be.

    One query, and nothing else as long as the company opened few pages, had no card declined, and the shop is not
    careful. While it is, a company that never paid here waits once.
    """
    tried = read_tried(session, order.customer_id, now=now)
    if len(tried.tries.pages) < FREE_PAGES and not tried.tries.declines and tried.tripped_at is None:
        return None
    policy = current_policy(session)
    refusal = refusal_of(tried.tries, limits_of(policy), now=now)
    if refusal or tried.tripped_at is None or has_paid_before(session, order.customer_id):
        return refusal
    known = first_wait(session, order.customer_id, since=tried.tripped_at)
    open_at = known.open_at if known else now + timedelta(minutes=policy.card_wait_minutes)
    if now >= open_at:
        return careful_refusal(tried.tries.declines, now=now)
    return Refusal(Stop.FIRST_PAYMENT_WAITS, open_at)


def shown_refusal(session: Session, order: Order, *, now: datetime) -> Refusal | None:
    """What the page of an order says of it: a wait begins only when somebody wants to pay."""
    refusal = refusal_now(session, order, now=now)
    is_wait = refusal is not None and refusal.stop is Stop.FIRST_PAYMENT_WAITS
    return None if is_wait and wait_of(session, order.id or 0) is None else refusal


def read_card_testing(session: Session, policy: Policy, *, now: datetime) -> CardTesting:
    """What staff see of it now."""
    waiting_count = session.exec(
        select(func.count())
        .select_from(CardWait)
        .join(Order, col(Order.id) == col(CardWait.order_id))
        .where(col(CardWait.told_at).is_(None), col(Order.state) == OrderState.RECEIVED)
    ).one()
    companies = session.execute(
        select_columns(col(Customer.number), col(Customer.company_name), func.count())
        .join(CardDecline, col(CardDecline.customer_id) == col(Customer.id))
        .where(col(CardDecline.at) > now - DAY)
        .group_by(col(Customer.id))
        .order_by(func.count().desc(), col(Customer.id))
        .limit(MOST_SHOWN)
    )
    return CardTesting(
        living_breaker(session),
        traffic_of(session, policy, window=HOUR, now=now),
        traffic_of(session, policy, window=DAY, now=now),
        waiting_count,
        [(number, name, count) for number, name, count in companies],
    )
