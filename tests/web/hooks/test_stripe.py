"""Stripe's webhook: genuine events are kept once, forged ones leave no trace."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlmodel import select

from app.core.db import Database
from app.jobs.models import Job
from app.payments.models import StripeEvent
from app.shop import Shop

SECRET = "whsec_" + "0" * 32


def body_of(event_id: str = "evt_1", kind: str = "checkout.session.completed", **changed: Any) -> bytes:
    event = {"id": event_id, "type": kind, "livemode": False, "data": {"object": {"id": "cs_1"}}}
    return json.dumps({**event, **changed}).encode()


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None, scheme: str = "v1") -> str:
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},{scheme}={digest}"


def kept(database: Database) -> tuple[list[str], list[dict[str, Any]]]:
    with database.read_session() as session:
        events = [one.event_id for one in session.exec(select(StripeEvent))]
        jobs = [job.args for job in session.exec(select(Job))]
    return events, jobs


@pytest.fixture
def client(browser: Callable[..., Any]) -> Any:
    return browser()


def test_a_genuine_event_is_kept_with_the_work_it_causes(database: Database, client: Any) -> None:
    body = body_of()

    answer = client.post("/hooks/stripe", content=body, headers={"stripe-signature": signed(body)})

    assert answer.status_code == 200
    assert kept(database) == (["evt_1"], [{"event_row_id": 1, "session_id": "cs_1"}])


def test_the_same_event_again_changes_nothing(database: Database, client: Any) -> None:
    body = body_of()

    for _ in range(3):
        answer = client.post("/hooks/stripe", content=body, headers={"stripe-signature": signed(body)})

    assert (answer.status_code, answer.json()) == (200, {"is_new": False})
    assert len(kept(database)[0]) == len(kept(database)[1]) == 1


def test_an_event_that_means_nothing_to_us_is_kept_without_work(database: Database, client: Any) -> None:
    body = body_of(kind="customer.created")

    client.post("/hooks/stripe", content=body, headers={"stripe-signature": signed(body)})

    assert kept(database) == (["evt_1"], [])


FORGED: dict[str, Callable[[bytes], str]] = {
    "no signature": lambda body: "",
    "garbage": lambda body: "t=1,v1=00",
    "another secret": lambda body: signed(body, secret="whsec_other"),
    "empty secret": lambda body: signed(body, secret=""),
    "another body": lambda body: signed(body + b" "),
    "too old": lambda body: signed(body, at=time.time() - 301),
    "old scheme only": lambda body: signed(body, scheme="v0"),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_event_is_refused_without_touching_the_database(
    shop: Shop, database: Database, client: Any, how: str
) -> None:
    body = body_of()
    statements: list[str] = []
    for engine in (shop.db.writing, shop.db.reading):
        sql_event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    answer = client.post("/hooks/stripe", content=body, headers={"stripe-signature": FORGED[how](body)})

    assert answer.status_code == 400
    assert statements == []
    assert kept(database) == ([], [])


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"null", body_of(livemode=True), body_of(data={}), b"\xff\xfe"]
)
def test_a_signed_body_that_is_no_event_of_ours_is_refused(
    database: Database, client: Any, body: bytes
) -> None:
    answer = client.post("/hooks/stripe", content=body, headers={"stripe-signature": signed(body)})

    assert answer.status_code == 400
    assert kept(database) == ([], [])


def test_a_huge_body_is_refused(database: Database, client: Any) -> None:
    answer = client.post("/hooks/stripe", content=b"x" * 600_000, headers={"stripe-signature": "t=1,v1=0"})

    assert answer.status_code == 413
    assert kept(database) == ([], [])
