"""A customer keeps a standing order: opens, changes, pauses, resumes and ends it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from app.catalogue.models import Bundle
from app.catalogue.queries import no_such_bundle
from app.catalogue.rules.kinds import BundleState
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.ordering.models import StandingOrder, StandingOrderLine, StandingOrderRun
from app.ordering.queries_checkout import Wish, read_checkout
from app.ordering.queries_standing import lines_of
from app.ordering.rules.promise import Calendar
from app.ordering.rules.quantities import QuantityProblem, QuantityRule, check_quantity
from app.ordering.rules.standing import (
    GREATEST_EVERY_DAYS,
    LEAST_EVERY_DAYS,
    LONGEST_AHEAD_DAYS,
    MOST_STANDING_LINES,
    MOST_STANDING_ORDERS,
    RunState,
    StandingState,
    asks_on,
    may_stand,
)
from app.ordering.service_standing import answer_run, lock_open_run, lock_standing
from app.policy.queries import current_policy


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a standing order is to be: every so many days, next on a day, so many of each bundle (by its id)."""

    every_days: int
    run_on: date
    quantities: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A bundle that cannot stand in a standing order as it is wanted; without a problem it is not sold any more."""

    bundle_id: int
    name_de: str
    name_en: str
    problem: QuantityProblem | None
    rule: QuantityRule

    def name(self, language: str) -> str:
        """The bundle's name in a language."""
        return self.name_de if language == "de" else self.name_en


class WrongLines(Invalid):
    """Quantities that nobody could ever order, or bundles that are gone: `lines` says which and why."""

    def __init__(self, lines: list[WrongLine]) -> None:
        super().__init__(N_("Some quantities cannot be ordered."), code="standing.quantities")
        self.lines = lines


def open_standing_order(
    session: Session, wanted: Wanted, *, customer_id: int, contact_id: int, calendar: Calendar, now: datetime
) -> int:
    """Writes a new standing order and returns its id; the very same one, sent twice, is one.

    Raises Invalid (`every_days`, `run_on`, `quantity`) for what cannot be, WrongLines, Refused for too many.
    """
    today = now.astimezone(calendar.zone).date()
    _check(wanted, today=today)
    with transaction(session):
        _lock_customer(session, customer_id)
        twin = _twin(session, customer_id, wanted)
        if twin is not None:
            return twin
        count = session.exec(
            select(func.count())
            .select_from(StandingOrder)
            .where(
                col(StandingOrder.customer_id) == customer_id,
                col(StandingOrder.state) != StandingState.ENDED,
            )
        ).one()
        if count >= MOST_STANDING_ORDERS:
            message = N_("A company has at most %(most)s standing orders. End one of them first.")
            raise Refused(message, code="standing.too_many", most=MOST_STANDING_ORDERS)
        standing = StandingOrder(
            customer_id=customer_id,
            contact_id=contact_id,
            every_days=wanted.every_days,
            asks_on=_asks_on(session, wanted),
            created_at=now,
            changed_at=now,
        )
        _refuse_unknown(session, wanted, present=())
        session.add(standing)
        session.flush()
        _write_lines(session, standing, wanted, calendar=calendar, now=now)
    return standing.id or 0


def change_standing_order(
    session: Session,
    standing_order_id: int,
    wanted: Wanted,
    *,
    customer_id: int,
    contact_id: int,
    calendar: Calendar,
    now: datetime,
) -> None:
    """Gives a standing order another rhythm, next day or other lines; whoever changes it is asked from now on.

    A run that waits for its answer keeps its day and gets the new lines. Raises NotFound, and what opening raises.
    """
    today = now.astimezone(calendar.zone).date()
    _check(wanted, today=today)
    with transaction(session):
        _lock_customer(session, customer_id)
        standing = lock_standing(session, standing_order_id, customer_id=customer_id)
        if standing.state is StandingState.ENDED:
            raise _over()
        present = lines_of(session, [standing_order_id])[standing_order_id]
        _refuse_unknown(session, wanted, present=[line.bundle_id for line in present])
        standing.every_days = wanted.every_days
        standing.contact_id = contact_id
        standing.changed_at = now
        if standing.state is StandingState.ACTIVE:
            due_on = _asks_on(session, wanted)
            run = _waiting(session, standing)
            standing.asks_on = max(due_on, run.run_on + timedelta(days=1)) if run else due_on
        session.exec(delete(StandingOrderLine).where(col(StandingOrderLine.standing_order_id) == standing.id))
        _write_lines(session, standing, wanted, calendar=calendar, now=now)


def move_standing_order(
    session: Session,
    standing_order_id: int,
    following: StandingState,
    *,
    customer_id: int,
    today: date,
    now: datetime,
) -> None:
    """Pauses, resumes or ends a standing order; one that is so already stays as it is.

    A run that waits is skipped by a pause and by the end; a resumed one asks today. Raises NotFound, and Refused
    for one that has ended.
    """
    with transaction(session):
        _lock_customer(session, customer_id)
        standing = lock_standing(session, standing_order_id, customer_id=customer_id)
        if standing.state is following:
            return
        if not may_stand(standing.state, following):
            raise _over()
        run = _waiting(session, standing)
        if run is not None:
            answer_run(session, run, RunState.SKIPPED, now=now)
        standing.state = following
        standing.asks_on = today if following is StandingState.ACTIVE else None
        standing.unanswered_count = 0
        standing.changed_at = now


def skip_run(session: Session, run_id: int, *, customer_id: int, now: datetime) -> None:
    """Leaves out one run; one that was skipped before stays so. Raises NotFound, Refused for one that is over."""
    with transaction(session):
        _lock_customer(session, customer_id)
        known = session.get(StandingOrderRun, run_id)
        if known is not None and known.state is RunState.SKIPPED:
            lock_standing(session, known.standing_order_id, customer_id=customer_id)
            return
        run = lock_open_run(session, run_id, customer_id=customer_id, now=now)
        answer_run(session, run, RunState.SKIPPED, now=now)


def _check(wanted: Wanted, *, today: date) -> None:
    faults = []
    if not LEAST_EVERY_DAYS <= wanted.every_days <= GREATEST_EVERY_DAYS:
        message = N_("Please enter %(least)s to %(greatest)s days.")
        values: dict[str, object] = {"least": LEAST_EVERY_DAYS, "greatest": GREATEST_EVERY_DAYS}
        faults.append(FieldError("every_days", message, values))
    if not today < wanted.run_on <= today + timedelta(days=LONGEST_AHEAD_DAYS):
        faults.append(FieldError("run_on", N_("Please choose a day from tomorrow on, at most a year ahead.")))
    if not wanted.quantities:
        faults.append(FieldError("quantity", N_("Please leave at least one bundle in it.")))
    if len(wanted.quantities) > MOST_STANDING_LINES:
        message = N_("A standing order holds at most %(most)s bundles.")
        faults.append(FieldError("quantity", message, {"most": MOST_STANDING_LINES}))
    if faults:
        message = N_("The standing order cannot be like this.")
        raise Invalid(message, code="standing.invalid", fields=tuple(faults))


def _asks_on(session: Session, wanted: Wanted) -> date:
    ask_days = current_policy(session).standing_ask_days
    return asks_on(wanted.run_on, every_days=wanted.every_days, ask_days=ask_days)


def _twin(session: Session, customer_id: int, wanted: Wanted) -> int | None:
    """The active standing order that is already exactly what is wanted."""
    query = select(StandingOrder.id).where(
        col(StandingOrder.customer_id) == customer_id,
        col(StandingOrder.state) == StandingState.ACTIVE,
        col(StandingOrder.every_days) == wanted.every_days,
        col(StandingOrder.asks_on) == _asks_on(session, wanted),
    )
    ids = [standing_id or 0 for standing_id in session.exec(query.order_by(col(StandingOrder.id)))]
    for standing_id, lines in lines_of(session, ids).items():
        if {line.bundle_id: line.quantity for line in lines} == dict(wanted.quantities):
            return standing_id
    return None


def _refuse_unknown(session: Session, wanted: Wanted, *, present: Collection[int]) -> None:
    """Raises NotFound for a bundle that is not on sale and did not stand in the standing order before."""
    new = wanted.quantities.keys() - set(present)
    query = select(Bundle.id).where(col(Bundle.id).in_(new), col(Bundle.state) == BundleState.PUBLISHED)
    if set(session.exec(query)) != new:
        raise no_such_bundle()


def _write_lines(
    session: Session, standing: StandingOrder, wanted: Wanted, *, calendar: Calendar, now: datetime
) -> None:
    """Writes the lines as they are wanted. Raises WrongLines; what is short at the moment only is no fault."""
    standing_id = standing.id or 0
    for bundle_id, quantity in wanted.quantities.items():
        session.add(StandingOrderLine(standing_order_id=standing_id, bundle_id=bundle_id, quantity=quantity))
    session.flush()
    checkout = read_checkout(
        session, standing.customer_id, calendar=calendar, now=now, wish=Wish(standing_order_id=standing_id)
    )
    wrong = []
    for line in checkout.lines:
        rule = replace(line.rule, available_count=None)
        problem = check_quantity(line.priced.quantity, rule)
        if problem is not None:
            wrong.append(WrongLine(line.bundle_id, line.name_de, line.name_en, problem, rule))
    sold = {line.bundle_id for line in checkout.lines}
    wrong += [
        WrongLine(line.bundle_id, line.name_de, line.name_en, None, QuantityRule())
        for line in lines_of(session, [standing_id])[standing_id]
        if line.bundle_id not in sold
    ]
    if wrong:
        raise WrongLines(wrong)


def _waiting(session: Session, standing: StandingOrder) -> StandingOrderRun | None:
    query = select(StandingOrderRun).where(
        col(StandingOrderRun.standing_order_id) == standing.id,
        col(StandingOrderRun.state) == RunState.ASKED,
    )
    return session.exec(query.with_for_update()).first()


def _lock_customer(session: Session, customer_id: int) -> None:
    session.exec(select(Customer.id).where(col(Customer.id) == customer_id).with_for_update()).one()


def _over() -> Refused:
    return Refused(N_("This standing order has ended: please open a new one."), code="standing.ended")
