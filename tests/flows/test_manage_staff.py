from datetime import datetime
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.security import verify_password
from app.flows.manage_staff import (
    change_role,
    create_member,
    deactivate_member,
    reactivate_member,
    reset_member,
)
from app.staff.models import StaffMember, StaffRecoveryCode, StaffSession
from app.staff.rules.roles import Role
from tests import make

KEY = "k" * 40
COMMAND = Actor(ActorKind.COMMAND, "shop staff")


def _actor(member: StaffMember) -> Actor:
    return Actor(ActorKind.STAFF, member.name, member.id)


def _member(session: Session, member: StaffMember) -> StaffMember:
    session.rollback()
    return session.get_one(StaffMember, member.id, populate_existing=True)


def test_a_new_account_has_a_password_to_hand_over_and_no_second_factor_yet(
    session: Session, now: datetime
) -> None:
    handed = create_member(
        session,
        email=" Kim@Schlicht.example ",
        name="Kim",
        role=Role.FINANCE,
        secret_key=KEY,
        actor=COMMAND,
        now=now,
    )

    member = session.exec(select(StaffMember)).one()
    assert (member.email, member.role, member.is_totp_confirmed) == (
        "kim@schlicht.example",
        Role.FINANCE,
        False,
    )
    assert verify_password(handed.password, member.password_hash)
    assert session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))).all() == ["staff.created"]


def test_an_address_that_has_an_account_is_refused_by_its_field(session: Session, now: datetime) -> None:
    taken = make.staff_member(session)

    with pytest.raises(Invalid) as fault:
        create_member(
            session,
            email=taken.email.upper(),
            name="Xi",
            role=Role.ADMIN,
            secret_key=KEY,
            actor=COMMAND,
            now=now,
        )

    assert [one.field for one in fault.value.fields] == ["email"]
    assert len(session.exec(select(StaffMember)).all()) == 1


def test_nobody_changes_their_own_account(session: Session, now: datetime) -> None:
    admin = make.staff_member(session)
    make.staff_member(session)
    actor, own = _actor(admin), admin.id or 0

    for act in (
        lambda: change_role(session, own, role=Role.VIEWER, actor=actor, now=now),
        lambda: deactivate_member(session, own, actor=actor, now=now),
        lambda: reactivate_member(session, own, actor=actor, now=now),
        lambda: reset_member(session, own, secret_key=KEY, actor=actor, now=now),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "staff.oneself"

    assert (_member(session, admin).role, _member(session, admin).is_active) == (Role.ADMIN, True)
    assert session.exec(select(AuditEntry)).all() == []


def test_the_last_administrator_stays(session: Session, now: datetime) -> None:
    admin = make.staff_member(session)
    make.staff_member(session, is_active=False)

    for act in (
        lambda: change_role(session, admin.id or 0, role=Role.VIEWER, actor=COMMAND, now=now),
        lambda: deactivate_member(session, admin.id or 0, actor=COMMAND, now=now),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "staff.last_admin"

    assert _member(session, admin).is_active


def test_two_administrators_who_close_each_other_at_once_leave_one(
    database: Database, session: Session, now: datetime
) -> None:
    pair = [make.staff_member(session), make.staff_member(session)]
    ids = [member.id or 0 for member in pair]
    start = Barrier(2)

    def close(acting: int, other: int) -> None:
        with database.session() as own:
            start.wait()
            try:
                deactivate_member(own, other, actor=Actor(ActorKind.STAFF, "Robin", acting), now=now)
            except Refused:
                return

    threads = [Thread(target=close, args=ids), Thread(target=close, args=ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [_member(session, member).is_active for member in pair].count(True) == 1


@pytest.mark.parametrize("act", ["role", "close", "reset"])
def test_a_change_ends_the_sessions_of_the_account_at_once(session: Session, now: datetime, act: str) -> None:
    admin, other = make.staff_member(session), make.staff_member(session, role=Role.LEAD)
    make.staff_signed_in(session, as_=admin)
    make.staff_signed_in(session, as_=other)

    if act == "role":
        change_role(session, other.id or 0, role=Role.VIEWER, actor=_actor(admin), now=now)
    elif act == "close":
        deactivate_member(session, other.id or 0, actor=_actor(admin), now=now)
    else:
        reset_member(session, other.id or 0, secret_key=KEY, actor=_actor(admin), now=now)

    assert session.exec(select(StaffSession.staff_member_id)).all() == [admin.id]
    assert len(session.exec(select(AuditEntry)).all()) == 1


def test_a_reset_forgets_password_second_factor_and_recovery_codes(session: Session, now: datetime) -> None:
    admin, other = make.staff_member(session), make.staff_member(session)
    make.saved(session, StaffRecoveryCode(staff_member_id=other.id, code_hash="x", created_at=now))

    handed = reset_member(session, other.id or 0, secret_key=KEY, actor=_actor(admin), now=now)

    member = _member(session, other)
    assert not member.is_totp_confirmed
    assert not verify_password(make.PASSWORD, member.password_hash)
    assert verify_password(handed.password, member.password_hash)
    assert session.exec(select(StaffRecoveryCode)).all() == []


def test_doing_it_twice_writes_one_entry_and_an_unknown_account_is_not_found(
    session: Session, now: datetime
) -> None:
    other = make.staff_member(session, role=Role.LEAD)
    for _ in range(2):
        change_role(session, other.id or 0, role=Role.VIEWER, actor=COMMAND, now=now)
    for _ in range(2):
        deactivate_member(session, other.id or 0, actor=COMMAND, now=now)
    for _ in range(2):
        reactivate_member(session, other.id or 0, actor=COMMAND, now=now)

    with pytest.raises(NotFound):
        deactivate_member(session, 999, actor=COMMAND, now=now)

    assert session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))).all() == [
        "staff.role_changed",
        "staff.deactivated",
        "staff.reactivated",
    ]
