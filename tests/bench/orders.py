"""Placing and settling orders as browsers do, with the CPU it costs us."""

import http.client
import re
import time
import urllib.parse
from dataclasses import dataclass

from sqlalchemy import text

from app.ordering.rules.states import OrderState
from tests.bench.cpu import cpu_ms
from tests.bench.stage import SignedIn, Stage

SETTLED_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class OrderCost:
    """What one order costs in CPU milliseconds, and how many orders a second went through."""

    cpu_ms: float
    per_second: float


def place_and_settle(stage: Stage, *, count: int) -> OrderCost:
    """Orders by as many companies that have ordered once before.

    Measured from "Order with obligation to pay" until charged and accepted, with all webhooks; the e-mails are
    measured by `Stage.send_mails`. Raises RuntimeError when an order does not come through.
    """
    buyers = [stage.visitor() for _ in range(count)]
    _order(stage, buyers, orders_each=1)
    pages = [_fill_cart_and_open_checkout(stage, buyer) for buyer in buyers]
    before, started = cpu_ms(stage.pids), time.perf_counter()
    _order(stage, buyers, orders_each=2, pages=pages)
    seconds = time.perf_counter() - started
    return OrderCost((cpu_ms(stage.pids) - before) / count, count / seconds)


def _order(stage: Stage, buyers: list[SignedIn], *, orders_each: int, pages: list[str] | None = None) -> None:
    assert stage.standin is not None
    pages = pages or [_fill_cart_and_open_checkout(stage, buyer) for buyer in buyers]
    for buyer, page in zip(buyers, pages, strict=True):
        status, headers, body = _send(stage, "POST", "/checkout", buyer, values=_checkout_values(page))
        if status != 303:
            raise RuntimeError(f"checkout answered {status}: {body[:500]!r}")
        session_id = headers["location"].rstrip("/").rsplit("/", 1)[-1].partition("?")[0]
        paid = stage.standin.pay(session_id, owner=str(buyer.customer_id))
        if paid["status"] not in ("complete", "succeeded", "requires_capture"):
            raise RuntimeError(f"the card page said {paid}")
    _wait_until_accepted(stage, buyers, count=len(buyers) * orders_each)


def _fill_cart_and_open_checkout(stage: Stage, buyer: SignedIn) -> str:
    wanted = {"bundle_id": str(stage.simple_bundle()), "quantity": "3"}
    status, _, body = _send(stage, "POST", "/cart/lines", buyer, values=wanted)
    if status != 303:
        raise RuntimeError(f"the cart answered {status}: {body[:500]!r}")
    status, _, body = _send(stage, "GET", "/checkout", buyer)
    if status != 200:
        raise RuntimeError(f"the checkout page answered {status}")
    return body.decode()


def _checkout_values(page: str) -> dict[str, str]:
    """The checkout form as it was shown, with both boxes ticked."""
    form = page[page.index('action="/checkout"') :]
    form = form[: form.index("</form>")]
    values = {}
    for field in re.findall(r"<input\b[^>]*>", form):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', field))
        if "name" in attributes:
            values[attributes["name"]] = _unescape(attributes.get("value", ""))
    for name, options in re.findall(r'<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)"[^>]*selected', options)
        values[name] = chosen.group(1) if chosen else ""
    return values


def _unescape(value: str) -> str:
    return value.replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")


def _wait_until_accepted(stage: Stage, buyers: list[SignedIn], *, count: int) -> None:
    wanted = {buyer.customer_id for buyer in buyers}
    query = text("SELECT count(*) FROM orders WHERE state = :state AND customer_id >= :first")
    values = {"state": OrderState.ACCEPTED.value, "first": min(wanted)}
    give_up_at = time.monotonic() + SETTLED_WITHIN_SECONDS
    while time.monotonic() < give_up_at:
        with stage.database.read_session() as session:
            if session.execute(query, values).scalar_one() >= count:
                return
        time.sleep(0.2)
    raise RuntimeError(f"{stage.name}: not all of {count} orders were accepted in time")


def _send(
    stage: Stage, method: str, path: str, buyer: SignedIn, *, values: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=30)
    headers = {"Cookie": buyer.cookie, "Accept": "text/html", "Accept-Language": "en"}
    body = None
    if values is not None:
        body = urllib.parse.urlencode({**values, "csrf": buyer.csrf})
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content
