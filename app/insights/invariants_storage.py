"""Invariants of the database itself: intact pages, kept references, and the guards that stand in it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Table, UniqueConstraint, and_, inspect, select, text
from sqlmodel import Session, SQLModel

from app.insights.findings import Invariant

APPEND_ONLY = (
    "audit_entries",
    "policy_versions",
    "terms_versions",
    "block_prices",
    "stock_moves",
    "effort_level_changes",
    "mail_texts",
    "money_events",
    "invoices",
    "invoice_taxes",
    "vat_checks",
    "month_closes",
)
TRIGGERS = {
    "sqlite": (
        *(f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")),
        "invoices_in_open_months",
        *(f"frozen_versions_{verb}" for verb in ("update", "delete")),
        *(f"frozen_items_{verb}" for verb in ("insert", "update", "delete")),
    ),
    "postgresql": (
        *(f"{table}_append_only" for table in APPEND_ONLY),
        "invoices_in_open_months",
        "frozen_versions",
        "frozen_items",
    ),
}
"""The triggers of the migrations by engine: what they forbid must stay forbidden."""


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _broken_pages(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    if not _is_sqlite(session):
        return
    for (answer,) in session.connection().exec_driver_sql("PRAGMA integrity_check").fetchall():
        if answer != "ok":
            yield "database", f"The database file is damaged: {answer}."


def _lost_references(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    for table in SQLModel.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            target = key.referred_table.alias("target")
            pairs = [(element.parent, target.c[element.column.name]) for element in key.elements]
            lost = (
                select(*table.primary_key.columns)
                .outerjoin(target, and_(*(own == other for own, other in pairs)))
                .where(*(own.is_not(None) for own, _ in pairs), pairs[0][1].is_(None))
            )
            names = ", ".join(own.name for own, _ in pairs)
            for row in session.execute(lost):
                row_id = ", ".join(str(part) for part in row)
                yield (
                    f"{table.name} {row_id}",
                    f"{names} of {table.name} {row_id} leads to no row of {key.referred_table.name}.",
                )


def _missing_triggers(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    found = session.execute(
        text("SELECT lower(name) FROM sqlite_master WHERE type = 'trigger'")
        if _is_sqlite(session)
        # 'D' is disabled, 'R' fires on replicas only.
        else text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
    ).scalars()
    standing = set(found)
    for name in TRIGGERS["sqlite" if _is_sqlite(session) else "postgresql"]:
        if name not in standing:
            yield name, f"The trigger {name}, which keeps rows from being changed, does not stand."


def _missing_constraints(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    """Uniqueness and references that the program relies on: flows lean on them when two run at once."""
    inspector = inspect(session.connection())
    existing = set(inspector.get_table_names())
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in existing:
            yield table.name, f"The table {table.name} does not exist."
            continue
        unique = {
            tuple(map(str, one["column_names"])) for one in inspector.get_unique_constraints(table.name)
        }
        unique |= {
            tuple(map(str, one["column_names"])) for one in inspector.get_indexes(table.name) if one["unique"]
        }
        references = {
            (tuple(one["constrained_columns"]), one["referred_table"])
            for one in inspector.get_foreign_keys(table.name)
        }
        for columns in sorted(_unique_columns(table) - unique):
            yield table.name, f"Nothing keeps {', '.join(columns)} of {table.name} unique."
        for key in table.foreign_key_constraints:
            own = tuple(column.name for column in key.columns)
            if (own, key.referred_table.name) not in references:
                yield (
                    table.name,
                    f"Nothing ties {', '.join(own)} of {table.name} to {key.referred_table.name}.",
                )
    yield from _unenforced_references(session)


def _unenforced_references(session: Session) -> Iterator[tuple[object, str]]:
    if _is_sqlite(session):
        if session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() != 1:
            yield "database", "References are not enforced on this connection."
        return
    weak = session.execute(
        text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
            " UNION SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgisinternal AND tgenabled = 'D'"
            " ORDER BY 1, 2"
        )
    )
    for table_name, name in weak:
        yield table_name, f"The reference {name} of {table_name} is not enforced."


def _unique_columns(table: Table) -> set[tuple[str, ...]]:
    constraints = {
        tuple(column.name for column in one.columns)
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    }
    return constraints | {tuple(c.name for c in one.columns) for one in table.indexes if one.unique}


STORAGE = (
    Invariant("the_file_is_intact", "SQLite's own check of the whole file finds nothing.", _broken_pages),
    Invariant("every_reference_leads_somewhere", "No row refers to a row that is gone.", _lost_references),
    Invariant(
        "append_only_and_frozen_rows_are_guarded",
        "The triggers stand that forbid changing audit entries, policies, terms, histories and published versions.",
        _missing_triggers,
    ),
    Invariant(
        "uniqueness_and_references_are_guarded",
        "The database itself keeps every unique key and reference that the program relies on.",
        _missing_constraints,
    ),
)
"""All invariants of the database itself."""
