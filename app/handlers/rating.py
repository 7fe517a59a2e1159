"""Accounts are rated, and overrides end."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.audit.models import ActorKind
from app.audit.service import SYSTEM, Actor
from app.core.clock import utc_now
from app.flows.override_rating import end_due_overrides
from app.handlers.handler import Handler
from app.mainbrand.queries_rating import night_due
from app.policy.queries import current_policy
from app.policy.rules.policy import AutomaticRating
from app.shop import Shop


def _propose_rating(shop: Shop, args: dict[str, Any]) -> None:
    actor = Actor(ActorKind(args["actor_kind"]), args["actor_name"], args["actor_id"])
    _rate(shop, mode=AutomaticRating.PROPOSE, actor=actor)


def _rate_accounts(shop: Shop, _: dict[str, Any]) -> None:
    _rate(shop)


def _nightly_rating(shop: Shop, _: dict[str, Any]) -> None:
    night_on = None
    with shop.db.session() as session:
        night_on = night_due(session, zone=ZoneInfo(shop.settings.timezone), now=utc_now())
    if night_on is not None:
        _rate(shop, night_on=night_on)


def _rate(
    shop: Shop, *, night_on: date | None = None, mode: AutomaticRating | None = None, actor: Actor = SYSTEM
) -> None:
    # Only here, and not at the start: it brings data frames, which a web process with a worker inside does not need.
    from app.flows.rate_accounts import rate_accounts

    with shop.db.session() as session:
        mode = mode or current_policy(session).automatic_rating
        session.rollback()
        if mode is not AutomaticRating.OFF:
            rate_accounts(
                session,
                as_of=None,
                is_dry_run=False,
                is_proposal=mode is AutomaticRating.PROPOSE,
                night_on=night_on,
                actor=actor,
                now=utc_now(),
            )


def _end_overrides(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        now = utc_now()
        end_due_overrides(session, today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(), now=now)


HANDLERS: dict[str, Handler] = {
    "propose_rating": _propose_rating,
    "rate_accounts": _rate_accounts,
    "end_overrides": _end_overrides,
    "nightly_rating": _nightly_rating,
}

RECURRING: dict[str, timedelta] = {
    # Looks every ten minutes whether the night has come: clocks change, and a shop may sleep through its hour.
    "nightly_rating": timedelta(minutes=10),
    "end_overrides": timedelta(minutes=10),
}
