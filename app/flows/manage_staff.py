"""An administrator creates, changes, closes and resets staff accounts; open sessions end with a change."""

from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.security import hash_password
from app.core.transaction import transaction
from app.staff.models import StaffMember
from app.staff.queries import member_by_email, other_active_admins
from app.staff.rules.passwords import handed_out
from app.staff.rules.roles import Role
from app.staff.rules.totp import new_secret
from app.staff.service import add_member, end_sessions, forget_recovery_codes, keep_totp_secret


@dataclass(frozen=True)
class Handed:
    """An account and the first password to hand to its owner; it is stored nowhere in plain."""

    staff_member_id: int
    email: str
    password: str


def create_member(
    session: Session, *, email: str, name: str, role: Role, secret_key: str, actor: Actor, now: datetime
) -> Handed:
    """A new account, whose first log-in sets up the second factor and a password of its own.

    Raises Invalid with the fields `email` (no address, or taken) and `name`.
    """
    faults = _faults(email, name)
    if faults:
        raise Invalid(N_("Please check the entries."), code="staff.invalid", fields=faults)
    password = handed_out()
    password_hash = hash_password(password)
    with transaction(session):
        if member_by_email(session, email) is not None:
            message = N_("There is a staff account with this e-mail address already.")
            raise Invalid(message, code="staff.email_taken", fields=(FieldError("email", message),))
        member = add_member(
            session,
            email=email,
            name=name,
            role=role,
            password_hash=password_hash,
            secret_key=secret_key,
            now=now,
        )
        _record(
            session, member, "staff.created", actor, now=now, new={"email": member.email, "role": role.value}
        )
        return Handed(_id(member), member.email, password)


def change_role(session: Session, staff_member_id: int, *, role: Role, actor: Actor, now: datetime) -> None:
    """Gives an account another role. Raises NotFound, Refused `staff.oneself` or `staff.last_admin`."""
    with transaction(session):
        member = _lock_other(session, staff_member_id, actor)
        if member.role is role:
            return
        if member.role is Role.ADMIN:
            _keep_an_admin(session, member)
        old, member.role = member.role, role
        end_sessions(session, staff_member_id)
        _record(
            session,
            member,
            "staff.role_changed",
            actor,
            now=now,
            old={"role": old.value},
            new={"role": role.value},
        )


def deactivate_member(session: Session, staff_member_id: int, *, actor: Actor, now: datetime) -> None:
    """Closes an account at once. Raises NotFound, Refused `staff.oneself` or `staff.last_admin`."""
    with transaction(session):
        member = _lock_other(session, staff_member_id, actor)
        if not member.is_active:
            return
        if member.role is Role.ADMIN:
            _keep_an_admin(session, member)
        member.is_active = False
        end_sessions(session, staff_member_id)
        _record(session, member, "staff.deactivated", actor, now=now)


def reactivate_member(session: Session, staff_member_id: int, *, actor: Actor, now: datetime) -> None:
    """Opens a closed account again. Raises NotFound, Refused `staff.oneself`."""
    with transaction(session):
        member = _lock_other(session, staff_member_id, actor)
        if member.is_active:
            return
        member.is_active = True
        _record(session, member, "staff.reactivated", actor, now=now)


def reset_member(
    session: Session, staff_member_id: int, *, secret_key: str, actor: Actor, now: datetime
) -> Handed:
    """A new first password and no second factor any more: the owner sets both up at the next log-in.

    Raises NotFound, Refused `staff.oneself`.
    """
    password = handed_out()
    password_hash = hash_password(password)
    with transaction(session):
        member = _lock_other(session, staff_member_id, actor)
        member.password_hash = password_hash
        member.is_totp_confirmed = False
        keep_totp_secret(member, new_secret(), secret_key=secret_key)
        forget_recovery_codes(session, staff_member_id)
        end_sessions(session, staff_member_id)
        _record(session, member, "staff.reset", actor, now=now)
        return Handed(staff_member_id, member.email, password)


def _faults(email: str, name: str) -> tuple[FieldError, ...]:
    faults = []
    try:
        validate_email(email.strip(), check_deliverability=False)
    except EmailNotValidError:
        faults.append(FieldError("email", N_("Please enter an e-mail address such as name@company.example.")))
    if not 2 <= len(name.strip()) <= 200:
        faults.append(FieldError("name", N_("Please give a name of at most 200 characters.")))
    return tuple(faults)


def _lock_other(session: Session, staff_member_id: int, actor: Actor) -> StaffMember:
    if actor.kind is ActorKind.STAFF and actor.id == staff_member_id:
        raise Refused(
            N_("Nobody changes their own account: ask another administrator."), code="staff.oneself"
        )
    # All administrators are locked in the order of their ids: two who close each other at once leave one.
    members = session.exec(
        select(StaffMember)
        .where((col(StaffMember.id) == staff_member_id) | (col(StaffMember.role) == Role.ADMIN))
        .order_by(col(StaffMember.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for member in members:
        if member.id == staff_member_id:
            return member
    raise NotFound(N_("There is no such staff account."), code="staff.not_found")


def _keep_an_admin(session: Session, member: StaffMember) -> None:
    if not other_active_admins(session, _id(member)):
        raise Refused(
            N_("This is the last administrator. Create another one first."), code="staff.last_admin"
        )


def _record(
    session: Session,
    member: StaffMember,
    action: str,
    actor: Actor,
    *,
    now: datetime,
    old: dict[str, str] | None = None,
    new: dict[str, str] | None = None,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="staff_member",
        object_id=member.id,
        object_name=member.email,
        now=now,
        old=old,
        new=new,
    )


def _id(member: StaffMember) -> int:
    assert member.id is not None
    return member.id
