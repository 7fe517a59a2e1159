"""Merging staged purchases into the table, inside the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from app.mainbrand.staging import drop_stage, lock_table, stage

STAGE = "stage_purchases"
TYPES = {
    "import_key": "varchar(32)",
    "account_number": "varchar(64)",
    "invoice_number": "varchar(64)",
    "sku": "varchar(64)",
    "description": "varchar(300)",
    "quantity_milli": "bigint",
    "net_cents": "bigint",
    "currency": "varchar(3)",
    "is_goods": "boolean",
    "country": "varchar(64)",
    "purchased_at": "timestamp",
}


@dataclass(frozen=True)
class Merged:
    """How many staged rows were new, differed from what was there, or were there already."""

    new_count: int
    changed_count: int
    unchanged_count: int


def merge_purchases(
    session: Session, frames: Iterable[pl.DataFrame], *, is_dry_run: bool, import_id: int | None = None
) -> Merged:
    """Adds the lines that are not there yet (their key is unique), marked with their import; a dry run only counts."""
    if not is_dry_run:
        lock_table(session, "purchases")
    stage(session, STAGE, TYPES, frames)
    total = int(session.execute(text(f"SELECT count(*) FROM {STAGE}")).scalar_one())
    columns = ", ".join(TYPES)
    if is_dry_run:
        known = text(f"SELECT count(*) FROM {STAGE} s JOIN purchases p ON p.import_key = s.import_key")
        new_count = total - int(session.execute(known).scalar_one())
    else:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        values = columns if is_sqlite else columns.replace("purchased_at", "purchased_at AT TIME ZONE 'UTC'")
        before = _count(session) if is_sqlite else 0
        done = session.execute(
            text(
                f"INSERT INTO purchases ({columns}, import_id) SELECT {values}, {_id(import_id)} FROM {STAGE}"
                " WHERE true ON CONFLICT (import_key) DO NOTHING"
            )
        )
        new_count = _count(session) - before if is_sqlite else done.rowcount  # type: ignore[attr-defined]
    drop_stage(session, STAGE)
    return Merged(new_count, 0, total - new_count)


def _id(import_id: int | None) -> str:
    return "NULL" if import_id is None else str(int(import_id))


def _count(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM purchases")).scalar_one())
