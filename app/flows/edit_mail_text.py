"""A person writes what a kind of e-mail says in one language, or goes back to the default."""

from datetime import datetime

from jinja2 import Environment, TemplateNotFound
from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.jobs.service import insert_into
from app.mail.models import MailText
from app.mail.queries_texts import current_text
from app.mail.text_checks import faults_of
from app.mail.text_source import own_source


def edit_mail_text(
    session: Session,
    kind: str,
    language: str,
    *,
    subject: str,
    body: str,
    since_version: int,
    environment: Environment,
    actor: Actor,
    now: datetime,
) -> bool:
    """Makes a subject and body count from the next e-mail on; False where they count already.

    `since_version` is the version that the person had before the eyes (0: none yet). Raises NotFound for a kind
    that does not exist, Invalid with one entry per fault, and Refused `mail_text.changed_meanwhile`.
    """
    own = _own(kind, environment)
    subject, body = _lines(subject).strip(), _lines(body).strip() + "\n"
    faults = faults_of(subject, body, kind=kind, environment=environment)
    if faults:
        raise Invalid(
            N_("The text cannot be used as it stands."),
            code="mail_text.faults",
            fields=tuple(FieldError(fault.field, fault.message, fault.values) for fault in faults),
        )
    is_own = (subject, body) == (own[0].strip(), own[1])
    return _write(
        session, kind, language, words=None if is_own else (subject, body), since_version=since_version, actor=actor,
        now=now,
    )  # fmt: skip


def restore_mail_text(
    session: Session,
    kind: str,
    language: str,
    *,
    since_version: int,
    environment: Environment,
    actor: Actor,
    now: datetime,
) -> bool:
    """Makes the default text count again; False where it does. Raises as `edit_mail_text` does."""
    _own(kind, environment)
    return _write(session, kind, language, words=None, since_version=since_version, actor=actor, now=now)


def _own(kind: str, environment: Environment) -> tuple[str, str]:
    try:
        own = own_source(kind, environment)
    except TemplateNotFound as error:
        raise NotFound(N_("There is no such kind of e-mail."), code="mail_text.not_found") from error
    return own.subject, own.body


def _write(
    session: Session,
    kind: str,
    language: str,
    *,
    words: tuple[str, str] | None,
    since_version: int,
    actor: Actor,
    now: datetime,
) -> bool:
    with transaction(session):
        present = current_text(session, kind, language)
        version = present.version if present else 0
        if version != since_version:
            _refuse_changed()
        was = None if present is None or present.is_default else (present.subject, present.body)
        if was == words:
            return False
        row = {
            "kind": kind,
            "language": language,
            "version": version + 1,
            "is_default": words is None,
            "subject": words[0] if words else "",
            "body": words[1] if words else "",
            "written_by": actor.name[:200],
            "at": now,
        }
        insert = insert_into(session, MailText).on_conflict_do_nothing(
            index_elements=["kind", "language", "version"]
        )
        written = session.execute(insert.returning(MailText.id), row).scalar()  # type: ignore[call-overload]
        if written is None:
            _refuse_changed()
        record(
            session,
            actor,
            action="mail_text.edited" if words else "mail_text.restored",
            object_kind="mail_text",
            object_id=written,
            object_name=f"{kind} {language}",
            now=now,
            old={"version": version},
            new={"version": version + 1},
        )
    return True


def _refuse_changed() -> None:
    raise Refused(
        N_("Somebody else has changed this text meanwhile. Look at the present one before you save yours."),
        code="mail_text.changed_meanwhile",
    )


def _lines(text: str) -> str:
    """A posted text with plain line breaks and no white space at the ends of lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines)
