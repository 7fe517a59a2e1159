"""Reading the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.mail.edited_text import Words
from app.mail.models import AddressState, Mail, MailAddress, MailInbox, MailState, MailText


@dataclass(frozen=True)
class Leaving:
    """An e-mail that is about to be sent, locked: whether its address is marked, whether an earlier one about the
    same thing still waits after a failed attempt, and the edited text that counts.
    """

    mail: Mail
    is_marked: bool
    is_behind: bool
    text: MailText | None

    @property
    def words(self) -> Words | None:
        return words_of(self.text)


def words_of(text: MailText | None) -> Words | None:
    """The words of a version, None for the default text."""
    return None if text is None or text.is_default else Words(text.subject, text.body)


def lock_leaving(session: Session, mail_id: int) -> Leaving:
    """Locks one e-mail and reads with it all that its sending asks for, in one statement.

    Raises NoResultFound for one that does not exist.
    """
    newer = aliased(MailText)
    newest = (
        select_columns(func.max(newer.id))
        .where(col(newer.kind) == col(Mail.kind), col(newer.language) == col(Mail.language))
        .correlate(Mail)
        .scalar_subquery()
    )
    earlier = aliased(Mail)
    is_behind = (
        select_columns(col(earlier.id))
        .where(
            col(earlier.object_kind) == col(Mail.object_kind),
            col(earlier.object_id) == col(Mail.object_id),
            col(earlier.to_address) == col(Mail.to_address),
            col(earlier.id) < col(Mail.id),
            col(earlier.state) == MailState.QUEUED,
            col(earlier.attempt_count) > 0,
        )
        .correlate(Mail)
        .exists()
    )
    query = (
        select_columns(Mail, col(MailAddress.state), MailText, is_behind)
        .outerjoin(MailAddress, col(MailAddress.address) == func.lower(col(Mail.to_address)))
        .outerjoin(MailText, col(MailText.id) == newest)
        .where(col(Mail.id) == mail_id)
        .with_for_update(of=Mail)
        .execution_options(populate_existing=True)
    )
    mail, state, text, is_after = session.execute(query).one()
    return Leaving(mail, state not in (None, AddressState.OK), bool(is_after), text)


def list_mails(
    session: Session, *, state: MailState | None, text: str, page: int, is_bounced: bool = False
) -> Slice[Mail]:
    """One page of e-mails, newest first, of one state (or those that came back) and with a text in address or kind
    where given.
    """
    query = select(Mail).order_by(col(Mail.id).desc())
    if is_bounced:
        query = query.where(col(Mail.bounced_at).is_not(None))
    if state is not None:
        query = query.where(col(Mail.state) == state)
    if text:
        query = query.where(
            col(Mail.to_address).icontains(text, autoescape=True)
            | col(Mail.kind).icontains(text, autoescape=True)
        )
    return read_page(session, query, page=page)


def find_mail(session: Session, mail_id: int) -> Mail:
    """One e-mail. Raises NotFound."""
    mail = session.get(Mail, mail_id)
    if mail is None:
        raise NotFound(N_("There is no such e-mail."), code="mail.not_found")
    return mail


def mails_about(session: Session, object_kind: str, object_id: int, *, limit: int = 200) -> Sequence[Mail]:
    """The e-mails about one thing, oldest first."""
    newest = session.exec(
        select(Mail)
        .where(col(Mail.object_kind) == object_kind, col(Mail.object_id) == object_id)
        .order_by(col(Mail.id).desc())
        .limit(limit)
    ).all()
    return newest[::-1]


def count_mails(session: Session, state: MailState) -> int:
    """How many e-mails are in a state."""
    count: int = session.execute(select_columns(func.count()).where(col(Mail.state) == state)).scalar_one()
    return count


def is_marked(session: Session, address: str) -> bool:
    """Whether e-mails to an address are held, because earlier ones came back or were complained of."""
    return read_mark(session, address) is not None


def read_mark(session: Session, address: str) -> MailAddress | None:
    """The mark of an address, None where e-mails to it are sent."""
    query = select(MailAddress).where(
        col(MailAddress.address) == address.lower(), col(MailAddress.state) != AddressState.OK
    )
    return session.exec(query).first()


def count_waiting(session: Session, *, before: datetime) -> int:
    """How many e-mails were written before a moment and still wait."""
    query = select_columns(func.count()).where(
        col(Mail.state).in_([MailState.QUEUED, MailState.SENDING]), col(Mail.created_at) < before
    )
    count: int = session.execute(query).scalar_one()
    return count


def count_marked(session: Session) -> int:
    """How many addresses are marked."""
    query = select_columns(func.count()).where(col(MailAddress.state) != AddressState.OK)
    count: int = session.execute(query).scalar_one()
    return count


def count_unreadable_inboxes(session: Session) -> int:
    """How many inboxes of reports cannot be read at present."""
    query = select_columns(func.count()).where(col(MailInbox.failed_since).is_not(None))
    count: int = session.execute(query).scalar_one()
    return count


def read_inbox(session: Session) -> MailInbox | None:
    """How the reading of the inbox of reports goes; None where it was never read."""
    return session.exec(select(MailInbox)).first()
