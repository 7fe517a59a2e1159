from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import NotFound, Refused
from app.core.rendering import make_environments
from app.core.transaction import transaction
from app.flows.retry_mail import abort, retry, send_again
from app.jobs.models import Job, JobState
from app.mail.models import Mail, MailState
from app.mail.service import put_mail
from app.settings import Settings

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)
VALUES: dict[str, Any] = {
    "number": "S-1", "contact_name": "Anna", "purchase_reference": "", "is_late": False, "promised_on": "2026-03-12",
    "carrier": "", "tracking_code": "", "lines": [],
}  # fmt: skip


@pytest.fixture
def mail(session: Session, now: datetime) -> Mail:
    with transaction(session):
        put_mail(
            session, "order_dispatched", key="k", to="a@b.example", language="en",
            object_kind="order", object_id=1, now=now, **VALUES,
        )  # fmt: skip
    return session.exec(select(Mail)).one()


def _set(session: Session, mail: Mail, state: MailState, *, job: JobState) -> int:
    with transaction(session):
        row = session.get_one(Mail, mail.id)
        row.state, row.error = state, "550 no"
        session.exec(select(Job)).one().state = job
    return mail.id or 0


def _jobs(session: Session) -> list[tuple[str | None, JobState, datetime]]:
    session.rollback()
    return [(job.key, job.state, job.run_at) for job in session.exec(select(Job).order_by(col(Job.id)))]


@pytest.mark.parametrize("state", [MailState.FAILED, MailState.ABORTED])
def test_a_failed_or_given_up_mail_goes_back_into_the_queue_with_one_new_job(
    session: Session, mail: Mail, now: datetime, state: MailState
) -> None:
    mail_id = _set(session, mail, state, job=JobState.DEAD)

    assert retry(session, mail_id, actor=ACTOR, now=now) is True
    assert retry(session, mail_id, actor=ACTOR, now=now) is True

    assert (mail.state, mail.error) == (MailState.QUEUED, None)
    assert [(key, state) for key, state, _ in _jobs(session)] == [
        (f"send_mail:{mail_id}", JobState.DEAD),
        (f"send_mail:{mail_id}:1", JobState.READY),
    ]


def test_a_waiting_mail_is_brought_forward_and_gets_no_second_job(
    session: Session, mail: Mail, now: datetime
) -> None:
    with transaction(session):
        session.exec(select(Job)).one().run_at = now + timedelta(hours=6)

    retry(session, mail.id or 0, actor=ACTOR, now=now)

    assert _jobs(session) == [(f"send_mail:{mail.id}", JobState.READY, now)]


@pytest.mark.parametrize("state", [MailState.SENT, MailState.SENDING])
def test_a_mail_that_left_is_not_retried(
    session: Session, mail: Mail, now: datetime, state: MailState
) -> None:
    mail_id = _set(session, mail, state, job=JobState.DONE)

    assert retry(session, mail_id, actor=ACTOR, now=now) is False
    with pytest.raises(Refused):
        abort(session, mail_id, actor=ACTOR, now=now)

    assert session.exec(select(AuditEntry)).all() == []
    assert len(_jobs(session)) == 1


def test_giving_up_twice_is_once(session: Session, mail: Mail, now: datetime) -> None:
    assert abort(session, mail.id or 0, actor=ACTOR, now=now) is True
    assert abort(session, mail.id or 0, actor=ACTOR, now=now) is False

    assert mail.state is MailState.ABORTED
    assert session.exec(select(AuditEntry.action)).all() == ["mail.aborted"]


def test_a_sent_mail_is_sent_once_more_per_click(
    session: Session, mail: Mail, now: datetime, settings: Settings
) -> None:
    mail_id = _set(session, mail, MailState.SENT, job=JobState.DONE)
    environments = make_environments(timezone="Europe/Berlin")

    def click(request_key: str) -> bool:
        return send_again(
            session, mail_id, request_key=request_key, environments=environments, settings=settings,
            actor=ACTOR, now=now,
        )  # fmt: skip

    assert [click("first"), click("first"), click("second")] == [True, False, True]

    mails = session.exec(select(Mail).order_by(col(Mail.id))).all()
    assert [(row.state, row.to_address, row.values) for row in mails[1:]] == [
        (MailState.QUEUED, "a@b.example", VALUES)
    ] * 2
    assert len({row.message_id for row in mails}) == 3
    assert session.exec(select(AuditEntry.action)).all() == ["mail.sent_again"] * 2


def test_a_mail_whose_secret_is_forgotten_cannot_be_sent_again(
    session: Session, mail: Mail, now: datetime, settings: Settings
) -> None:
    mail_id = _set(session, mail, MailState.SENT, job=JobState.DONE)
    with transaction(session):
        values = {name: value for name, value in VALUES.items() if name != "tracking_code"}
        session.get_one(Mail, mail_id).values = values

    with pytest.raises(Refused) as refusal:
        send_again(
            session, mail_id, request_key="x", environments=make_environments(timezone="Europe/Berlin"),
            settings=settings, actor=ACTOR, now=now,
        )  # fmt: skip

    assert refusal.value.code == "mail.secret"
    assert len(session.exec(select(Mail)).all()) == 1


def test_an_unknown_mail_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        retry(session, 999, actor=ACTOR, now=now)
