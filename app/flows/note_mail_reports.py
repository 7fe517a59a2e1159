"""Reports about e-mails come in: from a relay that calls, or from the inbox where undelivered ones arrive."""

import logging
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from app.core.transaction import transaction
from app.customers.service_bounces import note_report
from app.mail.inbox import Inbox, InboxUnavailable, Position
from app.mail.models import MailInbox
from app.mail.rules.reports import Report, read_report

log = logging.getLogger("app.mail")

BOUNCES = "bounces"
"""The name of the one inbox that is read."""


def note_mail_reports(session: Session, reports: Iterable[Report], *, now: datetime) -> int:
    """Notes each report in a transaction of its own; how many said something new."""
    count = 0
    for report in reports:
        with transaction(session):
            count += note_report(session, report, now=now)
    return count


def read_bounces(session: Session, inbox: Inbox, *, now: datetime) -> int:
    """Reads what is new in the inbox, a bounded number of e-mails; how many said something new of ours.

    The place is kept after each report: a crash reads one of them twice, which changes nothing. An inbox that
    cannot be read is noted with the moment since when, for the staff, and tried again with the next run.
    """
    row = session.get(MailInbox, BOUNCES)
    place = Position(row.uid_validity, row.last_uid) if row else Position(0, 0)
    session.rollback()
    count = 0
    try:
        with inbox.opened() as mailbox:
            for found in mailbox.new_reports(after=place):
                place = found.position
                report = read_report(found.raw) if found.raw else None
                if report is not None:
                    with transaction(session):
                        count += note_report(session, report, now=now)
                        _keep_place(session, place)
    except InboxUnavailable as error:
        log.warning("the inbox of reports cannot be read: %s", error)
        with transaction(session):
            _note_failure(session, str(error), now=now)
        return count
    with transaction(session):
        _keep_place(session, place)
        read = _row(session)
        read.read_at, read.failed_since, read.error = now, None, ""
    return count


def _keep_place(session: Session, position: Position) -> None:
    row = _row(session)
    row.uid_validity, row.last_uid = position.uid_validity, position.uid


def _note_failure(session: Session, error: str, *, now: datetime) -> None:
    row = _row(session)
    row.failed_since, row.error = row.failed_since or now, error[:500]


def _row(session: Session) -> MailInbox:
    row = session.get(MailInbox, BOUNCES, with_for_update=True)
    if row is None:
        row = MailInbox(name=BOUNCES)
        session.add(row)
        session.flush()
    return row
