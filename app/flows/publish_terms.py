"""The terms get a new version, in force for every order from now on."""

import re
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.ordering.models import TermsVersion

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
"""A version's name stands in addresses and e-mails, such as 2026-01."""
LONGEST = 120_000
"""Characters of one text; the longest terms that people write are a quarter of it."""


def publish_terms(
    session: Session,
    *,
    name: str,
    text_de: str,
    text_en: str,
    actor: Actor,
    now: datetime,
    based_on: str | None = None,
) -> bool:
    """Puts terms in force; False when this version is there already with the same words.

    Raises Invalid for a name or a text that cannot be one, and Refused `terms.name_taken`: a version that
    somebody may have accepted never changes (section 312i BGB, compliance.md section 1, row 3). `based_on` names
    the version that the writer had before them: Refused `terms.changed_meanwhile` where another is in force.
    """
    german, english = _tidy(text_de), _tidy(text_en)
    check_terms(name=name, text_de=german, text_en=english)
    with transaction(session):
        _check_base(session, based_on)
        known = session.exec(select(TermsVersion).where(col(TermsVersion.name) == name)).first()
        if known is not None:
            if (known.text_de, known.text_en) == (german, english):
                return False
            raise Refused(
                N_("Version %(name)s exists with other words. Give the new words a new name."),
                code="terms.name_taken",
                name=name,
            )
        terms = TermsVersion(name=name, text_de=german, text_en=english, created_at=now)
        session.add(terms)
        session.flush()
        record(
            session,
            actor,
            action="terms.published",
            object_kind="terms",
            object_id=terms.id,
            object_name=name,
            now=now,
        )
    return True


def check_terms(*, name: str, text_de: str, text_en: str) -> None:
    """Raises Invalid, with all that is wrong at once, for what cannot be a version."""
    faults: list[FieldError] = []
    for field, text in {"text_de": text_de, "text_en": text_en}.items():
        if not text.strip():
            faults.append(FieldError(field, N_("The text is empty.")))
        elif len(text) > LONGEST:
            faults.append(
                FieldError(field, N_("The text has more than %(most)s characters."), {"most": LONGEST})
            )
    if not NAME.fullmatch(name):
        faults.append(FieldError("name", N_("Use up to 32 letters, digits, full stops and hyphens.")))
    if faults:
        raise Invalid(N_("These terms cannot be published."), code="terms.invalid", fields=tuple(faults))


def _check_base(session: Session, based_on: str | None) -> None:
    """Two people publish one after the other: whoever waited for the lock sees what the first one did."""
    newest = select(TermsVersion.name).order_by(col(TermsVersion.id).desc()).limit(1)
    session.exec(newest.with_for_update()).first()
    if based_on is not None and (session.exec(newest).first() or "") != based_on:
        raise Refused(
            N_("Somebody else has published a version meanwhile. Please look at it and publish again."),
            code="terms.changed_meanwhile",
        )


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "").strip()
