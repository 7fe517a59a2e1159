"""A shop of real processes that tests kill: its database, card service, mailbox, buyers, and time that passes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from app.core.clock import utc_now
from app.core.db import Database, UTCDateTime
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.flows.sweep_payments import sweep_payments
from app.insights.books import compare_books
from app.insights.invariants import check_invariants
from app.mail.models import Mail
from app.ordering.models import Order
from app.settings import Settings
from app.shop import Shop, open_shop
from app.worker import run_until_idle
from dev.mailbox.server import MailboxProcess
from dev.stripe_standin.server import StandinProcess
from tests import make
from tests.databases import Databases
from tests.faults.warm import WarmProgram
from tests.processes import ShopProcess, WorkerProcess

WEBHOOK_SECRET = "whsec_" + "0" * 32
A_WHILE = timedelta(minutes=10)
RETRY_PAUSES_S = [0.1, 0.2, 0.4] + [1.0] * 30


@dataclass
class World:
    """One installation: `survivor` is the web process that is never killed, `shop` works in the test itself."""

    folder: Path
    database_url: str
    standin: StandinProcess
    mailbox: MailboxProcess
    shop: Shop
    survivor: ShopProcess
    bundle_id: int
    program: WarmProgram
    log_count: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        return self.shop.db

    def log(self) -> Path:
        """A fresh file for what a process says."""
        self.log_count += 1
        return self.folder / f"process-{self.log_count}.log"

    def serve(self, failpoint: str = "") -> ShopProcess:
        """A further web process, without a worker; it dies at the failpoint."""
        armed = {"SHOP_FAILPOINT": failpoint} if failpoint else {}
        return ShopProcess(
            self.database_url,
            log=self.log(),
            settings={**self.settings, **armed},
            start=self.program.start,
        )

    def work(self, failpoint: str) -> WorkerProcess:
        """A worker process that dies at the failpoint; it does only the jobs of that kind, so that no other dies."""
        return WorkerProcess(
            self.database_url,
            base_url=self.survivor.url,
            log=self.log(),
            settings={**self.settings, "SHOP_FAILPOINT": failpoint},
            kinds=[failpoint.partition(".")[0]] if failpoint else [],
            start=self.program.start,
        )

    def send_webhooks_to(self, process: ShopProcess) -> None:
        """Events, also those that wait for another try, go to this process from now on."""
        self.standin.set_webhook(f"{process.url}/hooks/stripe", WEBHOOK_SECRET, retry_pauses_s=RETRY_PAUSES_S)

    def admit(self) -> tuple[Customer, Contact, str]:
        """An admitted company, its person, and the cookie of a session."""
        with self.db.session() as session, transaction(session):
            customer = make.customer(session, created_at=utc_now())
            contact = make.contact(session, of=customer)
            return customer, contact, make.signed_in(session, as_=contact, now=utc_now())

    def new_buyer(self) -> "Buyer":
        """A signed-in person of an admitted company."""
        return Buyer(self, *self.admit())

    def let_time_pass(self) -> None:
        """Worker and sweep do what is due until nothing is left to do; leases and pauses run out meanwhile."""
        for number in range(200):
            self.standin.settle(within_s=20)
            # An open card page is looked at again and again: after half an hour that is enough.
            self._age(is_payments_too=number < 3)
            with self.db.session() as session:
                found_count = sweep_payments(session, now=utc_now())
            if run_until_idle(self.shop) + found_count == 0:
                return
        raise AssertionError("the shop does not come to rest")

    def let_a_day_pass(self, buyer: "Buyer") -> None:
        """A buyer's orders get a day and an hour older, and all that is due then is done."""
        with self.db.session() as session, transaction(session):
            for order in session.exec(select(Order).where(col(Order.customer_id) == buyer.customer_id)):
                order.placed_at -= timedelta(hours=25)
        self.let_time_pass()

    def faults(self) -> list[str]:
        """What is wrong by the invariants, an hour later too, and by the books of the card service."""
        with self.db.read_session() as session:
            # By then nothing may be left that waits to be done: no event unread, no job, no half payment.
            found = check_invariants(session, now=utc_now() + timedelta(hours=1))
            found += compare_books(session, self.standin.books())
        return [f"{finding.invariant}: {finding.sentence}" for finding in found]

    def _age(self, *, is_payments_too: bool) -> None:
        """Makes what waits look ten minutes older: the test does not wait for real ones."""
        statements = [
            "UPDATE jobs SET run_at = :now WHERE state = 'ready' AND run_at > :now",
            "UPDATE jobs SET lease_until_at = :past WHERE state = 'running'",
        ]
        if is_payments_too:
            statements.append(
                "UPDATE payments SET changed_at = :past, checked_at = :past"
                " WHERE state IN ('created', 'open', 'capturing', 'releasing')"
            )
        moments = {"now": utc_now(), "past": utc_now() - A_WHILE}
        with self.db.writing.connect().execution_options(is_write=True) as connection:
            for statement in statements:
                used = {name: moment for name, moment in moments.items() if f":{name}" in statement}
                typed = text(statement).bindparams(*(bindparam(name, type_=UTCDateTime) for name in used))
                connection.execute(typed, used)
            connection.commit()


class Buyer:
    """A signed-in person with a browser, who repeats a request elsewhere when it gets no answer."""

    def __init__(self, world: World, customer: Customer, contact: Contact, token: str) -> None:
        self.world = world
        self.customer_id = customer.id or 0
        self.email = contact.email
        self.at = world.survivor
        self.unanswered_count = 0
        self.http = httpx2.Client(
            timeout=60,
            trust_env=False,
            follow_redirects=False,
            headers={"accept-language": "en", "cookie": f"schlicht={token}"},
        )

    def ask(self, method: str, path: str, values: dict[str, str] | None = None) -> httpx2.Response:
        """The answer; a process that dies meanwhile is replaced by the survivor, and the request repeated."""
        try:
            return self.http.request(method, self.at.url + path, data=values)
        except httpx2.TransportError:
            if self.at is self.world.survivor:
                raise
            self.unanswered_count += 1
            self.at = self.world.survivor
            self.world.send_webhooks_to(self.world.survivor)
            return self.http.request(method, self.at.url + path, data=values)

    def post(self, path: str, values: dict[str, str], *, page: str) -> httpx2.Response:
        """Sends a form with the token that a page shows."""
        shown = self.ask("GET", page).text
        token = re.search(r'name="csrf" value="([^"]+)"', shown)
        assert token, f"no form on {page}"
        return self.ask("POST", path, {"csrf": token[1], **values})

    def fill_cart(self, quantity: int = 3) -> None:
        """Puts the bundle of this world in the cart."""
        values = {"bundle_id": str(self.world.bundle_id), "quantity": str(quantity)}
        answer = self.post("/cart/lines", values, page="/cart")
        assert answer.status_code == 303, answer.text

    def read_checkout(self) -> dict[str, str]:
        """The checkout's form as a person would send it: everything filled in and ticked."""
        answer = self.ask("GET", "/checkout")
        assert answer.status_code == 200, answer.text
        values = form_values(answer.text, action="/checkout")
        return {**values, "accept_terms": "1", "is_business": "1", "purchase_reference": "BE-1"}

    def order(self, form: dict[str, str]) -> str:
        """Presses the button; the id of the card page it leads to."""
        answer = self.ask("POST", "/checkout", form)
        assert answer.status_code == 303, answer.text
        return self.page_id(answer)

    def page_id(self, answer: httpx2.Response) -> str:
        """The card page that an answer leads to."""
        found = re.search(r"/(cs_[A-Za-z0-9_]+)", answer.headers["location"])
        assert found, answer.headers["location"]
        return found[1]

    def pay(self, page_id: str, *, owner: str | None = None) -> str:
        """Pays on the card page, each company with a card of its own; the path of the shop it leads back to."""
        paid = self.world.standin.pay(page_id, owner=self.email if owner is None else owner)
        assert paid["status"] == "requires_capture", paid
        back = httpx2.URL(paid["return_address"])
        return f"{back.path}?{back.query.decode()}"

    def orders(self) -> list[Order]:
        """This company's orders, oldest first."""
        with self.world.db.read_session() as session:
            query = select(Order).where(col(Order.customer_id) == self.customer_id).order_by(col(Order.id))
            return list(session.exec(query))

    def intents(self) -> list[dict[str, Any]]:
        """What the card service knows of the money of this company's orders."""
        numbers = {order.number for order in self.orders()}
        books = self.world.standin.books()
        return [one for one in books["intents"] if one["metadata"].get("order") in numbers]

    def pages(self) -> list[dict[str, Any]]:
        """The card pages of this company's orders, as the card service knows them."""
        numbers = {order.number for order in self.orders()}
        sessions = self.world.standin.books()["sessions"]
        return [one for one in sessions if one["metadata"].get("order") in numbers]

    def captured_cents(self) -> list[int]:
        """The amounts that were taken, one for each charge."""
        return [
            one["captured"] - one["refunded"] for one in self.intents() if one["captured"] - one["refunded"]
        ]

    def deliveries(self) -> dict[str, int]:
        """How often each mail to this person arrived, by its kind; a mail that never did has 0."""
        arrived = [message["message_id"] for message in self.world.mailbox.messages(to=self.email)]
        with self.world.db.read_session() as session:
            mails = session.exec(select(Mail).where(col(Mail.to_address) == self.email)).all()
        local = {mail.message_id.partition("@")[0]: mail.kind for mail in mails}
        unknown = [one for one in arrived if one.partition("@")[0] not in local]
        assert unknown == [], "a message without a row of the outbox"
        return {
            kind: sum(1 for one in arrived if one.partition("@")[0] == name) for name, kind in local.items()
        }


class _Forms(HTMLParser):
    """Collects the fields of one form: inputs, ticked boxes, chosen options, texts."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action
        self.values: dict[str, str] = {}
        self._is_inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("action") == self.action and given.get("method") == "post"
        name = given.get("name") or ""
        if not self._is_inside:
            return
        if tag == "input" and name and given.get("type") not in ("checkbox", "radio", "submit"):
            self.values[name] = given.get("value") or ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.values):
            self.values[self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = ""


def form_values(html: str, *, action: str) -> dict[str, str]:
    """The fields of the form with this action, as the page fills them in."""
    parser = _Forms(action)
    parser.feed(html)
    assert parser.values, f"no form with the action {action}"
    return parser.values


@pytest.fixture(scope="session")
def standin() -> Iterator[StandinProcess]:
    """One card service for all tests of this process."""
    with StandinProcess() as started:
        yield started


@pytest.fixture(scope="session")
def mailbox() -> Iterator[MailboxProcess]:
    """One mail server for all tests of this process."""
    with MailboxProcess() as started:
        yield started


@pytest.fixture(scope="session")
def program() -> Iterator[WarmProgram]:
    """The program, read once for all processes of these tests."""
    with WarmProgram() as read:
        yield read


@pytest.fixture(scope="session")
def world(
    databases: Databases,
    program: WarmProgram,
    standin: StandinProcess,
    mailbox: MailboxProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """One installation for all tests of this process; each test brings its own buyer."""
    made = databases.new()
    folder = tmp_path_factory.mktemp("faults")
    settings = {
        "SHOP_STRIPE_API_BASE": standin.url,
        "SHOP_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "SHOP_SMTP_URL": mailbox.smtp_url,
        "SHOP_DATA_FOLDER": str(folder / "data"),
    }
    with ShopProcess(
        made.url, log=folder / "survivor.log", settings=settings, start=program.start
    ) as survivor:
        shop = open_shop(_own_settings(made.url, survivor.url, settings))
        with shop.db.session() as session:
            bundle_id = _stock(session)
        yield World(
            folder=folder,
            database_url=made.url,
            standin=standin,
            mailbox=mailbox,
            shop=shop,
            survivor=survivor,
            bundle_id=bundle_id,
            program=program,
            settings=settings,
        )
        shop.close()
    made.drop()


def _own_settings(database_url: str, base_url: str, settings: dict[str, str]) -> Settings:
    values: dict[str, Any] = {
        "_env_file": None,
        "database_url": database_url,
        "base_url": base_url,
        "secret_key": "test-" * 10,
        "stripe_api_key": "sk_test_" + "0" * 24,
        "stripe_api_base": settings["SHOP_STRIPE_API_BASE"],
        "stripe_webhook_secret": settings["SHOP_STRIPE_WEBHOOK_SECRET"],
        "smtp_url": settings["SHOP_SMTP_URL"],
        "data_folder": settings["SHOP_DATA_FOLDER"],
        "worker": "apart",
    }
    return Settings(**values)


def _stock(session: Session) -> int:
    """Terms, and a bundle of blocks at both rates, one of them counted: its price is split over them."""
    with transaction(session):
        make.terms(session)
        books = make.block(session, vat_rate_bp=700, main_brand_price_cents=333)
        seals = make.block(session, stock_milli=10**9)
        bundle = make.bundle(session, items=[(seals, 2), (books, 1)], price_cents=2_599)
    return bundle.id or 0
