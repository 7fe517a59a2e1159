"""A person says which column of a list is which; the worker then reads it to its end without writing anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.imports.rules.mapping import COLUMNS, faults_of
from app.imports.rules.states import ImportKind, ImportState
from app.imports.service import ATTEMPTS, lock_import, move, remember
from app.jobs.service import put_job
from app.mainbrand.rules.notation import DateStyle, NumberStyle


@dataclass(frozen=True)
class Reading:
    """How a list is to be read: our column → its title, and how it writes numbers, dates and money."""

    mapping: Mapping[str, str]
    number_style: NumberStyle
    date_style: DateStyle
    currency: str


def map_import(session: Session, import_id: int, reading: Reading, *, actor: Actor, now: datetime) -> None:
    """Keeps the choice, remembers it for the source, and has the list checked.

    Raises NotFound, Refused (`import.wrong_state`, `import.dry_run`), or Invalid with a fault for each wrong column.
    """
    with transaction(session):
        entry = lock_import(session, import_id, is_patient=False)
        faults = faults_of(reading.mapping, entry.titles, COLUMNS[entry.kind])
        if len(reading.currency) != 3 or not (reading.currency.isascii() and reading.currency.isalpha()):
            faults += (FieldError("currency", N_("A currency has three letters, such as EUR.")),)
        if faults:
            raise Invalid(N_("Please check the columns."), code="import.columns", fields=faults)
        if entry.is_dry_run:
            raise Refused(
                N_("A program asked for a dry run only. Hand the list in again to import it."),
                code="import.dry_run",
            )
        move(entry, ImportState.CHECKING)
        entry.mapping = dict(reading.mapping)
        entry.number_style, entry.date_style = reading.number_style, reading.date_style
        entry.currency = reading.currency.upper() if entry.kind is ImportKind.PURCHASES else "EUR"
        entry.preview, entry.reasons = [], []
        entry.read_count = entry.rejected_count = entry.noted_count = 0
        entry.new_count = entry.changed_count = entry.unchanged_count = 0
        remember(session, entry, now=now)
        put_job(session, "check_import", now=now, maximum_attempts=ATTEMPTS, import_id=entry.id)
        record(
            session,
            actor,
            action="import.mapped",
            object_kind="import",
            object_id=entry.id,
            object_name=entry.file_name,
            now=now,
            new={"columns": entry.mapping, "numbers": entry.number_style, "dates": entry.date_style},
        )
