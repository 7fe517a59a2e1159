"""Writing staff accounts, sessions and recovery codes inside the caller's transaction."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col

from app.core.ids import hash_token, new_token
from app.core.security import seal, unseal
from app.staff.models import StaffMember, StaffRecoveryCode, StaffSession
from app.staff.rules.passwords import new_recovery_code
from app.staff.rules.roles import Role
from app.staff.rules.totp import new_secret, tidy

HALF_SESSION = timedelta(minutes=15)
SESSION = timedelta(hours=12)
RECOVERY_CODE_COUNT = 8


def add_member(
    session: Session,
    *,
    email: str,
    name: str,
    role: Role,
    password_hash: str,
    secret_key: str,
    now: datetime,
    totp_secret: str | None = None,
) -> StaffMember:
    """A new account; with `totp_secret` its second factor is set up, else the first log-in does it."""
    member = StaffMember(
        email=email.strip().lower(), name=name.strip(), role=role, password_hash=password_hash, created_at=now
    )
    session.add(member)
    session.flush()
    keep_totp_secret(member, totp_secret or new_secret(), secret_key=secret_key)
    member.is_totp_confirmed = totp_secret is not None
    session.flush()
    return member


def keep_totp_secret(member: StaffMember, secret: str, *, secret_key: str) -> None:
    """Stores a TOTP secret sealed and bound to this account."""
    member.totp_secret_sealed = seal(secret_key, purpose=f"totp:{member.id}", text=secret)
    member.totp_last_step = 0


def read_totp_secret(member: StaffMember, *, secret_key: str) -> str | None:
    """The TOTP secret of an account, None where there is none. Raises ValueError under another key."""
    if member.totp_secret_sealed is None:
        return None
    return unseal(secret_key, purpose=f"totp:{member.id}", sealed=member.totp_secret_sealed)


def start_session(session: Session, staff_member_id: int, *, has_second_factor: bool, now: datetime) -> str:
    """A new session of 15 minutes, or of 12 hours after the second factor; returns the cookie's token."""
    token = new_token()
    session.add(
        StaffSession(
            token_hash=hash_token(token),
            staff_member_id=staff_member_id,
            has_second_factor=has_second_factor,
            created_at=now,
            last_seen_at=now,
            expires_at=now + (SESSION if has_second_factor else HALF_SESSION),
        )
    )
    return token


def end_sessions(session: Session, staff_member_id: int) -> None:
    """Ends every session of an account at once."""
    session.execute(delete(StaffSession).where(col(StaffSession.staff_member_id) == staff_member_id))


def forget_expired_sessions(session: Session, *, now: datetime) -> None:
    """Deletes sessions that are over."""
    session.execute(delete(StaffSession).where(col(StaffSession.expires_at) <= now))


def new_recovery_codes(session: Session, staff_member_id: int, *, now: datetime) -> list[str]:
    """Eight fresh codes, shown once and kept as hashes; the former ones die."""
    forget_recovery_codes(session, staff_member_id)
    codes = [new_recovery_code() for _ in range(RECOVERY_CODE_COUNT)]
    for code in codes:
        session.add(
            StaffRecoveryCode(
                staff_member_id=staff_member_id, code_hash=hash_token(tidy(code)), created_at=now
            )
        )
    return codes


def forget_recovery_codes(session: Session, staff_member_id: int) -> None:
    """Deletes the recovery codes of an account."""
    session.execute(
        delete(StaffRecoveryCode).where(col(StaffRecoveryCode.staff_member_id) == staff_member_id)
    )


def use_recovery_code(session: Session, staff_member_id: int, *, code: str, now: datetime) -> bool:
    """Whether an unused recovery code was given; one statement uses it up, so only one caller wins."""
    used = session.execute(
        update(StaffRecoveryCode)
        .where(
            col(StaffRecoveryCode.staff_member_id) == staff_member_id,
            col(StaffRecoveryCode.code_hash) == hash_token(tidy(code)),
            col(StaffRecoveryCode.used_at).is_(None),
        )
        .values(used_at=now)
        .returning(col(StaffRecoveryCode.id))
    )
    return used.first() is not None
