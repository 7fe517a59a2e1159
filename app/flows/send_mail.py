"""One e-mail leaves the outbox: intent written, handed over, answer written."""

from datetime import datetime

from jinja2 import Environment
from sqlalchemy import bindparam, null, update
from sqlmodel import Session, SQLModel

from app.care.service_offers import is_reader_of_offer_admitted
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.service_bounces import mark_address
from app.invoices.queries_papers import attached
from app.mail.models import ASKED_FOR, HELD, AddressState, Mail, MailState
from app.mail.queries import lock_leaving
from app.mail.rendering import message_id_of, render, to_message
from app.mail.rules.reports import is_about_address
from app.mail.transport import Delay, Refusal, Transport
from app.ordering.queries_standing import is_reader_admitted
from app.settings import Settings

OFFERING = frozenset({"standing_order_asked", "service_offer"})
"""E-mails that tell today's prices: who is kept outside by the time they leave gets none of them."""
MAILS = SQLModel.metadata.tables[str(Mail.__tablename__)]
SENT = (
    update(MAILS)
    .where(MAILS.c.id == bindparam("mail_id"))
    .values(
        state=MailState.SENT,
        sent_at=bindparam("now"),
        provider_answer=bindparam("answer"),
        error=None,
        secret_values=null(),
        text_id=bindparam("used_text_id"),
        text_fault=bindparam("fault"),
    )
)


def send_mail(
    session: Session,
    transport: Transport,
    *,
    mail_id: int,
    environments: dict[str, Environment],
    settings: Settings,
    now: datetime,
) -> None:
    """Sends a queued e-mail; a sent, failed or aborted one is left alone.

    One that tells prices to somebody who is kept outside by now is given up; one to a marked address is held as
    failed, for a person to lift the mark. One that the recipient's server refuses for good has failed, and marks the
    address where the refusal is about that. Edited words that cannot be used are told, and default sent.
    Raises Delay when it should be tried later, also where an earlier one about the same thing waits after a failure:
    after a mail server was down they arrive in their order. A crash between the server's "250" and our note sends it
    once more under the same Message-ID: exactly once is not possible over SMTP.
    """
    reach("send_mail.before_intent")
    with transaction(session):
        leaving = lock_leaving(session, mail_id)
        mail = leaving.mail
        if mail.state not in (MailState.QUEUED, MailState.SENDING):
            return
        if mail.kind in OFFERING and not _is_reader_admitted(session, mail):
            mail.state, mail.secret_values = MailState.ABORTED, None
            return
        if leaving.is_marked and mail.kind not in ASKED_FOR:
            mail.state, mail.error = MailState.FAILED, HELD
            return
        if leaving.is_behind:
            raise Delay("an earlier e-mail about the same thing waits")
        mail.state = MailState.SENDING
        mail.message_id = message_id_of(mail, settings=settings)
        mail.attempt_count += 1
        text_id = leaving.text.id if leaving.words and leaving.text else None
    reach("send_mail.before_smtp")
    try:
        text = render(mail, environments[mail.language], settings=settings, words=leaving.words)
        files = attached(session, mail.attachments)
        message = to_message(mail, text, settings=settings, attached=files)
        session.rollback()
        answer = transport.deliver(message)
    except Refusal as refusal:
        _note_refusal(session, mail_id, refusal, now=now)
        return
    except Exception as error:
        _note(session, mail_id, state=MailState.QUEUED, error=f"{type(error).__name__}: {error}")
        raise
    reach("send_mail.after_smtp")
    with transaction(session):
        session.execute(
            SENT,
            {
                "mail_id": mail_id,
                "now": now,
                "answer": answer[:500],
                "used_text_id": text_id,
                "fault": text.fault[:500] or None,
            },
        )
    reach("send_mail.after_note")


def give_up(session: Session, *, mail_id: int, error: str) -> None:
    """Marks an e-mail as failed after its last attempt, for the staff's inbox."""
    _note(session, mail_id, state=MailState.FAILED, error=error)


def _is_reader_admitted(session: Session, mail: Mail) -> bool:
    if mail.kind == "service_offer":
        values = mail.values
        return is_reader_of_offer_admitted(session, values["offer_id"], contact_id=values["contact_id"])
    return is_reader_admitted(session, mail.object_id)


def _note_refusal(session: Session, mail_id: int, refusal: Refusal, *, now: datetime) -> None:
    with transaction(session):
        mail = session.get_one(Mail, mail_id, with_for_update=True)
        mail.state, mail.error = MailState.FAILED, str(refusal)[:2000]
        if is_about_address(refusal.status):
            mail.bounced_at = now
            reason = str(refusal)
            mark_address(
                session, mail, state=AddressState.BOUNCED, status=refusal.status, reason=reason, now=now
            )


def _note(session: Session, mail_id: int, *, state: MailState, error: str) -> None:
    with transaction(session):
        mail = session.get_one(Mail, mail_id, with_for_update=True)
        mail.state = state
        mail.error = error[:2000]
