"""Writing standing orders and the answers to their runs, inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound, Refused
from app.ordering.models import StandingOrder, StandingOrderRun
from app.ordering.rules.standing import RunState, StandingState, is_open, may_answer, pauses

# Order of locks: the customer, the standing order, its run.


def lock_standing(session: Session, standing_order_id: int, *, customer_id: int) -> StandingOrder:
    """A company's standing order, locked. Raises NotFound for a missing one and for another company's alike."""
    query = select(StandingOrder).where(
        col(StandingOrder.id) == standing_order_id, col(StandingOrder.customer_id) == customer_id
    )
    standing = session.exec(query.with_for_update()).first()
    if standing is None:
        raise NotFound(N_("There is no such standing order."), code="standing.unknown")
    return standing


def lock_open_run(session: Session, run_id: int, *, customer_id: int, now: datetime) -> StandingOrderRun:
    """A run of the company that still waits for its answer, locked with its standing order.

    Raises NotFound for a missing one and for another company's alike, Refused for one that is over.
    """
    standing_order_id = session.exec(
        select(StandingOrderRun.standing_order_id).where(col(StandingOrderRun.id) == run_id)
    ).first()
    lock_standing(session, standing_order_id or 0, customer_id=customer_id)
    run = session.exec(
        select(StandingOrderRun).where(col(StandingOrderRun.id) == run_id).with_for_update()
    ).one()
    if not is_open(run.state, ends_at=run.expires_at, now=now):
        raise Refused(
            N_("This question is over: nothing can be ordered with it any more."), code="standing.over"
        )
    return run


def answer_run(
    session: Session,
    run: StandingOrderRun,
    answer: RunState,
    *,
    now: datetime,
    order_id: int | None = None,
) -> StandingOrder:
    """Ends a run that waits, locked before with its standing order, which comes back.

    An answer of a person begins the count of unanswered runs anew; the third run in a row that expires pauses the
    standing order.
    """
    assert may_answer(run.state, answer)
    standing = session.get_one(StandingOrder, run.standing_order_id)
    run.state = answer
    run.answered_at = None if answer is RunState.EXPIRED else now
    run.order_id = order_id
    standing.unanswered_count = standing.unanswered_count + 1 if answer is RunState.EXPIRED else 0
    if pauses(standing.unanswered_count) and standing.state is StandingState.ACTIVE:
        standing.state = StandingState.PAUSED
        standing.asks_on = None
        standing.changed_at = now
    return standing
