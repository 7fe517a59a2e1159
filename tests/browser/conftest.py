"""One installation and one Chromium for each test process; a fresh browser context for each person."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dev.mailbox.server import MailboxProcess
from dev.stripe_standin.server import StandinProcess
from tests.browser.installation import Installation
from tests.browser.visit import Visit, Window
from tests.databases import Databases
from tests.processes import ShopProcess, WorkerProcess, run_shop

WEBHOOK_SECRET = "whsec_" + "0" * 32
SIZES = ("--customers", "6", "--bundles", "45", "--orders", "8", "--accounts", "12")

Visitor = Callable[[Window], Visit]


@pytest.fixture(scope="session")
def installation(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Installation]:
    """Asks for the browser too: where there is none, nothing needs to be started."""
    folder: Path = tmp_path_factory.mktemp("installation")
    made = databases.new()
    filled = run_shop("demo", "--json", *SIZES, database_url=made.url)
    assert filled.returncode == 0, filled.stderr
    people = json.loads(filled.stdout)
    with MailboxProcess() as mailbox, StandinProcess(webhook_secret=WEBHOOK_SECRET) as standin:
        settings = {
            "SHOP_SMTP_URL": mailbox.smtp_url,
            "SHOP_STRIPE_API_BASE": standin.url,
            "SHOP_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SHOP_DATA_FOLDER": str(folder / "data"),
        }
        with (
            ShopProcess(made.url, log=folder / "shop.log", settings=settings) as shop,
            WorkerProcess(made.url, base_url=shop.url, log=folder / "worker.log", settings=settings),
        ):
            standin.set_webhook(f"{shop.url}/hooks/stripe", WEBHOOK_SECRET)
            secrets = {member["email"]: member["totp_secret"] for member in people["staff"]}
            yield Installation(shop.url, standin, mailbox, people["password"], secrets)
    made.drop()


@pytest.fixture
def visitor(chromium: Browser, installation: Installation) -> Iterator[Visitor]:
    """Opens a browser for one more person; at the end nothing may have gone wrong in any of them."""
    visits: list[Visit] = []

    def open_visit(window: Window) -> Visit:
        visits.append(Visit(chromium, window, base_url=installation.url))
        return visits[-1]

    yield open_visit
    faults = dict.fromkeys(fault for visit in visits for fault in visit.faults)
    for visit in visits:
        visit.close()
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)
