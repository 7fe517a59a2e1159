"""What came back: the e-mail has failed, its address is marked, all inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, record
from app.jobs.service import insert_into
from app.mail.models import AddressState, Mail, MailAddress, MailState
from app.mail.rules.reports import Report, Told

LONGEST_REASON = 500


def note_report(session: Session, report: Report, *, now: datetime) -> bool:
    """Writes down what a report says of one of our e-mails; False where it says nothing new.

    A report about a Message-ID that is not ours, and one that was noted before, change nothing: neither does a
    replayed one after a person has lifted the mark.
    """
    mail = _reported(session, report)
    if mail is None:
        return False
    if report.told is Told.COMPLAINED:
        if mail.complained_at is not None:
            return False
        mail.complained_at = now
    else:
        if mail.bounced_at is not None:
            return False
        mail.bounced_at = now
        # One that a person has given up stays given up.
        if mail.state is not MailState.ABORTED:
            mail.state = MailState.FAILED
        mail.error = f"came back: {report.status} {report.detail}".strip()[:2000]
    if report.marks_address:
        state = AddressState.COMPLAINED if report.told is Told.COMPLAINED else AddressState.BOUNCED
        mark_address(session, mail, state=state, status=report.status, reason=report.detail, now=now)
    return True


def mark_address(
    session: Session, mail: Mail, *, state: AddressState, status: str, reason: str, now: datetime
) -> None:
    """Marks the address of an e-mail: the next ones to it are held until a person lifts the mark."""
    address = mail.to_address.lower()
    row = {
        "address": address,
        "state": state,
        "status": status[:16],
        "reason": reason[:LONGEST_REASON],
        "mail_id": mail.id,
        "at": now,
        "lifted_at": None,
        "lifted_by": "",
    }
    insert = insert_into(session, MailAddress)
    changed = {name: insert.excluded[name] for name in row if name != "address"}
    session.execute(insert.on_conflict_do_update(index_elements=["address"], set_=changed), row)
    record(
        session,
        SYSTEM,
        action="mail_address.marked",
        object_kind=mail.object_kind,
        object_id=mail.object_id,
        object_name=address,
        now=now,
        reason=reason[:LONGEST_REASON],
        new={"state": state.value, "status": status[:16], "mail_id": mail.id},
    )


def _reported(session: Session, report: Report) -> Mail | None:
    if not report.message_ids:
        return None
    mails = session.exec(
        select(Mail)
        .where(col(Mail.message_id).in_(report.message_ids))
        .order_by(col(Mail.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    by_id = {mail.message_id: mail for mail in mails}
    # The order of the ids counts: first those of the returned e-mail, then what the report answers.
    return next((by_id[one] for one in report.message_ids if one in by_id), None)
