"""Reading the terms: those in force, or a version that somebody accepted."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from app.audit.models import AuditEntry
from app.core.errors import N_, NotFound
from app.ordering.models import Order, TermsVersion


class VersionName(NamedTuple):
    """A version without its words."""

    name: str
    created_at: datetime


class VersionFacts(NamedTuple):
    """A version on the staff's list: who published it (empty where nobody knows) and how many orders accepted it."""

    name: str
    created_at: datetime
    published_by: str
    order_count: int


def terms_in_force(session: Session) -> TermsVersion | None:
    """The newest version, or None before the first one."""
    return session.exec(select(TermsVersion).order_by(col(TermsVersion.id).desc()).limit(1)).first()


def terms_named(session: Session, name: str) -> TermsVersion:
    """The version of a name, in force or not. Raises NotFound."""
    terms = session.exec(select(TermsVersion).where(col(TermsVersion.name) == name)).first()
    if terms is None:
        raise NotFound(N_("There is no such version of the terms."), code="terms.not_found")
    return terms


def list_terms(session: Session) -> Sequence[VersionName]:
    """All versions, the newest first."""
    query = select(TermsVersion.name, TermsVersion.created_at).order_by(col(TermsVersion.id).desc())
    return [VersionName(*row) for row in session.exec(query)]


def terms_before(session: Session, terms: TermsVersion) -> TermsVersion | None:
    """The version that was in force before this one; None for the first."""
    query = select(TermsVersion).where(col(TermsVersion.id) < terms.id)
    return session.exec(query.order_by(col(TermsVersion.id).desc()).limit(1)).first()


def terms_with_facts(session: Session) -> Sequence[VersionFacts]:
    """All versions, the newest first, with who published them and how many orders accepted them."""
    orders = (
        select(Order.terms_version_id, func.count().label("count"))
        .group_by(col(Order.terms_version_id))
        .subquery()
    )
    publishers = (
        select(AuditEntry.object_id, func.max(AuditEntry.actor_name).label("name"))
        .where(col(AuditEntry.action) == "terms.published")
        .group_by(col(AuditEntry.object_id))
        .subquery()
    )
    rows = session.exec(
        select(
            TermsVersion.name,
            TermsVersion.created_at,
            func.coalesce(publishers.c.name, ""),
            func.coalesce(orders.c.count, 0),
        )
        .outerjoin(orders, orders.c.terms_version_id == col(TermsVersion.id))
        .outerjoin(publishers, publishers.c.object_id == col(TermsVersion.id))
        .order_by(col(TermsVersion.id).desc())
    )
    return [VersionFacts(*row) for row in rows]
