"""A person tries a failed e-mail again, sends a sent one once more, or gives one up."""

from datetime import datetime

from jinja2 import Environment, UndefinedError
from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, NotFound, Refused
from app.core.transaction import transaction
from app.jobs.models import Job, JobState
from app.jobs.service import put_job
from app.mail.models import ASKED_FOR, ATTEMPTS, Mail, MailState
from app.mail.queries import is_marked
from app.mail.rendering import render
from app.mail.service import put_mail
from app.settings import Settings


def retry(session: Session, mail_id: int, *, actor: Actor, now: datetime) -> bool:
    """Puts a failed or given-up e-mail back into the queue, or brings a waiting one forward; False for others.

    One that was handed over and came back is among the others: `send_again` writes a copy of it.
    Raises NotFound, and Refused `mail.address_marked` for an address to which e-mails are held.
    """
    with transaction(session):
        mail = _lock(session, mail_id)
        if mail.state in (MailState.SENDING, MailState.SENT) or mail.sent_at is not None:
            return False
        _refuse_marked(session, mail)
        was = mail.state
        mail.state, mail.error, mail.bounced_at = MailState.QUEUED, None, None
        if not _bring_forward(session, mail_id, now=now):
            mail.attempt_count += was is not MailState.QUEUED
            key = f"send_mail:{mail_id}:{mail.attempt_count}"
            put_job(session, "send_mail", now=now, key=key, maximum_attempts=ATTEMPTS, mail_id=mail_id)
        _record(session, mail, "mail.retried", actor=actor, now=now, old=was)
    return True


def send_again(
    session: Session,
    mail_id: int,
    *,
    request_key: str,
    environments: dict[str, Environment],
    settings: Settings,
    actor: Actor,
    now: datetime,
) -> bool:
    """Writes a copy of a sent e-mail to the same address; the same `request_key` (one per click) only once.

    One that came back is given up with it. False for an e-mail that was not sent yet. Raises NotFound, and Refused
    `mail.secret` for one whose secret link was forgotten after sending or `mail.address_marked`.
    """
    with transaction(session):
        mail = _lock(session, mail_id)
        _refuse_marked(session, mail)
    if not _was_sent(mail):
        return False
    if not can_be_sent_again(mail, environments=environments, settings=settings):
        message = N_(
            "This e-mail held a secret link that is not kept. The customer has to ask for a new one."
        )
        raise Refused(message, code="mail.secret")
    key = f"{mail.key[:120]}#again:{request_key[:64]}"
    with transaction(session):
        if session.exec(select(Mail.id).where(col(Mail.key) == key)).first() is not None:
            return False
        mail = _lock(session, mail_id)
        if mail.state is MailState.FAILED:
            mail.state = MailState.ABORTED
        put_mail(
            session,
            mail.kind,
            key=key,
            to=mail.to_address,
            language=mail.language,
            object_kind=mail.object_kind,
            object_id=mail.object_id,
            now=now,
            attachments=mail.attachments,
            **mail.values,
        )
        _record(session, mail, "mail.sent_again", actor=actor, now=now, old=mail.state)
    return True


def can_be_sent_again(mail: Mail, *, environments: dict[str, Environment], settings: Settings) -> bool:
    """Whether a sent e-mail still has all its values: a secret link is forgotten once it has left."""
    if not _was_sent(mail):
        return False
    try:
        render(mail, environments[mail.language], settings=settings)
    except UndefinedError:
        return False
    return True


def abort(session: Session, mail_id: int, *, actor: Actor, now: datetime) -> bool:
    """Gives up an e-mail that waits or failed; False when it is given up already.

    Raises NotFound, and Refused `mail.under_way` for one that is being sent or was sent.
    """
    with transaction(session):
        mail = _lock(session, mail_id)
        if mail.state is MailState.ABORTED:
            return False
        if mail.state in (MailState.SENDING, MailState.SENT):
            raise Refused(N_("This e-mail is on its way or was sent already."), code="mail.under_way")
        was, mail.state = mail.state, MailState.ABORTED
        _record(session, mail, "mail.aborted", actor=actor, now=now, old=was)
    return True


def _was_sent(mail: Mail) -> bool:
    """Whether it was handed over, even if it came back."""
    return mail.state is MailState.SENT or (mail.sent_at is not None and mail.state is not MailState.SENDING)


def _refuse_marked(session: Session, mail: Mail) -> None:
    if mail.kind not in ASKED_FOR and is_marked(session, mail.to_address):
        message = N_(
            "E-mails to this address came back, so they are held. Correct the address, or lift its mark first."
        )
        raise Refused(message, code="mail.address_marked")


def _bring_forward(session: Session, mail_id: int, *, now: datetime) -> bool:
    # One job per e-mail at a time: two at once could both hand it over.
    key = f"send_mail:{mail_id}"
    is_of_mail = or_(col(Job.key) == key, col(Job.key).startswith(key + ":", autoescape=True))
    jobs = session.exec(
        select(Job)
        .where(is_of_mail, col(Job.state).in_([JobState.READY, JobState.RUNNING]))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for job in jobs:
        if job.state is JobState.READY:
            job.run_at = now
    return bool(jobs)


def _lock(session: Session, mail_id: int) -> Mail:
    mail = session.exec(
        select(Mail)
        .where(col(Mail.id) == mail_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if mail is None:
        raise NotFound(N_("There is no such e-mail."), code="mail.not_found")
    return mail


def _record(
    session: Session, mail: Mail, action: str, *, actor: Actor, now: datetime, old: MailState
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind=mail.object_kind,
        object_id=mail.object_id,
        object_name=f"{mail.kind} {mail.to_address}",
        now=now,
        old={"state": old.value},
        new={"state": mail.state.value, "mail_id": mail.id},
    )
