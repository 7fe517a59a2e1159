"""When a customer may complain about what, and until when we answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.care.rules.complaints import ComplaintReason
from app.core.errors import N_, FieldError
from app.ordering.rules.promise import Calendar, add_working_days
from app.ordering.rules.states import OrderKind, OrderState

MOST_PHOTOS = 5
"""So many come with the form, and with one message."""
MOST_PHOTOS_IN_ALL = 15
SHORTEST_TEXT = 10
LONGEST_TEXT = 2_000

OF_THE_GOODS = frozenset(
    {
        ComplaintReason.DAMAGED,
        ComplaintReason.MISSING,
        ComplaintReason.WRONG,
        ComplaintReason.DEFECTIVE,
    }
)
"""The reasons that are about pieces: each piece can be one of these only once, and only after it was sent."""

NOT_SENT_YET = N_(
    "This order has not been sent yet: it leaves us on %(day)s. Choose “Something else” if it is about more."
)
NOT_LATE_YET = N_("It is promised for %(day)s. You can report it as late from the day after.")


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the form asks of an order; `expected_on` is the new day that the customer was told, if any."""

    kind: OrderKind
    state: OrderState
    dispatch_on: date
    promised_on: date
    expected_on: date | None = None


def may_complain(order: OrderFacts) -> bool:
    """Whether there is anything to complain about: the order is accepted, or it was sent."""
    return order.state in (OrderState.ACCEPTED, OrderState.DISPATCHED)


def is_late(order: OrderFacts, *, today: date) -> bool:
    """Whether the promised day has gone by, or we said ourselves that it will."""
    has_moved = order.expected_on is not None and order.expected_on > order.promised_on
    return today > order.promised_on or has_moved


def fault_of_reason(reason: ComplaintReason, order: OrderFacts, *, today: date) -> FieldError | None:
    """Why a reason does not fit the order at present, or None.

    Time never speaks against a complaint: whether § 377 HGB was kept is for the answer, not for the form.
    """
    if order.kind is OrderKind.SERVICE:
        is_possible = reason is ComplaintReason.OTHER
        sentence = N_("A special service has no goods. Please choose “Something else”.")
        return None if is_possible else FieldError("reason", sentence)
    if reason is ComplaintReason.LATE and not is_late(order, today=today):
        return FieldError("reason", NOT_LATE_YET, {"day": order.promised_on})
    if reason in OF_THE_GOODS and order.state is not OrderState.DISPATCHED:
        return FieldError("reason", NOT_SENT_YET, {"day": order.dispatch_on})
    return None


def needs_lines(reason: ComplaintReason, order: OrderFacts) -> bool:
    """Whether the customer has to say which pieces it is about; else it is about the whole order."""
    return reason in OF_THE_GOODS and order.kind is not OrderKind.SERVICE


def faults_of_lines(
    reason: ComplaintReason,
    wanted: Mapping[int, int],
    *,
    bought: Mapping[int, int],
    complained: Mapping[int, int],
) -> list[FieldError]:
    """What is wrong with the quantities (by line id): of a line of the goods only what nobody complained of before.

    `complained` are the pieces in complaints about the goods that are open or were not rejected.
    """
    if not wanted.keys() <= bought.keys():
        return [FieldError("lines", N_("Please choose lines of this order."))]
    found = []
    for line_id, quantity in wanted.items():
        left = bought[line_id] - (complained.get(line_id, 0) if reason in OF_THE_GOODS else 0)
        if left <= 0:
            sentence = N_("There is a complaint about all of these already.")
            found.append(FieldError(f"line_{line_id}", sentence))
        elif not 0 < quantity <= left:
            sentence = N_("Please enter a value from %(least)s to %(greatest)s.")
            found.append(FieldError(f"line_{line_id}", sentence, {"least": 1, "greatest": left}))
    return found


def fault_of_text(text: str) -> FieldError | None:
    """What is wrong with a customer's words, or None."""
    if SHORTEST_TEXT <= len(text.strip()) <= LONGEST_TEXT:
        return None
    sentence = N_("Please write %(least)s to %(greatest)s characters.")
    return FieldError("text", sentence, {"least": SHORTEST_TEXT, "greatest": LONGEST_TEXT})


def answer_due(received_on: date, *, answer_days: int, calendar: Calendar) -> date:
    """The day by whose end a complaint has to be answered."""
    return add_working_days(received_on, answer_days, calendar)


def is_overdue(answer_due_on: date, *, today: date) -> bool:
    """Whether an open complaint should have been answered on an earlier day."""
    return answer_due_on < today


def obvious_until(arrived_on: date, *, obvious_days: int, calendar: Calendar) -> date:
    """The day by which the form asks to report what is seen at once (§ 377 HGB: "without delay").

    A hint, neither limit nor promise: hidden defects may be reported later, and a late report is taken all the same.
    """
    return add_working_days(arrived_on, obvious_days, calendar)
