"""Reading staff accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.staff.models import ApiKey, StaffMember, StaffRecoveryCode, StaffSession
from app.staff.rules.roles import Role


@dataclass(frozen=True)
class MemberRow:
    """One account in the list of the staff; `seen_at` is the last act of a session that still lives."""

    id: int
    email: str
    name: str
    role: Role
    is_active: bool
    is_totp_confirmed: bool
    recovery_code_count: int
    seen_at: datetime | None


def list_members(session: Session) -> list[MemberRow]:
    """All accounts by name, with the number of unused recovery codes."""
    codes = (
        select(func.count(col(StaffRecoveryCode.id)))
        .where(
            col(StaffRecoveryCode.staff_member_id) == StaffMember.id, col(StaffRecoveryCode.used_at).is_(None)
        )
        .scalar_subquery()
    )
    seen = (
        select(func.max(col(StaffSession.last_seen_at)))
        .where(col(StaffSession.staff_member_id) == StaffMember.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(StaffMember, codes, seen).order_by(col(StaffMember.name), col(StaffMember.id))
    )
    return [
        MemberRow(
            id=member.id,
            email=member.email,
            name=member.name,
            role=member.role,
            is_active=member.is_active,
            is_totp_confirmed=member.is_totp_confirmed,
            recovery_code_count=code_count,
            seen_at=seen_at,
        )
        for member, code_count, seen_at in rows
    ]


def find_member(session: Session, staff_member_id: int) -> StaffMember:
    """One account. Raises NotFound."""
    member = session.get(StaffMember, staff_member_id)
    if member is None:
        raise NotFound(N_("There is no such staff account."), code="staff.not_found")
    return member


def member_by_email(session: Session, email: str) -> StaffMember | None:
    """The account of an e-mail address, whatever its capitals, or None."""
    return session.exec(select(StaffMember).where(col(StaffMember.email) == email.strip().lower())).first()


def live_session(session: Session, token_hash: str, *, now: datetime) -> StaffSession | None:
    """The session of a cookie's hash while it has not expired."""
    return session.exec(
        select(StaffSession).where(
            col(StaffSession.token_hash) == token_hash, col(StaffSession.expires_at) > now
        )
    ).first()


def other_active_admins(session: Session, staff_member_id: int) -> Sequence[int]:
    """The ids of the active administrators besides one account."""
    return [
        member_id
        for member_id in session.exec(
            select(StaffMember.id).where(
                col(StaffMember.role) == Role.ADMIN,
                col(StaffMember.is_active),
                col(StaffMember.id) != staff_member_id,
            )
        )
        if member_id is not None
    ]


def list_api_keys(session: Session) -> Sequence[ApiKey]:
    """All keys of the API, those that still open something first, then the newest."""
    return session.exec(
        select(ApiKey).order_by(col(ApiKey.revoked_at).is_not(None), col(ApiKey.id).desc())
    ).all()
