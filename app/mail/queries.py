"""Reading the outbox."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.mail.models import Mail, MailState


def list_mails(session: Session, *, state: MailState | None, text: str, page: int) -> Slice[Mail]:
    """One page of e-mails, newest first, of one state and with a text in address or kind where given."""
    query = select(Mail).order_by(col(Mail.id).desc())
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
