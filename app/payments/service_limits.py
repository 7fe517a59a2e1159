"""Counting declined cards and holding card pages back, inside the caller's transaction."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, Actor, record
from app.core.errors import N_, Refused
from app.jobs.service import insert_into
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.ordering.service import mail_order
from app.payments.models_cards import CardBreaker, CardDecline, CardWait
from app.payments.queries_limits import (
    breaker_limits_of,
    has_paid_before,
    limits_of,
    living_breaker,
    read_tried,
    refusal_now,
    traffic_of,
    wait_of,
)
from app.payments.rules.card_limits import (
    HOUR,
    Refusal,
    Stop,
    has_too_many_declines,
    may_clear,
    trip_of,
)
from app.payments.rules.facts import DeclineFacts
from app.policy.queries import current_policy

SENTENCES = {
    Stop.TOO_MANY_PAGES: N_(
        "The card page was opened often for your company. Please try again in %(minutes)s min; your order is kept."
    ),
    Stop.TOO_MANY_DECLINES: N_(
        "Several cards were declined for your company. Please try again in %(minutes)s min; your order is kept."
    ),
    Stop.FIRST_PAYMENT_WAITS: N_(
        "At the moment first payments are let through one after the other. You can pay in %(minutes)s min; your order"
        " is kept, and we write to you when it is time."
    ),
}
LIMIT = 200


def page_refusal(session: Session, order: Order, *, now: datetime) -> Refusal | None:
    """Why no further card page is opened for an order now (see `refusal_now`); its company's row is locked.

    Where it has to wait, that is written down; the caller commits it.
    """
    refusal = refusal_now(session, order, now=now)
    is_wait = refusal is not None and refusal.stop is Stop.FIRST_PAYMENT_WAITS
    if refusal is not None and is_wait and wait_of(session, order.id or 0) is None:
        session.add(
            CardWait(
                customer_id=order.customer_id,
                order_id=order.id or 0,
                since_at=now,
                open_at=refusal.open_at,
            )
        )
    return refusal


def told(refusal: Refusal, *, now: datetime) -> Refused:
    """The refusal of a card page as it is told, with the time until there is one."""
    seconds = max(1, math.ceil((refusal.open_at - now).total_seconds()))
    return Refused(
        SENTENCES[refusal.stop],
        code=f"payment.{refusal.stop.value}",
        minutes=-(-seconds // 60),
        retry_after_seconds=seconds,
    )


def note_declines(
    session: Session,
    declines: Sequence[DeclineFacts],
    *,
    payment_id: int,
    customer_id: int,
    now: datetime,
) -> bool:
    """Counts declined tries once each; True where the open card page of the company is to be closed.

    The breaker is weighed here too: at nothing else can it trip.
    """
    rows = [
        {
            "payment_id": payment_id,
            "customer_id": customer_id,
            "charge_id": one.charge_id,
            "code": one.code[:64],
            "at": one.at,
        }
        for one in declines
    ]
    if not rows:
        return False
    insert = insert_into(session, CardDecline).on_conflict_do_nothing(index_elements=["charge_id"])
    written = session.execute(insert.values(rows).returning(col(CardDecline.id))).all()
    policy = current_policy(session)
    if written:
        _weigh(session, now=now)
    tried = read_tried(session, customer_id, now=now)
    is_careful = tried.tripped_at is not None and not has_paid_before(session, customer_id)
    return has_too_many_declines(tried.tries.declines, limits_of(policy), is_careful=is_careful, now=now)


def _weigh(session: Session, *, now: datetime) -> None:
    """Trips the breaker where the declines of the last hour say so; one row however many weigh at once."""
    policy = current_policy(session)
    traffic = traffic_of(session, policy, window=HOUR, now=now)
    trip = trip_of(traffic, breaker_limits_of(policy))
    if trip is None:
        return
    row = {
        "is_tripped": True,
        "trip": trip,
        "declined_count": traffic.declined_count,
        "reserved_count": traffic.reserved_count,
        "tripped_at": now,
        "cleared_by": "",
        "reason": "",
    }
    insert = insert_into(session, CardBreaker).on_conflict_do_nothing().returning(col(CardBreaker.id))
    breaker_id = session.execute(insert, row).scalar()
    if breaker_id is None:
        return
    record(
        session,
        SYSTEM,
        action="card_breaker.tripped",
        object_kind="card_breaker",
        object_id=breaker_id,
        now=now,
        reason=trip.value,
        new={"declined_count": traffic.declined_count, "reserved_count": traffic.reserved_count},
    )


def clear_breaker(session: Session, *, actor: Actor, reason: str, now: datetime) -> bool:
    """Ends the time in which the shop is careful; False where it is not."""
    cleared = session.execute(
        update(CardBreaker)
        .where(col(CardBreaker.is_tripped))
        .values(is_tripped=False, cleared_at=now, cleared_by=actor.name[:200], reason=reason[:1000])
        .returning(col(CardBreaker.id))
    ).scalar()
    if cleared is None:
        return False
    record(
        session,
        actor,
        action="card_breaker.cleared",
        object_kind="card_breaker",
        object_id=cleared,
        now=now,
        reason=reason,
    )
    return True


def clear_when_calm(session: Session, *, now: datetime) -> bool:
    """Ends it where nothing would trip it now and it lasted long enough; whether it did."""
    breaker = living_breaker(session)
    if breaker is None:
        return False
    policy = current_policy(session)
    is_over = may_clear(
        traffic_of(session, policy, window=HOUR, now=now),
        breaker_limits_of(policy),
        tripped_at=breaker.tripped_at,
        wait=timedelta(minutes=policy.card_wait_minutes),
        now=now,
    )
    return is_over and clear_breaker(session, actor=SYSTEM, reason="", now=now)


def tell_waiting(session: Session, *, now: datetime) -> int:
    """Writes to those whose card page is open now: their wait is over, or the shop is not careful any more."""
    due = select(CardWait, Order).join(Order, col(Order.id) == col(CardWait.order_id))
    due = due.where(col(CardWait.told_at).is_(None))
    if living_breaker(session) is not None:
        due = due.where(col(CardWait.open_at) <= now)
    rows = session.exec(due.order_by(col(CardWait.id)).limit(LIMIT).with_for_update(of=CardWait)).all()
    for wait, order in rows:
        wait.told_at = now
        if order.state is OrderState.RECEIVED:
            mail_order(session, order, "card_page_open", key=f"card_page_open:{wait.id}", now=now)
    return len(rows)


def forget_declines(session: Session, *, before: datetime) -> None:
    """Deletes what was counted before a moment; breakers stay."""
    session.execute(CardDecline.__table__.delete().where(col(CardDecline.at) < before))  # type: ignore[attr-defined]
    session.execute(CardWait.__table__.delete().where(col(CardWait.since_at) < before))  # type: ignore[attr-defined]
