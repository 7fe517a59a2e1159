"""What the shop knows of the orders on a carrier's list."""

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.core.errors import N_
from app.fulfilment.rules.tracking_list import TrackingList, judge_lines
from app.ordering.models import Order
from app.ordering.rules.states import IN_PARCELS, OrderState
from app.payments.queries_disputes import is_disputed


def judge(session: Session, read: TrackingList) -> tuple[TrackingList, list[str]]:
    """The list with what its orders allow now, and the numbers of those that left before. One query."""
    numbers = [line.number for line in read.lines]
    known = {
        number: (state, kind, is_held)
        for number, state, kind, is_held in session.execute(
            select_columns(col(Order.number), col(Order.state), col(Order.kind), is_disputed()).where(
                col(Order.number).in_(numbers)
            )
        )
    }
    gone = frozenset(number for number, (state, _, _) in known.items() if state is OrderState.DISPATCHED)
    fault_of = {}
    for number in numbers:
        if number not in known:
            fault_of[number] = N_("There is no such order.")
        elif number not in gone:
            state, kind, is_held = known[number]
            if state is not OrderState.ACCEPTED:
                fault_of[number] = N_("This order is not accepted: it must not leave.")
            elif kind not in IN_PARCELS:
                fault_of[number] = N_("This order holds no goods.")
            elif is_held:
                fault_of[number] = N_(
                    "Its payment was charged back: a person decides first whether it leaves."
                )
    return judge_lines(read, fault_of=fault_of, gone=gone)
