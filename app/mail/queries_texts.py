"""Reading what people wrote into the e-mails, and the e-mails that show how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.mail.models import Mail, MailText

SAMPLES = 10


@dataclass(frozen=True)
class TextState:
    """How a kind stands in one language: its newest version (None: never edited), how often it could not be used."""

    text: MailText | None
    fault_count: int = 0
    fault: str = ""

    @property
    def is_edited(self) -> bool:
        return self.text is not None and not self.text.is_default


def current_text(session: Session, kind: str, language: str) -> MailText | None:
    """The newest version of a text, None where nobody has written one."""
    return session.exec(
        select(MailText)
        .where(col(MailText.kind) == kind, col(MailText.language) == language)
        .order_by(col(MailText.version).desc())
        .limit(1)
    ).first()


def text_states(session: Session) -> dict[tuple[str, str], TextState]:
    """For each kind and language that was ever edited how it stands."""
    newest = select_columns(func.max(MailText.id)).group_by(col(MailText.kind), col(MailText.language))
    texts = session.exec(select(MailText).where(col(MailText.id).in_(newest))).all()
    faults = _faults(session, [text.id for text in texts if text.id is not None and not text.is_default])
    return {(one.kind, one.language): TextState(one, *faults.get(one.id or 0, (0, ""))) for one in texts}


def count_faulty_texts(session: Session) -> int:
    """How many texts that count now could not be used for an e-mail."""
    return sum(1 for state in text_states(session).values() if state.fault_count)


def versions_of(session: Session, kind: str, language: str) -> Sequence[MailText]:
    """Every version of a text, newest first."""
    return session.exec(
        select(MailText)
        .where(col(MailText.kind) == kind, col(MailText.language) == language)
        .order_by(col(MailText.version).desc())
    ).all()


def sample_mails(session: Session, kind: str) -> Sequence[Mail]:
    """The newest e-mails of a kind, on which a text can be tried."""
    query = select(Mail).where(col(Mail.kind) == kind).order_by(col(Mail.id).desc()).limit(SAMPLES)
    return session.exec(query).all()


def text_of(session: Session, mail: Mail) -> MailText | None:
    """The edited text with which an e-mail was sent, or with which it would be sent now."""
    if mail.sent_at is not None:
        return session.get(MailText, mail.text_id) if mail.text_id and not mail.text_fault else None
    return current_text(session, mail.kind, mail.language)


def _faults(session: Session, text_ids: list[int]) -> dict[int, tuple[int, str]]:
    if not text_ids:
        return {}
    query = (
        select_columns(col(Mail.text_id), func.count(), func.max(Mail.text_fault))
        .where(col(Mail.text_fault).is_not(None), col(Mail.text_id).in_(text_ids))
        .group_by(col(Mail.text_id))
    )
    return {text_id: (count, fault) for text_id, count, fault in session.execute(query)}
