"""`shop import-accounts`, `import-purchases`, `import-blocks` and `undo-import`: lists from a file."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import Database, open_database
from app.core.errors import N_, NotFound, Unavailable
from app.flows.import_blocks import import_blocks
from app.flows.import_main_brand import import_main_brand
from app.flows.import_purchases import import_purchases
from app.flows.undo_import import undo_import
from app.imports.queries import last_effective
from app.imports.rules.block_columns import BLOCK_COLUMNS
from app.imports.rules.states import ImportKind
from app.mainbrand.files import Notation, TableFile, open_table
from app.mainbrand.rejects import Reject, RejectFile
from app.mainbrand.rules.columns import ACCOUNT_COLUMNS, PURCHASE_COLUMNS
from app.mainbrand.rules.notation import DateStyle, NumberStyle
from app.settings import Settings

SHOWN_COUNT = 20

File = Annotated[Path, typer.Argument(help="CSV, XLSX or parquet; the columns stand in docs/imports.md.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and check everything, change nothing.")]
Rejects = Annotated[
    Path | None, typer.Option("--rejects", help="Write refused lines here, to correct and reload.")
]
Numbers = Annotated[
    NumberStyle, typer.Option("--numbers", help="How 1.234 is read in CSV; plain: it is refused.")
]
Dates = Annotated[DateStyle, typer.Option("--dates", help="How 03/04/2026 is read; plain: it is refused.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command()(import_accounts)
    cli.command(name="import-purchases")(import_purchase_lines)
    cli.command(name="import-blocks")(import_block_list)
    cli.command(name="undo-import")(undo_last_import)


def import_accounts(
    file: File,
    is_dry_run: DryRun = False,
    rejects: Rejects = None,
    numbers: Numbers = NumberStyle.PLAIN,
    is_json: Json = False,
) -> None:
    """Reads the main brand's list of companies; a second time changes nothing."""
    with (
        _opened() as (settings, database),
        open_table(file, ACCOUNT_COLUMNS, notation=Notation(numbers)) as table,
        _sink(rejects, table) as sink,
        database.session() as session,
    ):
        done = import_main_brand(
            session,
            table,
            on_reject=sink.reject,
            on_note=sink.note,
            on_progress=_progress,
            is_dry_run=is_dry_run,
            actor=Actor(ActorKind.COMMAND, "shop import-accounts"),
            now=utc_now(),
            file_name=file.name,
            spill_folder=settings.spool_folder,
        )
    _report(asdict(done), sink, table, is_dry_run=is_dry_run, is_json=is_json)


def import_purchase_lines(
    file: File,
    is_dry_run: DryRun = False,
    rejects: Rejects = None,
    currency: Annotated[str, typer.Option(help="Currency of lines that name none.")] = "EUR",
    numbers: Numbers = NumberStyle.PLAIN,
    dates: Dates = DateStyle.PLAIN,
    is_json: Json = False,
) -> None:
    """Reads what the main brand's customers bought; a second time changes nothing."""
    if len(currency) != 3 or not currency.isalpha():
        raise typer.BadParameter("a currency has three letters, such as EUR", param_hint="--currency")
    with (
        _opened() as (settings, database),
        open_table(file, PURCHASE_COLUMNS, notation=Notation(numbers, dates)) as table,
        _sink(rejects, table) as sink,
        database.session() as session,
    ):
        done = import_purchases(
            session,
            table,
            currency=currency.upper(),
            timezone=settings.timezone,
            on_reject=sink.reject,
            on_progress=_progress,
            is_dry_run=is_dry_run,
            actor=Actor(ActorKind.COMMAND, "shop import-purchases"),
            now=utc_now(),
            file_name=file.name,
            spill_folder=settings.spool_folder,
        )
    _report(asdict(done), sink, table, is_dry_run=is_dry_run, is_json=is_json)


def import_block_list(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or parquet; the columns stand in docs/blocks.md.")],
    is_dry_run: DryRun = False,
    rejects: Rejects = None,
    numbers: Numbers = NumberStyle.PLAIN,
    is_json: Json = False,
) -> None:
    """Reads a list of blocks; a second time changes nothing."""
    with (
        _opened() as (settings, database),
        open_table(file, BLOCK_COLUMNS, notation=Notation(numbers)) as table,
        _sink(rejects, table) as sink,
        database.session() as session,
    ):
        done = import_blocks(
            session,
            table,
            on_reject=sink.reject,
            on_note=sink.note,
            on_progress=_progress,
            is_dry_run=is_dry_run,
            actor=Actor(ActorKind.COMMAND, "shop import-blocks"),
            now=utc_now(),
            file_name=file.name,
            spill_folder=settings.spool_folder,
        )
    _report(asdict(done), sink, table, is_dry_run=is_dry_run, is_json=is_json)


def undo_last_import(
    import_id: Annotated[
        int | None, typer.Argument(help="The number of an import; else the last one that changed anything.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Takes back the last import: every row stands there again as it did before."""
    with _opened() as (_, database), database.session() as session:
        chosen = import_id or _last_import(session)
        undone = undo_import(
            session, chosen, actor=Actor(ActorKind.COMMAND, "shop undo-import"), now=utc_now()
        )
    counts = {name.removesuffix("_count"): count for name, count in asdict(undone).items()}
    if is_json:
        typer.echo(json.dumps({"import": chosen, **counts}, indent=2))
    else:
        said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        typer.echo(f"Import {chosen} is undone: {said}")


def _last_import(session: Session) -> int:
    found = [one for kind in ImportKind if (one := last_effective(session, kind)) is not None]
    if not found:
        raise NotFound(N_("No import has changed anything."), code="import.not_found")
    last = max(found, key=lambda one: (one.applied_at or one.created_at, one.id or 0))
    assert last.id is not None
    return last.id


@dataclass
class _Sink:
    """Takes refused lines and notes: the first ones to show, all of them for the file, and a sum by reason."""

    write: Callable[[Reject], None] | None
    shown: list[Reject] = field(default_factory=list)
    notes: list[Reject] = field(default_factory=list)
    sums: dict[tuple[str, str], int] = field(default_factory=dict)

    def reject(self, reject: Reject) -> None:
        self.sums[reject.column, reject.reason] = self.sums.get((reject.column, reject.reason), 0) + 1
        if len(self.shown) < SHOWN_COUNT:
            self.shown.append(reject)
        if self.write:
            self.write(reject)

    def note(self, note: Reject) -> None:
        if len(self.notes) < SHOWN_COUNT:
            self.notes.append(note)


@contextmanager
def _opened() -> Iterator[tuple[Settings, Database]]:
    settings = load_settings()
    database = open_database(settings.database_url)
    try:
        yield settings, database
    except OperationalError as error:
        raise Unavailable(
            N_("The database is busy or away; perhaps another list is being written. Try again in a minute."),
            code="database.unavailable",
        ) from error
    finally:
        database.close()


@contextmanager
def _sink(path: Path | None, table: TableFile) -> Iterator[_Sink]:
    if path is None:
        yield _Sink(None)
        return
    with RejectFile(path, table.titles) as write:
        yield _Sink(write)


def _progress(line_count: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{line_count:,} lines read", nl=False, err=True)


def _report(
    counts: dict[str, int], sink: _Sink, table: TableFile, *, is_dry_run: bool, is_json: bool
) -> None:
    """Prints the result; exit 1 only when every line was refused: taking a file in part is done, and said."""
    if sys.stderr.isatty():
        typer.echo(err=True)
    if is_json:
        typer.echo(
            json.dumps(_as_json(counts, sink, table, is_dry_run=is_dry_run), ensure_ascii=False, indent=2)
        )
    else:
        _print(counts, sink, table, is_dry_run=is_dry_run)
    taken_count = counts["new_count"] + counts.get("changed_count", 0) + counts["unchanged_count"]
    if counts["rejected_count"] and not taken_count:
        raise typer.Exit(1)


def _as_json(counts: dict[str, int], sink: _Sink, table: TableFile, *, is_dry_run: bool) -> dict[str, Any]:
    def shown(reject: Reject) -> dict[str, Any]:
        return {"line": reject.line, "column": reject.column, "value": reject.value, "reason": reject.reason}

    return {
        **{name.removesuffix("_count"): count for name, count in counts.items()},
        "dry_run": is_dry_run,
        "unread_columns": list(table.header.unread),
        "rejects_by_reason": [
            {"column": column, "reason": reason, "count": count}
            for (column, reason), count in sink.sums.items()
        ],
        "first_rejects": [shown(reject) for reject in sink.shown],
        "first_notes": [shown(note) for note in sink.notes],
    }


def _print(counts: dict[str, int], sink: _Sink, table: TableFile, *, is_dry_run: bool) -> None:
    said = ", ".join(f"{count:,} {name.removesuffix('_count')}" for name, count in counts.items())
    typer.echo(("Nothing was changed (dry run): " if is_dry_run else "Done: ") + said)
    if table.header.unread:
        typer.echo("Columns that are not read: " + ", ".join(table.header.unread))
    for (column, reason), count in sink.sums.items():
        typer.echo(f"{count:>9,} refused: {column or 'line'} {reason}")
    for kind, listed in (("refused", sink.shown), ("taken in part", sink.notes)):
        for reject in listed:
            typer.echo(f"line {reject.line}: {kind}, {reject.column} {reject.value!r} {reject.reason}")
    if counts["rejected_count"] > len(sink.shown):
        typer.echo("(further lines: --rejects FILE writes them all)")
