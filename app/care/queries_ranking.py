"""Reading customers by what is left of them after all effort, as last reviewed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.care.models import EffortStanding
from app.core.paging import Slice, read_page
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel

MOST_DOTS = 1_500


@dataclass(frozen=True, slots=True)
class Ranked:
    """One customer's twelve months in cents: contribution − effort = result; `cost_cents` is its own doing."""

    number: str
    company_name: str
    level: EffortLevel
    contribution_cents: int
    total_cost_cents: int
    cost_cents: int
    result_cents: int
    reviewed_at: datetime


@dataclass(frozen=True, slots=True)
class Sums:
    """All ranked customers together; `losing_count` are those of which less than nothing is left."""

    count: int
    losing_count: int
    contribution_cents: int
    total_cost_cents: int
    result_cents: int
    as_of: datetime | None


def rank_customers(session: Session, *, is_best_first: bool, page: int) -> Slice[Ranked]:
    """One page of all reviewed customers, the least or the most that is left first."""
    found = read_page(session, _ranking(is_best_first), page=page)
    return Slice([Ranked(*row) for row in found.rows], found.page, found.has_next)


def each_ranked(session: Session) -> Iterator[Ranked]:
    """All reviewed customers, the least first."""
    for row in session.execute(_ranking(False)):
        yield Ranked(*row)


def sum_customers(session: Session) -> Sums:
    """The sums over all reviewed customers; `as_of` is the oldest review among them."""
    result = col(EffortStanding.result_cents)
    row = session.execute(
        select_columns(
            func.count(),
            func.count().filter(result < 0),
            func.coalesce(func.sum(result + col(EffortStanding.total_cost_cents)), 0),
            func.coalesce(func.sum(col(EffortStanding.total_cost_cents)), 0),
            func.coalesce(func.sum(result), 0),
            func.min(col(EffortStanding.reviewed_at)),
        )
    ).one()
    return Sums(row[0], row[1], int(row[2]), int(row[3]), int(row[4]), row[5])


def dots_of_ranking(session: Session) -> tuple[list[tuple[int, int, EffortLevel]], int]:
    """(contribution, cost of its own doing, level) of the customers for the plot, and one in how many was taken.

    Whoever is above normal is always among them.
    """
    count = session.execute(select_columns(func.count()).select_from(EffortStanding)).scalar_one()
    step = max(1, -(-count // MOST_DOTS))
    query = select_columns(
        col(EffortStanding.contribution_cents), col(EffortStanding.cost_cents), col(Customer.effort_level)
    ).join(Customer, col(Customer.id) == col(EffortStanding.customer_id))
    if step > 1:
        is_taken = col(EffortStanding.customer_id) % step == 0
        query = query.where(is_taken | (col(Customer.effort_level) != EffortLevel.NORMAL))
    rows = session.execute(query.order_by(col(EffortStanding.customer_id)).limit(2 * MOST_DOTS))
    return [(contribution, cost, level) for contribution, cost, level in rows], step


def _ranking(is_best_first: bool) -> Select[*tuple[Any, ...]]:
    result = col(EffortStanding.result_cents)
    return (
        select_columns(
            col(Customer.number),
            col(Customer.company_name),
            col(Customer.effort_level),
            result + col(EffortStanding.total_cost_cents),
            col(EffortStanding.total_cost_cents),
            col(EffortStanding.cost_cents),
            result,
            col(EffortStanding.reviewed_at),
        )
        .join(Customer, col(Customer.id) == col(EffortStanding.customer_id))
        .order_by(result.desc() if is_best_first else result, col(EffortStanding.customer_id))
    )
