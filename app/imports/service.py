"""Writing imports inside the caller's transaction: a new one, its states, and what its source is remembered for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, Invalid, NotFound, Refused
from app.imports.models import Import, ImportSource
from app.imports.queries import remembered
from app.imports.rules.mapping import COLUMNS, fitting, headings_key
from app.imports.rules.states import ImportKind, ImportState, may_follow
from app.jobs.service import insert_into

LONGEST_FILE_NAME = 255
LONGEST_SOURCE = 120
ATTEMPTS = 4
"""How often the worker begins anew, after a crash for instance."""


def add_import(
    session: Session,
    *,
    kind: ImportKind,
    file_name: str,
    actor: Actor,
    now: datetime,
    state: ImportState = ImportState.UPLOADED,
    **values: Any,
) -> Import:
    """A new import with its id."""
    entry = Import(
        kind=kind,
        state=state,
        file_name=plain_file_name(file_name),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:200],
        created_at=now,
        **values,
    )
    session.add(entry)
    session.flush()
    return entry


def plain_file_name(text: str) -> str:
    """The last part of a file's name, without signs that do not print; never empty."""
    name = text.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in name if sign.isprintable())[-LONGEST_FILE_NAME:].strip() or "list"


def actor_of(entry: Import) -> Actor:
    """Who handed the list in."""
    return Actor(ActorKind(entry.actor_kind), entry.actor_name, entry.actor_id)


def lock_import(session: Session, import_id: int, *, is_patient: bool = True) -> Import:
    """The import, locked until the transaction ends.

    Raises NotFound; where `is_patient` is false, also Refused `import.being_written` instead of waiting.
    """
    query = select(Import).where(col(Import.id) == import_id).with_for_update(skip_locked=not is_patient)
    entry = session.exec(query).first()
    if entry is None:
        if session.exec(select(Import.id).where(col(Import.id) == import_id)).first() is not None:
            raise Refused(
                N_("This list is being written at this moment. Wait until it is done."),
                code="import.being_written",
            )
        raise NotFound(N_("There is no such import."), code="import.not_found")
    return entry


def move(entry: Import, state: ImportState) -> None:
    """Takes an import to another state. Raises Refused (`import.wrong_state`) where that is not possible."""
    if not may_follow(entry.state, state):
        raise Refused(
            N_("This is not possible any more: the import has gone on meanwhile. Reload the page."),
            code="import.wrong_state",
        )
    entry.state = state


def note_progress(session: Session, import_id: int, state: ImportState, **values: Any) -> bool:
    """Notes how far the reading has come; False when the import is not in that state any more."""
    noted = session.execute(
        update(Import)
        .where(col(Import.id) == import_id, col(Import.state) == state)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(noted.rowcount)  # type: ignore[attr-defined]


def refuse_file(session: Session, entry: Import, error: Invalid, *, now: datetime) -> None:
    """Ends an import whose file cannot be taken, and says why."""
    move(entry, ImportState.FAILED)
    entry.error_code, entry.error_text = error.code[:64], error.message[:500]
    entry.error_values = {name: str(value) for name, value in error.values.items()}
    record(
        session,
        actor_of(entry),
        action="import.failed",
        object_kind="import",
        object_id=entry.id,
        object_name=entry.file_name,
        now=now,
        reason=error.code,
    )


def keep_counts(entry: Import, done: Mapping[str, Any]) -> None:
    """Takes over what the reading process counted."""
    entry.read_count = done["read_count"]
    entry.rejected_count = done["rejected_count"]
    entry.noted_count = done["noted_count"]
    entry.reasons = done["reasons"]


def suggest(session: Session, entry: Import) -> None:
    """Chooses the columns as this source had them last time, else by their headings."""
    known = remembered(session, entry.kind, entry.source, heading_name(entry.titles))
    columns = COLUMNS[entry.kind]
    entry.mapping = fitting(
        known.mapping if known else {}, entry.titles, columns, is_bold=not entry.is_automatic
    )
    if known is not None:
        entry.number_style, entry.date_style = known.number_style, known.date_style
        entry.currency = known.currency


def remember(session: Session, entry: Import, *, now: datetime) -> None:
    """Keeps how this source is read, under its name and under its headings."""
    for name in {entry.source, heading_name(entry.titles)} - {""}:
        values = {
            "mapping": entry.mapping,
            "number_style": entry.number_style,
            "date_style": entry.date_style,
            "currency": entry.currency,
            "used_at": now,
        }
        insert = insert_into(session, ImportSource).values(kind=entry.kind, name=name, **values)
        session.execute(insert.on_conflict_do_update(index_elements=["kind", "name"], set_=values))


def heading_name(titles: list[str]) -> str:
    """The name under which a file without one is remembered."""
    return f"headings:{headings_key(titles)}"
