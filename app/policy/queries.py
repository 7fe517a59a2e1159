"""Reading the policy in force and the versions before it."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, from_values


def current_policy(session: Session) -> Policy:
    """The newest version, or the defaults where none was ever stored."""
    values = session.exec(
        select(PolicyVersion.values).order_by(col(PolicyVersion.id).desc()).limit(1)
    ).first()
    return from_values(dict(values)) if values else Policy()


def current_version_id(session: Session) -> int:
    """The id of the version in force; 0 while the defaults are."""
    return session.exec(select(PolicyVersion.id).order_by(col(PolicyVersion.id).desc()).limit(1)).first() or 0


def list_versions(session: Session, *, limit: int = 50) -> Sequence[PolicyVersion]:
    """The newest versions, newest first."""
    return session.exec(select(PolicyVersion).order_by(col(PolicyVersion.id).desc()).limit(limit)).all()
