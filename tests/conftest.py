"""What every test may ask for: a database on either engine, sessions, settings and a clock."""

import dataclasses
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, event
from sqlmodel import Session

from app.core.db import Database, open_database
from app.settings import Settings
from tests.chromium import QUIET, find_chromium
from tests.databases import Databases, PostgresRun, PostgresServer, TestDatabase

if TYPE_CHECKING:  # a test of a rule does not wait for the web framework
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from app.shop import Shop

hypothesis_settings.register_profile(
    "suite",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("suite")

BROWSER_TESTS = Path(__file__).parent / "browser"
RUN = pytest.StashKey[PostgresRun]()
SERVER = pytest.StashKey[PostgresServer | None]()


class Clock:
    """A clock that stands still until a test moves it; called, it tells the time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> datetime:
        """Moves on by the arguments of `timedelta`; returns the new time."""
        self.now += timedelta(**duration)
        return self.now


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Ends a test's transactions with the test: a worker may wait minutes before it tears its last test down,
    and PostgreSQL ends a transaction that stays idle for one."""
    yield
    for value in getattr(item, "funcargs", {}).values():
        if isinstance(value, Session):
            value.rollback()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Makes more databases of the engine under test, for tests that need one to themselves."""
    return Databases(tmp_path_factory.mktemp("databases"), server=_server(request.config))


@pytest.fixture(scope="session")
def _shared_database(databases: Databases) -> Iterator[tuple[TestDatabase, Database]]:
    made = databases.new()
    opened = open_database(made.url)
    if opened.is_sqlite:
        for engine in (opened.writing, opened.reading):
            event.listen(engine, "connect", _do_not_wait_for_the_disk)
    yield made, opened
    opened.close()
    made.drop()


@pytest.fixture
def database(_shared_database: tuple[TestDatabase, Database]) -> Database:
    """The migrated database, without rows; commits in it are real and gone before the next test."""
    made, opened = _shared_database
    made.empty()
    return opened


@pytest.fixture
def engine(database: Database) -> Engine:
    """The writing engine of `database`."""
    return database.writing


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session as a flow gets it: it writes only inside `transaction()`."""
    with database.session() as opened:
        yield opened


@pytest.fixture
def read_session(database: Database) -> Iterator[Session]:
    """A session as a page gets it: fresh reads on every statement, no writes."""
    with database.read_session() as opened:
        yield opened


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The address of a migrated database of one's own, for tests that start processes and kill them."""
    made = databases.new()
    yield made.url
    made.drop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The one Chromium of a test process: Playwright does not run twice in it."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def clock() -> Clock:
    """Monday, 2 March 2026, 10:00 in Berlin."""
    return Clock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def now(clock: Clock) -> datetime:
    """The moment at which `clock` starts."""
    return clock.now


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A demo installation that reads no environment file and mails into a folder of the test."""
    values: dict[str, Any] = {
        "_env_file": None,
        "env": "demo",
        "base_url": "http://testserver",
        "secret_key": "test-" * 10,
        "stripe_api_key": "sk_test_" + "0" * 24,
        "stripe_webhook_secret": "whsec_" + "0" * 32,
        "smtp_url": f"file://{tmp_path / 'mail'}",
        "worker": "apart",
        "data_folder": str(tmp_path / "data"),
        # No test asks the real services; one that needs an answer puts a stand-in here.
        "vies_url": "http://127.0.0.1:9/vies",
        "evatr_url": "http://127.0.0.1:9/evatr",
    }
    return Settings(**values)


@pytest.fixture
def shop(database: Database, settings: Settings) -> "Shop":
    """A shop on the test's database, as a process opens it; put fakes in with `dataclasses.replace`."""
    from app.shop import open_shop
    from tests.fakes import FakeChecker

    return dataclasses.replace(open_shop(settings), db=database, checker=FakeChecker())


@pytest.fixture
def web(shop: "Shop") -> "FastAPI":
    """The web application of `shop`, without a worker beside it."""
    from app.web.app import build

    return build(shop)


@pytest.fixture
def client(web: "FastAPI") -> "TestClient":
    """A browser without cookies that follows no redirect; it asks `web` under default address."""
    from fastapi.testclient import TestClient

    return TestClient(web, base_url="http://testserver", follow_redirects=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="the database under test; postgresql runs only the tests that use one",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVER] = None
    handed_down = getattr(config, "workerinput", {}).get("postgres")
    if handed_down:
        config.stash[SERVER] = PostgresServer(*handed_down)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells an xdist worker where the server is that the controller started."""
    server = _server(node.config)
    if server:
        node.workerinput["postgres"] = (server.url, server.template)


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run:
        run.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen, left_out = [], []
    asked_for_soak = "soak" in (config.option.markexpr or "")
    for item in items:
        if item.path.is_relative_to(BROWSER_TESTS):
            item.add_marker("browser")
        uses_database = "databases" in getattr(item, "fixturenames", ()) or item.get_closest_marker(
            "database"
        )
        is_soak = item.get_closest_marker("soak") is not None
        if (config.option.db == "postgresql" and not uses_database) or (is_soak and not asked_for_soak):
            left_out.append(item)
        else:
            chosen.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.option.db}"


def _server(config: pytest.Config) -> PostgresServer | None:
    """The PostgreSQL of this run, started at the first need; None for SQLite."""
    if config.option.db == "postgresql" and config.stash[SERVER] is None:
        if not hasattr(config, "workerinput"):
            # A run that is told to end ends like one that is interrupted, and takes its server with it.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            config.stash[RUN] = PostgresRun()
        except Exception as error:
            pytest.exit(f"PostgreSQL cannot be used: {error}", returncode=1)
        config.stash[SERVER] = config.stash[RUN].server
    return config.stash[SERVER]


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
