"""Makes the web process: settings, shop, and the worker beside it where the settings say so."""

from fastapi import FastAPI

from app.core.log import configure_logging
from app.core.memory import settle_in
from app.settings import Settings
from app.shop import open_shop
from app.web.app import build
from app.worker import Worker


def create_app() -> FastAPI:
    """The application for an ASGI server. Raises ValidationError for wrong settings."""
    settings = Settings()
    configure_logging(settings.log)
    shop = open_shop(settings)
    web = build(shop, beside=Worker(shop) if settings.worker == "inside" else None)
    settle_in()
    return web
