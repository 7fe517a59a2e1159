"""The shop as a browser meets it: the whole application over a real database, and signed-in clients."""

import atexit
import functools
import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlmodel import Session
from starlette.testclient import TestClient

from app.core.clock import utc_now
from app.core.db import Database
from app.core.rendering import make_environments
from app.customers.models import Contact
from app.mail.transport import open_transport
from app.payments.stripe_gateway import StripeGateway
from app.settings import Settings
from app.shop import Shop
from app.staff.models import StaffMember
from app.web.app import build
from tests import make
from tests.fakes import FakeChecker

BASE = "http://testserver"


@functools.cache
def loop_of_all() -> BlockingPortal:
    """The one event loop of a test process: a loop with threads of its own for each request would take longer."""
    opened = ExitStack()
    portal = opened.enter_context(start_blocking_portal("asyncio"))
    atexit.register(opened.close)
    return portal


class Browser(TestClient):
    """A browser that does not follow redirects by itself and fills in the hidden form token."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.portal = loop_of_all()

    def csrf(self, path: str = "/") -> str:
        """The form token as the page at `path` shows it."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found, f"no form on {path}"
        return found.group(1)

    def submit(
        self, path: str, values: dict[str, Any] | None = None, *, page: str | None = None, **more: Any
    ) -> Any:
        """Posts a form with the token that `page` (default: the imprint, or the admin's start) carries."""
        shown = page or ("/admin" if path.startswith("/admin") else "/imprint")
        return self.post(path, data={"csrf": self.csrf(shown), **(values or {})}, **more)


@pytest.fixture(scope="session")
def _environments() -> dict[str, Any]:
    return make_environments(timezone="Europe/Berlin")


@pytest.fixture
def shop(database: Database, settings: Settings, _environments: dict[str, Any]) -> Shop:
    """A shop over the test's database; the card gateway points at nothing until a test gives it a stand-in."""
    return Shop(
        settings=settings,
        db=database,
        environments=_environments,
        stripe=StripeGateway(
            api_key=settings.stripe_api_key.get_secret_value(),
            webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
            api_base="http://127.0.0.1:9",
        ),
        transport=open_transport(settings.smtp_url.get_secret_value()),
        checker=FakeChecker(),
    )


@pytest.fixture
def browser(shop: Shop) -> Callable[..., Browser]:
    """Makes browsers: `browser()` of a stranger, `browser(contact)` or `browser(staff_member)` signed in."""
    web = build(shop)

    def open_browser(as_: Contact | StaffMember | None = None) -> Browser:
        made = Browser(web, base_url=BASE, follow_redirects=False)
        made.headers["accept-language"] = "en"
        with shop.db.session() as session:
            if isinstance(as_, Contact):
                made.cookies.set(
                    "schlicht", make.signed_in(session, as_=as_, now=utc_now()), domain="testserver.local"
                )
            elif isinstance(as_, StaffMember):
                token = make.staff_signed_in(session, as_=as_, now=utc_now())
                made.cookies.set("schlicht_staff", token, domain="testserver.local", path="/admin")
        return made

    return open_browser


@pytest.fixture
def admitted(session: Session) -> Contact:
    """A person of an admitted C-customer."""
    return make.contact(session, of=make.customer(session))
