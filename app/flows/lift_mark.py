"""A person lifts the mark of an e-mail address: what was held for it goes out."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, NotFound
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.mail.models import ATTEMPTS, HELD, AddressState, Mail, MailAddress, MailState


def lift_mark(session: Session, address_id: int, *, actor: Actor, now: datetime) -> int | None:
    """Lets e-mails to an address out again, those held meanwhile too; their number, or None if it was lifted before.

    Raises NotFound.
    """
    with transaction(session):
        found = session.get(MailAddress, address_id)
        if found is None:
            raise NotFound(N_("There is no such address."), code="mail_address.not_found")
        # E-mails before their address, as where a report marks it.
        held = session.exec(
            select(Mail)
            .where(
                col(Mail.state) == MailState.FAILED,
                col(Mail.error) == HELD,
                func.lower(col(Mail.to_address)) == found.address,
            )
            .order_by(col(Mail.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        address = session.get_one(MailAddress, address_id, with_for_update=True, populate_existing=True)
        if address.state is AddressState.OK:
            return None
        for mail in held:
            mail.state, mail.error = MailState.QUEUED, None
            mail.attempt_count += 1
            key = f"send_mail:{mail.id}:{mail.attempt_count}"
            put_job(session, "send_mail", now=now, key=key, maximum_attempts=ATTEMPTS, mail_id=mail.id)
        was, address.state = address.state, AddressState.OK
        address.lifted_at, address.lifted_by = now, actor.name[:200]
        record(
            session,
            actor,
            action="mail_address.lifted",
            object_kind="mail_address",
            object_id=address_id,
            object_name=address.address,
            now=now,
            reason=address.reason,
            old={"state": was.value},
            new={"state": AddressState.OK.value, "mails": len(held)},
        )
        return len(held)
