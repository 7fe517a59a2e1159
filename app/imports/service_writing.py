"""Writing a checked list into the tables inside the caller's transaction, so that it can be undone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from app.audit.service import Actor, record
from app.catalogue.service_stock import OpenNeeds
from app.imports.models import Import
from app.imports.rules.states import ImportKind
from app.imports.service_blocks import count_blocks, merge_blocks
from app.jobs.service import put_job
from app.mainbrand.models import MainAccount
from app.mainbrand.service_accounts import merge_accounts
from app.mainbrand.service_purchases import Merged, merge_purchases

ACTIONS = {
    ImportKind.ACCOUNTS: "accounts.imported",
    ImportKind.PURCHASES: "purchases.imported",
    ImportKind.BLOCKS: "blocks.imported",
}


def write_list(
    session: Session,
    entry: Import,
    frames: Iterable[pl.DataFrame],
    *,
    open_needs: OpenNeeds,
    actor: Actor,
    now: datetime,
) -> Merged:
    """Adds and renews what the frames hold, keeps what stood there before, and counts it in the import's row.

    Where anything changed, it is audited; after lists of the main brand the accounts are rated anew, and after
    companies all customers are screened again. For `open_needs` see `merge_blocks`.
    """
    assert entry.id is not None
    if entry.kind is ImportKind.ACCOUNTS:
        keeping = partial(_keeping_former, session, entry.id)
        merged = merge_accounts(session, frames, is_dry_run=False, now=now, keeping=keeping)
    elif entry.kind is ImportKind.PURCHASES:
        merged = merge_purchases(session, frames, is_dry_run=False, import_id=entry.id)
    else:
        merged = merge_blocks(session, frames, entry=entry, open_needs=open_needs, actor=actor, now=now)
    keep_merged(entry, merged)
    entry.applied_at = now
    if merged.new_count or merged.changed_count:
        if entry.kind is ImportKind.ACCOUNTS:
            put_job(session, "screen_all", now=now)
        if entry.kind is not ImportKind.BLOCKS:
            put_job(session, "rate_accounts", now=now)
        record(
            session,
            actor,
            action=ACTIONS[entry.kind],
            object_kind="import",
            object_id=entry.id,
            object_name=entry.file_name,
            now=now,
            new={
                "new": merged.new_count,
                "changed": merged.changed_count,
                "unchanged": merged.unchanged_count,
                "rejected": entry.rejected_count,
                "noted": entry.noted_count,
            },
        )
    return merged


def count_list(
    session: Session, kind: ImportKind, frames: Iterable[pl.DataFrame], *, now: datetime
) -> Merged:
    """What writing these frames would do; nothing is written, and other writers do not wait."""
    try:
        if kind is ImportKind.ACCOUNTS:
            return merge_accounts(session, frames, is_dry_run=True, now=now)
        if kind is ImportKind.PURCHASES:
            return merge_purchases(session, frames, is_dry_run=True)
        return count_blocks(session, frames)
    finally:
        session.rollback()


def keep_merged(entry: Import, merged: Merged) -> None:
    """Takes the counts over into the import's row."""
    entry.new_count = merged.new_count
    entry.changed_count = merged.changed_count
    entry.unchanged_count = merged.unchanged_count


@contextmanager
def _keeping_former(session: Session, import_id: int, stage: str) -> Iterator[None]:
    """Keeps the rows that are going to change as they are, and afterwards which were added and what was left."""
    as_json = _row_as_json(session)
    session.execute(
        text(
            f"INSERT INTO former_accounts (import_id, account_id, former, left_hash, left_segment)"
            f" SELECT :id, m.id, {as_json}, '', '' FROM main_accounts m"
            f" JOIN {stage} s ON s.account_number = m.account_number WHERE m.row_hash <> s.row_hash"
        ),
        {"id": import_id},
    )
    session.execute(text(f"CREATE TEMP TABLE {stage}_new AS {_unknown(stage)}"))
    yield
    session.execute(
        text(
            "UPDATE former_accounts SET left_hash = m.row_hash, left_segment = m.segment FROM main_accounts m"
            " WHERE former_accounts.import_id = :id AND m.id = former_accounts.account_id"
        ),
        {"id": import_id},
    )
    session.execute(
        text(
            "INSERT INTO former_accounts (import_id, account_id, former, left_hash, left_segment)"
            f" SELECT :id, m.id, NULL, m.row_hash, m.segment FROM {stage}_new n"
            " JOIN main_accounts m ON m.account_number = n.account_number"
        ),
        {"id": import_id},
    )
    session.execute(text(f"DROP TABLE {stage}_new"))


def _unknown(stage: str) -> str:
    return (
        f"SELECT s.account_number FROM {stage} s WHERE NOT EXISTS"
        " (SELECT 1 FROM main_accounts m WHERE m.account_number = s.account_number)"
    )


def _row_as_json(session: Session) -> str:
    """An account's whole row as JSON, whatever columns it has."""
    if session.get_bind().dialect.name == "postgresql":
        return "to_json(m)"
    columns = SQLModel.metadata.tables[str(MainAccount.__tablename__)].columns
    return "json_object(" + ", ".join(f"'{column.name}', m.{column.name}" for column in columns) + ")"
