"""`shop reconcile` and `shop open-sales`: our books of payments beside Stripe's, and selling after a restore."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.flows.reconcile import Outcome, mend_all, reconcile, sell_again
from app.payments.stripe_gateway import StripeRefusal
from app.shop import Shop, open_shop
from app.web.admin.difference_words import DIFFERENCES, way_out

Moment = Annotated[
    str | None, typer.Option(help="a day or moment, such as 2026-11-01 or 2026-11-01T08:00, local time")
]

COMPARING = Actor(ActorKind.COMMAND, "shop reconcile")
OPENING = Actor(ActorKind.COMMAND, "shop open-sales")


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command("reconcile")(compare_books)
    cli.command("open-sales")(open_sales)


def compare_books(
    since: Moment = None,
    until: Moment = None,
    is_mending: Annotated[
        bool, typer.Option("--mend", help="have the shop mend what it can mend by itself")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Compare our payments with Stripe's books, both ways; exit 1 where they differ."""
    settings = load_settings()
    zone = ZoneInfo(settings.timezone)
    shop = open_shop(settings)
    try:
        with shop.db.session() as session:
            outcome = reconcile(
                session,
                shop.stripe,
                by=COMPARING.name,
                now=utc_now(),
                since=_moment(since, "--since", zone),
                until=_moment(until, "--until", zone),
            )
        mended_count = _mend(shop) if is_mending else 0
    except StripeRefusal as refusal:
        typer.echo(f"Stripe refused to list its books: {refusal.code}", err=True)
        raise typer.Exit(1) from refusal
    finally:
        shop.close()
    if is_json:
        typer.echo(json.dumps(_as_json(outcome, mended_count), indent=2))
    else:
        _print(outcome, mended_count)
    raise typer.Exit(1 if outcome.found else 0)


def open_sales(
    reason: Annotated[str, typer.Option(help="why it is safe without a comparison with Stripe's books")],
) -> None:
    """Sell again after a restore without `shop reconcile`; exit 1 where nothing was frozen."""
    shop = open_shop(load_settings())
    with shop.db.session() as session:
        count = sell_again(session, actor=OPENING, reason=reason, now=utc_now())
    shop.close()
    typer.echo("The shop sells again." if count else "Sales were not frozen.")
    raise typer.Exit(0 if count else 1)


def _mend(shop: Shop) -> int:
    with shop.db.session() as session:
        return mend_all(session, actor=COMPARING, now=utc_now())


def _moment(text: str | None, option: str, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day or moment, such as 2026-11-01", param_hint=option
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _as_json(outcome: Outcome, mended_count: int) -> dict[str, object]:
    return {
        "is_equal": not outcome.found,
        "since": outcome.since.isoformat(),
        "until": outcome.until.isoformat(),
        "objects": outcome.object_count,
        "fees": outcome.fee_count,
        "has_opened_sales": outcome.has_opened_sales,
        "mending": mended_count,
        "differences": [
            {**asdict(one), "at": one.at.isoformat(), "way_out": way_out(one.kind, one.mend)}
            for one in outcome.found
        ],
    }


def _print(outcome: Outcome, mended_count: int) -> None:
    for one in outcome.found:
        typer.echo(
            f"{one.object_id} {one.order_number or 'no order'}: {DIFFERENCES[one.kind]},"
            f" {one.ours_cents} cents here and {one.theirs_cents} there.\n    {way_out(one.kind, one.mend)}"
        )
    typer.echo(
        f"{outcome.object_count} objects at Stripe from {outcome.since:%Y-%m-%d %H:%M} to"
        f" {outcome.until:%Y-%m-%d %H:%M} UTC, {len(outcome.found)} differences, {outcome.fee_count} new fees."
    )
    if mended_count:
        typer.echo(f"{mended_count} are being mended by the worker; run this again to see them closed.")
    if outcome.has_opened_sales:
        typer.echo("The books are compared since the backup: the shop sells again.")
