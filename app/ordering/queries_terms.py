"""Reading the terms: those in force, or a version that somebody accepted."""

from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.ordering.models import TermsVersion


def terms_in_force(session: Session) -> TermsVersion | None:
    """The newest version, or None before the first one."""
    return session.exec(select(TermsVersion).order_by(col(TermsVersion.id).desc()).limit(1)).first()


def terms_named(session: Session, name: str) -> TermsVersion:
    """The version of a name, in force or not. Raises NotFound."""
    terms = session.exec(select(TermsVersion).where(col(TermsVersion.name) == name)).first()
    if terms is None:
        raise NotFound(N_("There is no such version of the terms."), code="terms.not_found")
    return terms
