"""A staff member signs in: password, then second factor, then a session; and signs out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.ids import hash_token
from app.core.security import hash_password, verify_password
from app.core.transaction import transaction
from app.staff.models import StaffMember, StaffSession
from app.staff.queries import live_session, member_by_email
from app.staff.rules import passwords
from app.staff.rules.totp import accepted_step, new_secret
from app.staff.service import (
    end_sessions,
    keep_totp_secret,
    new_recovery_codes,
    read_totp_secret,
    start_session,
    use_recovery_code,
)
from app.throttling.service import forget, hit, key_of

WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 50
TRIES_PER_CODE = 10


@dataclass(frozen=True)
class Enrolled:
    """The cookie's token of the session that begins, and the recovery codes, to be shown this once."""

    token: str
    recovery_codes: list[str]


def log_in(
    session: Session, *, email: str, password: str, address: str, secret_key: str, now: datetime
) -> str:
    """Checks e-mail and password; returns the token of a session good only for the second factor.

    An account without a second factor gets the secret to enrol with. Raises Refused `throttled` or
    `staff.wrong_credentials`, the latter after the same work and with the same text for every cause.
    """
    account_key = key_of("staff_log_in", email.strip().lower())
    with transaction(session):
        hit(session, key_of("staff_log_in_from", address), limit=TRIES_PER_ADDRESS, window=WINDOW, now=now)
        hit(session, account_key, limit=TRIES_PER_ACCOUNT, window=WINDOW, now=now)
    known = member_by_email(session, email)
    password_hash = known.password_hash if known is not None and known.is_active else None
    if not verify_password(password, password_hash) or known is None:
        raise _wrong_credentials()
    with transaction(session):
        member = _lock_member(session, known.id)
        if not member.is_active or member.password_hash != password_hash:
            raise _wrong_credentials()
        if not member.is_totp_confirmed and member.totp_secret_sealed is None:
            keep_totp_secret(member, new_secret(), secret_key=secret_key)
        forget(session, account_key)
        token = start_session(session, _id(member), has_second_factor=False, now=now)
        _record(session, member, "staff.password_given", now=now)
    return token


def confirm_code(session: Session, *, token: str, code: str, secret_key: str, now: datetime) -> str:
    """Checks a TOTP or recovery code and exchanges the half-open session for a full one; returns its token.

    Raises Refused `throttled`, `staff.session_over`, `staff.not_enrolled` or `staff.wrong_code`. A refused
    code is in the audit log, for whoever gets that far has the password.
    """
    member = _start_code_check(session, token=token, now=now)
    if not member.is_totp_confirmed:
        raise Refused(N_("Set up your second factor first."), code="staff.not_enrolled")
    with transaction(session):
        member = _lock_member(session, member.id)
        _half_session(session, token, now=now)
        fits = _use_totp(member, code, secret_key=secret_key, now=now)
        with_recovery_code = not fits and use_recovery_code(session, _id(member), code=code, now=now)
        if fits or with_recovery_code:
            forget(session, _code_key(member))
            return _open(session, member, token, with_recovery_code=with_recovery_code, now=now)
        _record(session, member, "staff.code_refused", now=now)
    raise _wrong_code()


def enrol(
    session: Session, *, token: str, code: str, password: str, secret_key: str, now: datetime
) -> Enrolled:
    """The first log-in: proves the new authenticator by a code, replaces the password that was handed out.

    Raises Refused as `confirm_code` and `staff.enrolled_already`; Invalid with `code` and `password`.
    """
    member = _start_code_check(session, token=token, now=now)
    wrong = passwords.fault(password, given_before=verify_password(password, member.password_hash))
    if wrong:
        raise Invalid(wrong, code="staff.password", fields=(FieldError("password", wrong),))
    password_hash = hash_password(password)
    with transaction(session):
        member = _lock_member(session, member.id)
        _half_session(session, token, now=now)
        if member.is_totp_confirmed:
            raise Refused(N_("Your second factor is set up already."), code="staff.enrolled_already")
        if not _use_totp(member, code, secret_key=secret_key, now=now):
            raise Invalid(
                _wrong_code().message,
                code="staff.wrong_code",
                fields=(FieldError("code", _wrong_code().message),),
            )
        member.is_totp_confirmed = True
        member.password_hash = password_hash
        forget(session, _code_key(member))
        end_sessions(session, _id(member))
        codes = new_recovery_codes(session, _id(member), now=now)
        opened = start_session(session, _id(member), has_second_factor=True, now=now)
        _record(session, member, "staff.enrolled", now=now)
    return Enrolled(opened, codes)


def log_out(session: Session, *, token: str, now: datetime) -> None:
    """Deletes the session, if there is one."""
    with transaction(session):
        live = session.get(StaffSession, hash_token(token))
        if live is not None:
            member = _lock_member(session, live.staff_member_id)
            session.delete(live)
            _record(session, member, "staff.signed_out", now=now)


def _start_code_check(session: Session, *, token: str, now: datetime) -> StaffMember:
    # The try is counted and committed before the code is looked at: tries at once are all counted.
    with transaction(session):
        half = _half_session(session, token, now=now)
        member = session.get_one(StaffMember, half.staff_member_id)
        hit(session, _code_key(member), limit=TRIES_PER_CODE, window=WINDOW, now=now)
    return member


def _half_session(session: Session, token: str, *, now: datetime) -> StaffSession:
    half = live_session(session, hash_token(token), now=now)
    if half is None or half.has_second_factor:
        raise Refused(N_("Your log-in took too long. Please start again."), code="staff.session_over")
    return half


def _use_totp(member: StaffMember, code: str, *, secret_key: str, now: datetime) -> bool:
    secret = read_totp_secret(member, secret_key=secret_key)
    step = secret and accepted_step(secret, code, now=now, last_step=member.totp_last_step)
    if not step:
        return False
    member.totp_last_step = int(step)
    return True


def _open(
    session: Session, member: StaffMember, token: str, *, with_recovery_code: bool, now: datetime
) -> str:
    half = session.get(StaffSession, hash_token(token))
    if half is not None:
        session.delete(half)
    opened = start_session(session, _id(member), has_second_factor=True, now=now)
    factor = "recovery_code" if with_recovery_code else "totp"
    _record(session, member, "staff.signed_in", now=now, new={"second_factor": factor})
    return opened


def _lock_member(session: Session, staff_member_id: int | None) -> StaffMember:
    return session.exec(
        select(StaffMember)
        .where(col(StaffMember.id) == staff_member_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _record(
    session: Session, member: StaffMember, action: str, *, now: datetime, new: dict[str, str] | None = None
) -> None:
    actor = Actor(ActorKind.STAFF, member.name, member.id)
    record(
        session,
        actor,
        action=action,
        object_kind="staff_member",
        object_id=member.id,
        object_name=member.email,
        now=now,
        new=new,
    )


def _id(member: StaffMember) -> int:
    assert member.id is not None
    return member.id


def _code_key(member: StaffMember) -> str:
    return f"staff_code:{member.id}"


def _wrong_credentials() -> Refused:
    return Refused(N_("E-mail address or password is wrong."), code="staff.wrong_credentials")


def _wrong_code() -> Refused:
    return Refused(
        N_("This code is wrong or was used already. Please enter the next one."), code="staff.wrong_code"
    )
