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


def publish_terms(
    session: Session, *, name: str, text_de: str, text_en: str, actor: Actor, now: datetime
) -> bool:
    """Puts terms in force; False when this version is there already with the same words.

    Raises Invalid for a name or a text that cannot be one, and Refused `terms.name_taken`: a version that
    somebody may have accepted never changes (section 312i BGB, compliance.md section 1, row 3).
    """
    german, english = text_de.strip(), text_en.strip()
    texts = {"text_de": german, "text_en": english}
    faults = [FieldError(field, N_("The text is empty.")) for field, text in texts.items() if not text]
    if not NAME.fullmatch(name):
        faults.append(FieldError("name", N_("Use up to 32 letters, digits, full stops and hyphens.")))
    if faults:
        raise Invalid(N_("These terms cannot be published."), code="terms.invalid", fields=tuple(faults))
    with transaction(session):
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
