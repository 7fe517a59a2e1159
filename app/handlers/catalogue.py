"""Bundles are found, published and guarded."""

from datetime import timedelta
from typing import Any

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.errors import N_, Refused
from app.flows.guard_margins import guard_margins
from app.flows.publish_bundle import publish_scheduled, refuse_scheduled
from app.handlers.handler import Failed, Handler
from app.shop import Shop


def _discover_bundles(shop: Shop, args: dict[str, Any]) -> None:
    # Only here, and not at the start: it brings data frames and the mining library.
    from app.flows.discover_bundles import discover_bundles

    actor = Actor(ActorKind(args["actor_kind"]), args["actor_name"], args["actor_id"])
    with shop.db.session() as session:
        discover_bundles(session, actor=actor, now=utc_now())


def _guard_margins(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        guard_margins(session, is_whole=args.get("is_whole", True), now=utc_now())


def _publish_scheduled(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        publish_scheduled(session, args["version_id"], now=utc_now())


def _give_up_publishing(shop: Shop, args: dict[str, Any], _: str) -> None:
    refusal = Refused(
        N_("It could not be published at its date. The log of the worker says why."), code="bundle.job_failed"
    )
    with shop.db.session() as session:
        refuse_scheduled(session, args["version_id"], refusal=refusal, now=utc_now())


HANDLERS: dict[str, Handler] = {
    "discover_bundles": _discover_bundles,
    "guard_margins": _guard_margins,
    "publish_scheduled": _publish_scheduled,
}

GIVE_UP: dict[str, Failed] = {
    "publish_scheduled": _give_up_publishing,
}

RECURRING: dict[str, timedelta] = {
    # What changed them puts the job itself: this is for bulk loads past the flows.
    "guard_margins": timedelta(hours=6),
}
