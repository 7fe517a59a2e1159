"""An e-mail leaves the outbox once, or says why it did not."""

import email
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.rendering import make_environments
from app.core.transaction import transaction
from app.flows.send_mail import send_mail
from app.handlers.registry import LONGEST_BACKOFF
from app.jobs import queue
from app.jobs.models import Job, JobState
from app.mail.models import Mail, MailState
from app.mail.service import put_mail
from app.mail.transport import Delay, open_transport
from app.settings import Settings
from tests.flows.letterbox import Sink, served


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    with served(handler) as url:
        yield handler, url


def _put(session: Session, now: datetime) -> int:
    with transaction(session):
        for _ in range(2):
            put_mail(
                session, "verify_email", key="verify:1", to="kim@firma.example", language="en",
                object_kind="contact", object_id=1, now=now,
                secret_values={"token": "s3cret-link"}, company_name="Ärmel GmbH\r\nBcc: x@y.example",
                contact_name="Kim", hours=48,
            )  # fmt: skip
    [mail] = session.exec(select(Mail)).all()
    return mail.id or 0


def _send(session: Session, url: str, mail_id: int, settings: Settings, now: datetime) -> None:
    environments = make_environments(timezone="Europe/Berlin")
    for environment in environments.values():
        environment.globals["static"] = str
    send_mail(
        session, open_transport(url), mail_id=mail_id, environments=environments, settings=settings, now=now
    )


def test_a_queued_mail_is_delivered_once_and_its_secret_forgotten(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    mail_id = _put(session, now)

    _send(session, url, mail_id, settings, now)
    _send(session, url, mail_id, settings, now)

    mail = session.get_one(Mail, mail_id)
    assert mail.state is MailState.SENT
    assert mail.secret_values is None
    assert len(server.messages) == 1
    head, _, body = server.messages[0].partition(b"\r\n\r\n")
    assert b"\r\nbcc:" not in head.lower()
    assert b"s3cret-link" in body
    assert settings.seller_register_number.encode() in body


def test_a_mail_that_the_server_puts_off_stays_queued_with_the_reason(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    server.code = 451
    mail_id = _put(session, now)

    with pytest.raises(Delay):
        _send(session, url, mail_id, settings, now)

    mail = session.get_one(Mail, mail_id)
    assert (mail.state, mail.error) == (MailState.QUEUED, "Delay: 451 not now")


def test_the_message_id_that_left_is_the_one_that_is_kept_and_stays_through_every_attempt(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    mail_id = _put(session, now)
    assert session.get_one(Mail, mail_id).sent_message_id == ""
    server.code = 451
    with pytest.raises(Delay):
        _send(session, url, mail_id, settings.model_copy(update={"mail_from": "a@first.example"}), now)
    tried = session.get_one(Mail, mail_id).sent_message_id

    server.code = 250
    _send(session, url, mail_id, settings.model_copy(update={"mail_from": "b@later.example"}), now)

    kept = session.get_one(Mail, mail_id, populate_existing=True).sent_message_id
    assert kept == tried
    assert kept.endswith("@first.example>")
    assert f"Message-ID: {kept}".encode() in server.messages[0]


def test_while_one_waits_after_a_failure_the_next_about_the_same_thing_does_not_overtake_it(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    values: dict[str, Any] = {"contact_name": "Kim", "number": "S-1", "amount_cents": 1}
    with transaction(session):
        for key, about in (("first", 1), ("second", 1), ("other", 2)):
            put_mail(
                session, "order_being_checked", key=key, to="kim@firma.example", language="en", now=now,
                object_kind="order", object_id=about, **values,
            )  # fmt: skip
    first, second, other = session.exec(select(Mail.id).order_by(col(Mail.id))).all()
    server.code = 451
    with pytest.raises(Delay):
        _send(session, url, first or 0, settings, now)
    server.code = 250

    with pytest.raises(Delay, match="earlier"):
        _send(session, url, second or 0, settings, now)
    _send(session, url, other or 0, settings, now)
    _send(session, url, first or 0, settings, now)
    _send(session, url, second or 0, settings, now)

    session.rollback()
    ids = {mail.message_id: mail.key for mail in session.exec(select(Mail))}
    arrived = [email.message_from_bytes(raw)["Message-ID"] for raw in server.messages]
    assert [ids[one] for one in arrived] == ["other", "first", "second"]


def test_a_mail_server_that_is_down_for_a_day_loses_no_e_mail(
    session: Session, settings: Settings, now: datetime
) -> None:
    _put(session, now)
    moment = now
    while moment < now + timedelta(hours=25):
        with transaction(session):
            [claim] = queue.claim(session, now=moment, lease=timedelta(seconds=30))
            queue.fail(session, claim, now=moment, error="down", longest=LONGEST_BACKOFF["send_mail"])
        job = session.exec(select(Job)).one()
        assert job.state is JobState.READY
        assert job.run_at - moment < timedelta(minutes=37)
        moment = job.run_at


def test_a_mail_that_the_server_refuses_for_good_is_failed_at_once(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    server.code = 550
    mail_id = _put(session, now)

    _send(session, url, mail_id, settings, now)

    assert session.get_one(Mail, mail_id).state is MailState.FAILED
    assert server.messages == []


def test_the_folder_transport_keeps_one_file_per_message_id(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Message-ID"] = "<abc@schlicht>"
    message.set_content("hello")

    transport = open_transport(f"file://{tmp_path}")
    transport.deliver(message)
    transport.deliver(message)

    assert [path.name for path in tmp_path.iterdir()] == ["abcschlicht.eml"]


def test_an_unknown_transport_is_refused_with_the_variables_name() -> None:
    with pytest.raises(ValueError, match="SHOP_SMTP_URL"):
        open_transport("http://mail.example")
