"""`shop books months|close|export|datev`: the books from the command line."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.books.archive import Scope, months_between, write_archive
from app.books.queries_batch import batch_of
from app.books.queries_closing import close_of
from app.books.queries_month import sum_month
from app.books.queries_postings import each_posting
from app.books.rules.accounts import accounts_of
from app.books.rules.extf import extf_file
from app.books.rules.months import Month, months_of
from app.books.rules.tables import euros
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.flows.close_month import close_month
from app.flows.export_books import note_export
from app.handlers.books import supplier_of
from app.policy.queries import current_policy
from app.shop import Shop, open_shop

commands = typer.Typer(no_args_is_help=True, help="The books: months, closing, exports.")
ACTOR = Actor(ActorKind.COMMAND, "shop books")

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
Target = Annotated[Path, typer.Option("--out", help="the file to write", dir_okay=False)]
MonthText = Annotated[str, typer.Option("--month", help="the month, such as 2026-11")]


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.add_typer(commands, name="books")


@commands.command()
def months(
    year: Annotated[int | None, typer.Option(help="the year; default: this one")] = None,
    is_json: AsJson = False,
) -> None:
    """Print each month of a year: documents, net, VAT, money, and whether it is closed."""
    with _open() as (shop, zone), shop.db.read_session() as session:
        now = utc_now()
        present = Month.at(now, zone)
        found = {
            month: (sum_month(session, month, zone), close_of(session, month) is not None)
            for month in months_of(year or present.year)
            if month <= present
        }
    if is_json:
        rows = [
            {"month": str(month), "is_closed": is_closed, **sums.to_json()}
            for month, (sums, is_closed) in found.items()
        ]
        typer.echo(json.dumps(rows))
        return
    for month, (sums, is_closed) in found.items():
        amounts = (
            sums.net_cents,
            sums.vat_cents,
            sums.gross_cents,
            sums.money.taken_cents,
            sums.closing_cents,
        )
        typer.echo(
            "\t".join(
                [
                    str(month),
                    str(sums.document_count),
                    *map(euros, amounts),
                    "closed" if is_closed else "open",
                ]
            )
        )


@commands.command()
def close(
    month: MonthText,
    reason: Annotated[str, typer.Option(help="why, where not all of it has its document")] = "",
    is_json: AsJson = False,
) -> None:
    """Close a month for good: no document is dated into it any more."""
    wanted = _month(month)
    with _open() as (shop, zone), shop.db.session() as session:
        is_new = close_month(session, wanted, reason=reason, zone=zone, actor=ACTOR, now=utc_now())
    if is_json:
        typer.echo(json.dumps({"month": str(wanted), "is_new": is_new}))
    else:
        typer.echo(f"{wanted} is closed." if is_new else f"{wanted} was closed already.")


@commands.command()
def export(
    month: MonthText,
    out: Target,
    last_month: Annotated[str, typer.Option(help="the last month, for several in a row")] = "",
    is_json: AsJson = False,
) -> None:
    """Write the export for an audit (GoBD): a ZIP with index, documents, tables and the audit log."""
    first = _month(month)
    last = _month(last_month) if last_month else first
    if last < first:
        raise typer.BadParameter("the last month must not come before the first", param_hint="--last-month")
    with _open() as (shop, zone):
        with shop.db.read_session() as reading:
            scope = Scope(
                months_between(first, last), zone, supplier_of(shop.settings), current_policy(reading)
            )
            written = write_archive(reading, out, scope)
        with shop.db.session() as session:
            note_export(session, first, last, actor=ACTOR, now=utc_now())
    if is_json:
        answer = {
            "file": str(out),
            "bytes": written.byte_count,
            "documents": written.document_count,
            "sha256": written.sha256,
        }
        typer.echo(json.dumps(answer))
    else:
        typer.echo(f"{out}: {written.document_count} documents, {written.byte_count} bytes, {written.sha256}")


@commands.command()
def datev(month: MonthText, out: Target, is_json: AsJson = False) -> None:
    """Write a month's posting batch for DATEV (EXTF)."""
    wanted = _month(month)
    count = 0
    with _open() as (shop, zone):
        with shop.db.read_session() as reading, out.open("wb") as target:
            policy = current_policy(reading)
            batch = batch_of(reading, wanted, policy, now=utc_now())
            postings = each_posting(reading, wanted, zone, accounts_of(policy))
            for line in extf_file(batch, postings):
                target.write(line)
                count += 1
        with shop.db.session() as session:
            note_export(session, wanted, wanted, actor=ACTOR, now=utc_now())
    if is_json:
        typer.echo(json.dumps({"file": str(out), "postings": count - 2}))
    else:
        typer.echo(f"{out}: {count - 2} postings")


@contextmanager
def _open() -> Iterator[tuple[Shop, ZoneInfo]]:
    settings = load_settings()
    with closing(open_shop(settings)) as shop:
        yield shop, ZoneInfo(settings.timezone)


def _month(text: str) -> Month:
    try:
        return Month.read(text)
    except ValueError as error:
        raise typer.BadParameter("a month is written like 2026-11", param_hint="--month") from error
