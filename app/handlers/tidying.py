"""What has had its time goes."""

from datetime import timedelta
from typing import Any

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.service import forget_expired, forget_unconfirmed
from app.flows.screen_customer import complete_keys
from app.flows.tidy_imports import tidy_imports
from app.handlers.handler import Handler
from app.imports.spool import Spool
from app.jobs import queue
from app.shop import Shop
from app.staff.service import forget_expired_sessions
from app.throttling.service import forget_older


def _tidy_up(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        complete_keys(session)
    with shop.db.session() as session, transaction(session):
        queue.prune(session, now=utc_now())
        forget_expired(session, now=utc_now())
        forget_unconfirmed(session, now=utc_now())
        forget_expired_sessions(session, now=utc_now())
        forget_older(session, before=utc_now() - timedelta(days=2))
    with shop.db.session() as session:
        tidy_imports(session, spool=Spool(shop.settings.spool_folder), now=utc_now())


HANDLERS: dict[str, Handler] = {
    "tidy_up": _tidy_up,
}

RECURRING: dict[str, timedelta] = {
    "tidy_up": timedelta(hours=6),
}
