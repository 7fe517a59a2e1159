"""Reading what discovery looks through: a year of the main brand's purchases, and who is C."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.insights.baskets import LINES
from app.insights.rules.proposing import YEAR_DAYS
from app.mainbrand.models import MainAccount, Purchase
from app.mainbrand.queries_buying import CURRENCY, last_goods_at
from app.mainbrand.rules.segments import Segment

BATCH = 20_000


def read_low_accounts(session: Session) -> list[str]:
    """The numbers of the accounts that are C."""
    accounts = select(MainAccount.account_number).where(col(MainAccount.segment) == Segment.C)
    return list(session.exec(accounts.order_by(col(MainAccount.account_number))))


def read_lines(session: Session, *, now: datetime) -> tuple[pl.DataFrame, date] | None:
    """The goods in euros (columns baskets.LINES, UTC days) of the year up to the newest of them, and the day after.

    None where nothing was ever bought. What is dated after `now` is left out.
    """
    newest_at = last_goods_at(session, now=now)
    if newest_at is None:
        return None
    until = newest_at.date() + timedelta(days=1)
    since_at = datetime.combine(until - timedelta(days=YEAR_DAYS), datetime.min.time(), newest_at.tzinfo)
    rows = session.execute(
        select_columns(
            col(Purchase.account_number),
            col(Purchase.invoice_number),
            col(Purchase.sku),
            col(Purchase.description),
            col(Purchase.quantity_milli),
            col(Purchase.net_cents),
            func.date(col(Purchase.purchased_at)),
        )
        .where(
            col(Purchase.is_goods),
            col(Purchase.currency) == CURRENCY,
            col(Purchase.purchased_at) >= since_at,
            col(Purchase.purchased_at) <= newest_at,
        )
        .order_by(col(Purchase.id)),
        execution_options={"yield_per": BATCH},
    )
    frames = [_frame(part) for part in rows.partitions()]
    return (pl.concat(frames) if frames else pl.DataFrame(schema=LINES)), until


def _frame(rows: Sequence[Any]) -> pl.DataFrame:
    columns = dict(zip(LINES, zip(*rows, strict=True), strict=True))
    days = [date.fromisoformat(day) if isinstance(day, str) else day for day in columns["day"]]
    return pl.DataFrame({**columns, "day": days}, schema=LINES)
