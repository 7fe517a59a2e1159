"""A relay's webhook: what is signed counts once, what is forged or closed leaves no trace."""

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.mail.models import Mail, MailAddress, MailState
from app.mail.rules.signatures import signature_of
from app.shop import Shop
from app.web.app import build
from tests import make
from tests.web.conftest import BASE, Browser

SECRET = "relay-" * 8
BODY = json.dumps(
    {
        "events": [
            {"event": "bounced", "message_id": "<1@schlicht.example>", "status": "5.1.1", "detail": "unknown"}
        ]
    }
).encode()


@pytest.fixture
def mail(session: Session) -> Mail:
    return make.saved(
        session,
        Mail(
            kind="order_late", key="k", message_id="<1@schlicht.example>", to_address="kim@firma.example",
            language="en", object_kind="order", object_id=1, state=MailState.SENT, created_at=make.NOW,
            sent_at=make.NOW, provider_answer="250",
        ),
    )  # fmt: skip


@pytest.fixture
def post(shop: Shop) -> Callable[..., Any]:
    """Posts a body as a relay does, signed unless told otherwise, to a shop with a secret."""

    def send(
        body: bytes = BODY,
        *,
        secret: str = SECRET,
        ours: str = SECRET,
        at: datetime | None = None,
        **headers: str,
    ) -> Any:
        settings = shop.settings.model_copy(update={"mail_webhook_secret": SecretStr(ours)})
        client = Browser(build(dataclasses.replace(shop, settings=settings)), base_url=BASE)
        header = {"schlicht-signature": signature_of(body, secret=secret, at=at or utc_now()), **headers}
        return client.post("/hooks/mail", content=body, headers=header)

    return send


def marked(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(MailAddress.address)))


def test_a_signed_bounce_marks_the_address_and_replayed_it_says_nothing_new(
    session: Session, mail: Mail, post: Callable[..., Any]
) -> None:
    answers = [post() for _ in range(2)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"new": 1}),
        (200, {"new": 0}),
    ]
    assert marked(session) == ["kim@firma.example"]
    assert session.get_one(Mail, mail.id, populate_existing=True).state is MailState.FAILED


@pytest.mark.parametrize(
    "how", [{"secret": "other-" * 8}, {"at": make.NOW}, {"secret": ""}], ids=["secret", "old", "empty"]
)
def test_a_forged_call_leaves_no_trace(
    session: Session, mail: Mail, post: Callable[..., Any], how: dict[str, Any]
) -> None:
    answer = post(**how)

    assert (answer.status_code, answer.json()["code"]) == (400, "mail.forged")
    assert marked(session) == []


def test_without_a_secret_the_route_is_closed_however_the_call_is_signed(
    session: Session, mail: Mail, post: Callable[..., Any]
) -> None:
    answer = post(secret="", ours="")

    assert (answer.status_code, answer.json()) == (404, {"code": "mail.closed"})
    assert marked(session) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"{", 400, "mail.unreadable"), (b" " * (512 * 1024 + 1), 413, "mail.too_large")],
    ids=["no JSON", "too large"],
)
def test_a_body_of_another_form_is_refused(
    session: Session, mail: Mail, post: Callable[..., Any], body: bytes, status: int, code: str
) -> None:
    answer = post(body, at=utc_now() + timedelta(seconds=1))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert marked(session) == []
