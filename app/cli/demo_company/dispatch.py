"""The demo's dispatch: two closing days between the years, and an order that the last run left behind."""

from datetime import date, datetime, timedelta

from app.cli.demo_company.orders import PACKER, AddOrder, Conditions
from app.flows.fill_demo import Buyer, Rows
from app.fulfilment.models import WAREHOUSE, ClosingDay
from app.ordering.rules.promise import SATURDAY, run_of_week

CLOSED_BECAUSE = "Inventur zwischen den Jahren"
CLOSING_DAYS = 2


def closing_days(today: date) -> list[date]:
    """The first two weekdays after the Christmas to come: the inventory."""
    year = today.year if today < date(today.year, 12, 28) else today.year + 1
    week = (date(year, 12, 28) + timedelta(days=n) for n in range(7))
    return [day for day in week if day.isoweekday() < SATURDAY][:CLOSING_DAYS]


def add_closing_days(rows: Rows, today: date, *, created_at: datetime) -> None:
    """The closing days, entered when the shop opened."""
    for day in closing_days(today):
        rows.add(
            ClosingDay,
            warehouse=WAREHOUSE,
            day=day,
            name=CLOSED_BECAUSE,
            added_by=PACKER,
            created_at=created_at,
        )


def add_left_behind(add_order: AddOrder, buyer: Buyer, conditions: Conditions) -> None:
    """An order that the last run should have taken: the worker finds it and tells its customer."""
    last = run_of_week(conditions.policy, conditions.calendar, conditions.today - timedelta(days=14))
    while (
        run := run_of_week(conditions.policy, conditions.calendar, last.run_on + timedelta(days=1))
    ).run_on < conditions.today:
        last = run
    add_order(buyer, 7, left_behind_by=last.run_on)
