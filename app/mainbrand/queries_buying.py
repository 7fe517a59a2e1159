"""Reading what the main brand's customers bought, added up by day, and the accounts that are to be rated."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from app.mainbrand.buying import DAYS
from app.mainbrand.models import ProspectModel, Purchase
from app.mainbrand.rules.prospect import Judgement
from app.mainbrand.rules.segments import Segment

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Rateable:
    """What rating needs of an account; `id` is None for a buyer that the list does not have."""

    id: int | None
    account_number: str
    segment: Segment
    segment_reason: str
    listed_segment: Segment | None
    rated_segment: Segment | None
    override_id: int | None
    revenue_12m_cents: int | None
    prospect_bp: int | None
    prospect_low_bp: int | None
    prospect_high_bp: int | None
    evidence: dict[str, Any] | None
    rated_at: datetime | None
    headcount: int | None
    industry: str
    sales_judgement: Judgement | None


FIELDS = tuple(Rateable.__dataclass_fields__)


def read_rateable(session: Session) -> list[Rateable]:
    """Every account of the list, by its number."""
    accounts = SQLModel.metadata.tables["main_accounts"]
    rows = session.execute(
        select_columns(*(accounts.c[name] for name in FIELDS)).order_by(accounts.c.account_number)
    )
    return [Rateable(*row) for row in rows]


def last_purchase_at(session: Session) -> datetime | None:
    """The moment of the newest purchase."""
    return session.exec(select(func.max(Purchase.purchased_at))).one()


def last_goods_at(session: Session, *, now: datetime) -> datetime | None:
    """The moment of the newest purchase of goods in euros up to now: no line dated ahead moves what is counted."""
    return session.exec(
        select(func.max(Purchase.purchased_at)).where(
            col(Purchase.is_goods),
            col(Purchase.currency) == CURRENCY,
            col(Purchase.purchased_at) <= now,
        )
    ).one()


def read_buyers(session: Session) -> set[str]:
    """The numbers of all that ever bought anything."""
    return set(session.exec(select(Purchase.account_number).distinct()))


def read_days(session: Session, *, until: datetime) -> pl.DataFrame:
    """Purchase days (see `buying.DAYS`; UTC days) of goods in euros up to a moment."""
    net, quantity = col(Purchase.net_cents), col(Purchase.quantity_milli)
    day = func.date(col(Purchase.purchased_at))
    is_purchase = net > 0
    rows = session.execute(
        select_columns(
            col(Purchase.account_number),
            day,
            func.coalesce(func.sum(net).filter(is_purchase), 0),
            func.coalesce(func.sum(-net).filter(net < 0), 0),
            func.count().filter(is_purchase),
            func.coalesce(func.sum(quantity).filter(is_purchase), 0),
        )
        .where(
            col(Purchase.is_goods),
            col(Purchase.currency) == CURRENCY,
            col(Purchase.purchased_at) <= until,
        )
        .group_by(col(Purchase.account_number), day)
    ).all()
    days = [date.fromisoformat(row[1]) if isinstance(row[1], str) else row[1] for row in rows]
    columns = list(zip(*rows, strict=True)) or [()] * len(DAYS)
    values = {
        name: days if name == "day" else [*map(int, values)] if kind is pl.Int64 else list(values)
        for (name, kind), values in zip(DAYS.items(), columns, strict=True)
    }
    return pl.DataFrame(values, schema=DAYS).sort("account_number", "day")


def read_article_counts(session: Session, *, since: datetime, until: datetime) -> dict[str, int]:
    """How many different articles each account bought between two moments (the first not counted)."""
    rows = session.execute(
        select_columns(col(Purchase.account_number), func.count(func.distinct(Purchase.sku)))
        .where(
            col(Purchase.is_goods),
            col(Purchase.net_cents) > 0,
            col(Purchase.purchased_at) > since,
            col(Purchase.purchased_at) <= until,
        )
        .group_by(col(Purchase.account_number))
    )
    return {number: int(count) for number, count in rows}


def read_revenues(session: Session, *, since: datetime, until: datetime) -> dict[str, int]:
    """Net cents of goods in euros between two moments (the first not counted), for all that bought then."""
    rows = session.execute(
        select_columns(col(Purchase.account_number), func.sum(Purchase.net_cents))
        .where(
            col(Purchase.is_goods),
            col(Purchase.currency) == CURRENCY,
            col(Purchase.purchased_at) > since,
            col(Purchase.purchased_at) <= until,
        )
        .group_by(col(Purchase.account_number))
    )
    return {number: int(cents) for number, cents in rows}


def read_foreign_buyers(session: Session, *, since: datetime, until: datetime) -> frozenset[str]:
    """Those who bought goods in another currency between two moments (the first not counted)."""
    bought = select(Purchase.account_number).where(
        col(Purchase.is_goods),
        col(Purchase.currency) != CURRENCY,
        col(Purchase.purchased_at) > since,
        col(Purchase.purchased_at) <= until,
    )
    return frozenset(session.exec(bought.distinct()))


def count_foreign_lines(session: Session) -> int:
    """How many purchases are in another currency and count for nothing."""
    return session.exec(
        select(func.count()).select_from(Purchase).where(col(Purchase.currency) != CURRENCY)
    ).one()


def newest_model(session: Session) -> ProspectModel | None:
    """The growth model that is in use."""
    return session.exec(select(ProspectModel).order_by(col(ProspectModel.id).desc()).limit(1)).first()
