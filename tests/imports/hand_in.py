"""Handing a list in as the wizard does, and letting the worker do its part with the real reading process."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.db import Database
from app.flows.apply_import import apply_import
from app.flows.check_import import check_import
from app.flows.look_into_import import look_into_import
from app.flows.map_import import Reading, map_import
from app.flows.receive_import import receive_import
from app.flows.start_import import start_import
from app.imports.child import read_list
from app.imports.models import Import
from app.imports.rules.states import ImportKind
from app.imports.service_reading import Reader, read_into
from app.imports.spool import Spool
from app.mainbrand.rules.notation import DateStyle, NumberStyle

CLERK = Actor(ActorKind.STAFF, "Kim Büro", 1)
ACCOUNTS = "Kundennummer;Firma;Ort;Segment\n"


@dataclass
class Office:
    """One clerk with one spool folder; every step is a call of the flow behind it."""

    session: Session
    spool: Spool
    now: datetime
    read: Reader = field(default=read_into)

    def hand_in(
        self,
        content: str | bytes,
        *,
        kind: ImportKind = ImportKind.ACCOUNTS,
        file_name: str = "liste.csv",
        source: str = "",
        **more: Any,
    ) -> int:
        """Uploads a file and lets the worker look into it; the number of its import."""
        incoming = self.spool.receive()
        incoming.write(content.encode() if isinstance(content, str) else content)
        import_id = receive_import(
            self.session,
            incoming,
            kind=kind,
            file_name=file_name,
            source=source,
            actor=CLERK,
            now=self.now,
            **more,
        )
        self.look(import_id)
        return import_id

    def look(self, import_id: int) -> None:
        look_into_import(
            self.session,
            import_id,
            spool=self.spool,
            read=lambda task: read_list(task, on_message=lambda _: True),
            now=self.now,
        )

    def map(self, import_id: int, mapping: dict[str, str] | None = None, **styles: Any) -> None:
        """Confirms the suggested columns, or others."""
        entry = self.entry(import_id)
        reading = Reading(
            mapping=mapping if mapping is not None else entry.mapping,
            number_style=styles.get("numbers", NumberStyle.PLAIN),
            date_style=styles.get("dates", DateStyle.PLAIN),
            currency=styles.get("currency", "EUR"),
        )
        map_import(self.session, import_id, reading, actor=CLERK, now=self.now)

    def check(self, import_id: int) -> Import:
        check_import(
            self.session, import_id, spool=self.spool, read=self.read, timezone="Europe/Berlin", now=self.now
        )
        return self.entry(import_id)

    def apply(self, import_id: int) -> Import:
        apply_import(
            self.session, import_id, spool=self.spool, read=self.read, timezone="Europe/Berlin", now=self.now
        )
        return self.entry(import_id)

    def checked(self, content: str | bytes, **more: Any) -> Import:
        """Up to the dry run's counts."""
        import_id = self.hand_in(content, **more)
        self.map(import_id)
        return self.check(import_id)

    def applied(self, content: str | bytes, **more: Any) -> Import:
        """Up to the end."""
        entry = self.checked(content, **more)
        assert entry.id is not None
        start_import(self.session, entry.id, actor=CLERK, now=self.now)
        return self.apply(entry.id)

    def entry(self, import_id: int) -> Import:
        """The import as it is stored now."""
        self.session.rollback()
        return self.session.get_one(Import, import_id, populate_existing=True)

    def rejects(self, entry: Import) -> str:
        """The list of refused lines as it lies there."""
        assert entry.token is not None
        return self.spool.rejects_path(entry.token).read_text("utf-8-sig")


def table_rows(database: Database, *names: str) -> dict[str, list[Any]]:
    """Every row of some tables, in the order of their keys."""
    with database.reading.connect() as connection:
        found = {}
        for name in names:
            table = SQLModel.metadata.tables[name]
            found[name] = list(connection.execute(table.select().order_by(*table.primary_key.columns)).all())
        return found


def files_in(folder: Path) -> list[str]:
    """What lies in the spool folder, by its endings."""
    return sorted("." + path.name.partition(".")[2] for path in folder.iterdir()) if folder.is_dir() else []
