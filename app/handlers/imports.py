"""Lists of the main brand and the catalogue are read and applied."""

from typing import Any

from app.core.clock import utc_now
from app.flows.look_into_import import give_up_import, look_into_import
from app.handlers.handler import Failed, Handler
from app.imports.child import read_list
from app.imports.spool import Spool
from app.shop import Shop


def _look_into_import(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        look_into_import(
            session,
            args["import_id"],
            spool=Spool(shop.settings.spool_folder),
            read=lambda task: read_list(task, on_message=lambda _: True),
            now=utc_now(),
        )


def _check_import(shop: Shop, args: dict[str, Any]) -> None:
    # Only a process that reads lists needs the machinery for it in memory.
    from app.flows.check_import import check_import
    from app.imports.service_reading import read_into

    with shop.db.session() as session:
        check_import(
            session,
            args["import_id"],
            spool=Spool(shop.settings.spool_folder),
            read=read_into,
            timezone=shop.settings.timezone,
            now=utc_now(),
        )


def _apply_import(shop: Shop, args: dict[str, Any]) -> None:
    from app.flows.apply_import import apply_import
    from app.imports.service_reading import read_into

    with shop.db.session() as session:
        apply_import(
            session,
            args["import_id"],
            spool=Spool(shop.settings.spool_folder),
            read=read_into,
            timezone=shop.settings.timezone,
            now=utc_now(),
        )


def _give_up_import(shop: Shop, args: dict[str, Any], _: str) -> None:
    with shop.db.session() as session:
        give_up_import(session, args["import_id"], now=utc_now())


HANDLERS: dict[str, Handler] = {
    "look_into_import": _look_into_import,
    "check_import": _check_import,
    "apply_import": _apply_import,
}

GIVE_UP: dict[str, Failed] = {
    "look_into_import": _give_up_import,
    "check_import": _give_up_import,
    "apply_import": _give_up_import,
}
