"""What the pages of dispatch share: the course of the runs, and one run with its orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from app.core.errors import N_, NotFound
from app.fulfilment.models import DispatchRun, Shipment
from app.fulfilment.queries import DueOrder, due_orders, in_parcels, shipments_of_run
from app.fulfilment.queries_calendar import read_course, run_row
from app.fulfilment.queries_runs import late_on, short_orders, shortages
from app.fulfilment.rules.parcels import weight_g
from app.fulfilment.rules.run_states import RunState
from app.fulfilment.rules.runs import Course
from app.ordering.models import Order
from app.ordering.rules.promise import Run
from app.shop import Shop

MOST_ORDERS = 500
FURTHEST_RUNS = 60


@dataclass(frozen=True)
class RunView:
    """A run with what waits for it, what left with it, and what it left behind.

    `run` is None for a day without a run on which something left all the same.
    """

    run_on: date
    run: Run | None
    row: DispatchRun | None
    parcels: list[list[DueOrder]]
    shipments: Sequence[tuple[Shipment, str]]
    left_behind: Sequence[Order]
    short: dict[int, dict[int, int]]
    is_open: bool
    may_close: bool

    @property
    def orders(self) -> list[DueOrder]:
        return [one for parcel in self.parcels for one in parcel]

    @property
    def weight_g(self) -> int:
        return weight_g(packing for one in self.orders for packing in one.packings)

    @property
    def is_whole(self) -> bool:
        """Whether all orders are shown: a run may have more than one page holds."""
        return len(self.orders) < MOST_ORDERS


def course_of(shop: Shop, session: Session, *, now: datetime) -> Course:
    """What the runs are worked out from at this moment."""
    settings = shop.settings
    return read_course(session, state=settings.seller_federal_state, timezone=settings.timezone, now=now)


def read_run(
    session: Session, course: Course, run_on: date, *, language: str | None, now: datetime
) -> RunView:
    """The run of a day. Raises NotFound for a day on which none leaves and nothing left."""
    row = run_row(session, run_on)
    run = course.run_on(run_on)
    shipments = shipments_of_run(session, run_on, limit=MOST_ORDERS)
    if run is None and row is None and not shipments:
        raise _no_run()
    is_open = run is not None and run_on >= course.today and run_on not in course.closed
    parcels: list[list[DueOrder]] = []
    short: dict[int, dict[int, int]] = {}
    if is_open:
        after, is_next = _before(course, run_on)
        orders = due_orders(session, after=after, until=run_on, limit=MOST_ORDERS, language=language)
        parcels = in_parcels(orders)
        short = short_orders(session, until=run_on) if is_next else {}
    return RunView(
        run_on=run_on,
        run=run,
        row=row if row is not None and row.state is RunState.CLOSED else None,
        parcels=parcels,
        shipments=shipments,
        left_behind=[] if is_open else late_on(session, run_on, limit=MOST_ORDERS),
        short=short,
        is_open=is_open,
        may_close=is_open and run is not None and now >= run.cut_off_at,
    )


def _before(course: Course, run_on: date) -> tuple[date | None, bool]:
    """The open run before one, None for the next one of all; and whether it is the next."""
    before: date | None = None
    wanted_on = course.today
    for _ in range(FURTHEST_RUNS):
        found_on = course.run_for(wanted_on).run_on
        if found_on == run_on:
            return before, before is None
        before, wanted_on = found_on, found_on + timedelta(days=1)
    raise _no_run()


def _no_run() -> NotFound:
    return NotFound(N_("No dispatch run leaves on this day."), code="run.unknown")


@dataclass(frozen=True)
class Shortage:
    """An order that cannot be packed from what is there, and the block of which something is missing."""

    number: str
    company_name: str
    sku: str
    name: str
    unit_code: str
    missing_milli: int


def named_short(session: Session, short: dict[int, dict[int, int]], *, language: str) -> list[Shortage]:
    """What is missing for which order, by their names."""
    return [
        Shortage(
            order.number,
            order.company_name,
            block.sku,
            block.name_de if language == "de" else block.name_en,
            block.unit_code,
            missing_milli,
        )
        for order, block, missing_milli in shortages(session, short)
    ]
