"""Reading the policy in force."""

from sqlmodel import Session, col, select

from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, from_values


def current_policy(session: Session) -> Policy:
    """The newest version, or the defaults where none was ever stored."""
    values = session.exec(select(PolicyVersion.values).order_by(col(PolicyVersion.id).desc()).limit(1)).first()
    return from_values(values) if values else Policy()
