"""Taking an import back inside the caller's transaction: the rows stand there as they did before."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, null, text
from sqlmodel import Session, SQLModel

from app.core.db import UTCDateTime
from app.mainbrand.models import Cause, MainAccount
from app.mainbrand.rules.match_keys import VERSION
from app.mainbrand.service_match_keys import count_keys, write_keys

LONGEST_WAIT_SECONDS = 900
ADDED = "(SELECT account_id FROM former_accounts WHERE import_id = :id AND former IS NULL)"


def lock_lists(session: Session) -> None:
    """Keeps other imports and ratings out of the lists until the transaction ends; lets long statements run."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT_SECONDS}s'"))
        session.execute(text("LOCK TABLE main_accounts, purchases IN SHARE ROW EXCLUSIVE MODE"))


def remove_purchases(session: Session, import_id: int) -> int:
    """Deletes the purchases that an import added; how many."""
    return _run(session, "DELETE FROM purchases WHERE import_id = :id", import_id)


def restore_accounts(session: Session, import_id: int, *, by: str, now: datetime) -> tuple[int, int]:
    """Deletes the accounts that an import added and puts the others back, column by column; how many of each.

    What was noted about the added ones goes with them; customers of the shop must not be linked to them any more.
    """
    for table, column in _notes():
        statement = f"DELETE FROM {table} WHERE {column} IN {ADDED}"
        _run(session, statement, import_id)
    _run(session, f"DELETE FROM match_keys WHERE account_id IN {ADDED}", import_id)
    removed_count = _run(session, f"DELETE FROM main_accounts WHERE id IN {ADDED}", import_id)
    columns = _kept_columns(session, import_id)
    restored_count = _put_back(session, columns, import_id, by=by, now=now) if columns else 0
    count_keys(session)
    return removed_count, restored_count


def _put_back(session: Session, columns: list[str], import_id: int, *, by: str, now: datetime) -> int:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    former = "f.former->>'segment'" if is_postgresql else "json_extract(f.former, '$.segment')"
    history = text(
        "INSERT INTO segment_changes (main_account_id, at, old_segment, new_segment, cause, reason, changed_by)"
        f" SELECT m.id, :now, m.segment, {former}, '{Cause.UNDO.value}', '', :by"
        " FROM former_accounts f JOIN main_accounts m ON m.id = f.account_id WHERE f.import_id = :id"
        f" AND f.former IS NOT NULL AND m.override_id IS NULL AND m.segment <> {former}"
    ).bindparams(bindparam("now", type_=UTCDateTime))
    session.execute(history, {"id": import_id, "now": now, "by": by[:200]})
    values = {
        name: f"r.{name}" if is_postgresql else f"json_extract(f.former, '$.{name}')" for name in columns
    }
    # What a person decided about a segment stays.
    values["segment"] = (
        f"CASE WHEN main_accounts.override_id IS NULL THEN {values['segment']} ELSE main_accounts.segment END"
    )
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    rows = "json_populate_record(NULL::main_accounts, f.former) r"
    source = f"former_accounts f CROSS JOIN LATERAL {rows}" if is_postgresql else "former_accounts f"
    restored_count = _run(
        session,
        f"UPDATE main_accounts SET {changes} FROM {source}"
        " WHERE f.import_id = :id AND f.former IS NOT NULL AND main_accounts.id = f.account_id",
        import_id,
    )
    _key_anew(session, import_id)
    return restored_count


def _key_anew(session: Session, import_id: int) -> None:
    """The keys by which applicants find an account follow what stands in it again."""
    find = text("SELECT account_id FROM former_accounts WHERE import_id = :id AND former IS NOT NULL")
    write_keys(session, [row[0] for row in session.execute(find, {"id": import_id})], is_new=False)
    _run(
        session,
        f"UPDATE main_accounts SET keyed_as = {VERSION} WHERE id IN"
        " (SELECT account_id FROM former_accounts WHERE import_id = :id AND former IS NOT NULL)",
        import_id,
    )


def forget_former(session: Session, import_id: int) -> None:
    """Deletes what was kept for undoing an import."""
    _run(session, "DELETE FROM former_accounts WHERE import_id = :id", import_id)


def added_accounts(import_id: int) -> Any:
    """A subquery for the ids of the accounts that an import added."""
    table = SQLModel.metadata.tables["former_accounts"]
    return (
        table.select()
        .with_only_columns(table.c.account_id)
        .where(table.c.import_id == import_id, table.c.former.is_(null()))
    )


def _notes() -> list[tuple[str, str]]:
    """Tables with the column in which they name a main account, besides the shop's customers; the deepest first."""
    return [
        (table.name, key.parent.name)
        for table in reversed(SQLModel.metadata.sorted_tables)
        for key in table.foreign_keys
        if key.target_fullname == "main_accounts.id" and table.name != "customers"
    ]


def _kept_columns(session: Session, import_id: int) -> list[str]:
    """The columns that the kept rows have and the table still has; one that came later keeps its value."""
    kept = session.execute(
        text(
            "SELECT CAST(former AS text) FROM former_accounts"
            " WHERE import_id = :id AND former IS NOT NULL LIMIT 1"
        ),
        {"id": import_id},
    ).scalar()
    if kept is None:
        return []
    names = set(json.loads(kept)) - {"id", "override_id"}
    return [
        column.name
        for column in SQLModel.metadata.tables[str(MainAccount.__tablename__)].columns
        if column.name in names
    ]


def _run(session: Session, statement: str, import_id: int) -> int:
    done = session.execute(text(statement), {"id": import_id})
    return int(done.rowcount)  # type: ignore[attr-defined]
