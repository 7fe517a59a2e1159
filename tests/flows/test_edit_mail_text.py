"""A text counts from the next e-mail on, stands in every version, and never holds an e-mail up."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, NotFound, Refused
from app.core.rendering import make_environments
from app.core.transaction import transaction
from app.flows.edit_mail_text import edit_mail_text, restore_mail_text
from app.flows.send_mail import send_mail
from app.mail.models import Mail, MailState, MailText
from app.mail.queries_texts import count_faulty_texts, current_text, text_of, text_states, versions_of
from app.mail.service import put_mail
from app.mail.text_source import own_source
from app.mail.transport import open_transport
from app.settings import Settings
from tests import make
from tests.flows.letterbox import Sink, served

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)
ENVIRONMENTS = make_environments(timezone="Europe/Berlin")
KIND = "order_being_checked"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    with served(handler) as url:
        yield handler, url


def edit(session: Session, body: str, now: datetime, *, since: int = 0, **changes: Any) -> bool:
    values = {"kind": KIND, "language": "en", "subject": "Order {{ number }}: a word", **changes}
    environment = ENVIRONMENTS[values["language"]]
    return edit_mail_text(
        session, values.pop("kind"), values.pop("language"), body=body, since_version=since,
        environment=environment, actor=ACTOR, now=now, **values,
    )  # fmt: skip


def restore(session: Session, now: datetime, *, since: int) -> bool:
    return restore_mail_text(
        session, KIND, "en", since_version=since, environment=ENVIRONMENTS["en"], actor=ACTOR, now=now
    )


def send(
    session: Session, url: str, settings: Settings, now: datetime, *, key: str = "k", language: str = "en"
) -> Mail:
    with transaction(session):
        put_mail(
            session, KIND, key=key, to="a@b.example", language=language, object_kind="order", object_id=1, now=now,
            contact_name="Kim", number="S-1", amount_cents=2_975,
        )  # fmt: skip
    mail_id = session.exec(select(Mail.id).where(Mail.key == key)).one() or 0
    transport = open_transport(url)
    send_mail(session, transport, mail_id=mail_id, environments=ENVIRONMENTS, settings=settings, now=now)
    session.rollback()
    return session.get_one(Mail, mail_id, populate_existing=True)


def test_an_edited_text_counts_from_the_next_e_mail_on_in_its_language_only(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    before = send(session, url, settings, now, key="before")

    assert edit(session, "Dear {{ contact_name }},\r\nwe look at it: {{ amount_cents|money }}.", now)
    english = send(session, url, settings, now, key="after")
    arrived = server.last()
    german = send(session, url, settings, now, key="german", language="de")

    assert arrived["Subject"] == "Order S-1: a word"
    said = arrived.get_content().replace("\r\n", "\n")
    assert said.startswith("Dear Kim,\nwe look at it: €29.75.\n\n-- \n")
    present = current_text(session, KIND, "en")
    assert present is not None
    assert (before.text_id, english.text_id, german.text_id) == (None, present.id, None)
    assert text_of(session, before) is None
    assert text_of(session, english) == present
    assert [entry.action for entry in session.exec(select(AuditEntry))] == ["mail_text.edited"]


def test_back_to_the_shops_own_text_is_one_step_and_every_version_stays(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    edit(session, "First.", now)
    edit(session, "Second.", now, since=1)

    assert [restore(session, now, since=2), restore(session, now, since=3)] == [True, False]
    send(session, url, settings, now)

    assert server.last()["Subject"] == "Order S-1: we are checking it"
    assert [(one.version, one.is_default, one.body) for one in versions_of(session, KIND, "en")] == [
        (3, True, ""), (2, False, "Second.\n"), (1, False, "First.\n"),
    ]  # fmt: skip
    assert not text_states(session)[KIND, "en"].is_edited


def test_the_shops_own_text_saved_as_it_is_changes_nothing(session: Session, now: datetime) -> None:
    own = own_source(KIND, ENVIRONMENTS["en"])

    assert edit(session, own.body, now, subject=own.subject) is False

    assert session.exec(select(MailText)).all() == []


def test_of_two_who_edit_one_text_the_second_is_told(session: Session, now: datetime) -> None:
    edit(session, "Mine.", now)

    with pytest.raises(Refused) as refused:
        edit(session, "Yours.", now)

    assert refused.value.code == "mail_text.changed_meanwhile"
    assert [one.body for one in versions_of(session, KIND, "en")] == ["Mine.\n"]


def test_a_text_with_a_fault_is_refused_with_field_and_line(session: Session, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        edit(session, "Hello\n{{ nmber }}", now, subject="{{ amount }}")

    assert [(one.field, one.values["line"]) for one in refused.value.fields] == [("subject", 1), ("body", 2)]
    assert session.exec(select(MailText)).all() == []


@pytest.mark.parametrize("kind", ["nothing", "../admin", ""])
def test_a_kind_that_does_not_exist_is_not_found(session: Session, now: datetime, kind: str) -> None:
    with pytest.raises(NotFound):
        edit(session, "Hello", now, kind=kind)


def test_a_text_that_breaks_is_replaced_by_the_shops_own_and_makes_a_task(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    row = MailText(
        kind=KIND,
        language="en",
        version=1,
        subject="S",
        body="\n{{ gone_with_a_release }}",
        written_by="R",
        at=now,
    )
    make.saved(session, row)

    mail = send(session, url, settings, now)

    assert mail.state is MailState.SENT
    assert server.last()["Subject"] == "Order S-1: we are checking it"
    assert mail.text_fault == "body, line 2: 'gone_with_a_release' is undefined"
    assert count_faulty_texts(session) == 1
    assert text_of(session, mail) is None
    edit(session, "Mended.", now, since=1)
    assert count_faulty_texts(session) == 0


def test_a_version_can_be_neither_changed_nor_deleted(session: Session, now: datetime) -> None:
    edit(session, "Hello", now)

    for statement in ("UPDATE mail_texts SET body = 'x'", "DELETE FROM mail_texts"):
        with pytest.raises(DatabaseError), transaction(session):
            session.execute(sql(statement))

    assert [one.body for one in versions_of(session, KIND, "en")] == ["Hello\n"]
