"""Who asks: one Core query per request, read fresh, for customers' people, staff and programs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, bindparam, func, select, type_coerce
from sqlmodel import SQLModel

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.models import CatalogueState
from app.core.db import Database
from app.customers.models import Contact, ContactSession, Customer
from app.customers.rules.admission import Admission, ScreeningState, Standing, admission
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.ordering.models import CartLine
from app.staff.models import ApiKey, StaffMember, StaffSession
from app.staff.rules.roles import Right, Role, may
from app.staff.rules.scopes import Scope

CUSTOMER_IDLE = timedelta(hours=8)
STAFF_IDLE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person of a customer, with the gate's answer of this very request."""

    contact_id: int
    contact_name: str
    email: str
    language: str
    customer_id: int
    company_name: str
    admission: Admission
    suspended_reason: str
    cart_count: int
    catalogue_version: int
    session_hash: str
    last_seen_at: datetime

    @property
    def is_signed_in(self) -> bool:
        return True

    @property
    def is_admitted(self) -> bool:
        return self.admission is Admission.ADMITTED


@dataclass(frozen=True, slots=True)
class StaffVisitor:
    """A staff member, before or after the second factor."""

    staff_member_id: int
    name: str
    email: str
    role: Role
    has_second_factor: bool
    is_totp_confirmed: bool
    session_hash: str
    last_seen_at: datetime

    def may(self, right: Right) -> bool:
        """Whether the role has the right and the second factor was given."""
        return self.has_second_factor and may(self.role, right)

    @property
    def actor(self) -> Actor:
        """The staff member as the audit log names them."""
        return Actor(ActorKind.STAFF, self.name, self.staff_member_id)


@dataclass(frozen=True, slots=True)
class ApiVisitor:
    """A program that showed a key, with what the key may do."""

    key_id: int
    name: str
    scopes: frozenset[str]

    def may(self, scope: Scope) -> bool:
        """Whether the key was given this scope."""
        return scope.value in self.scopes

    @property
    def actor(self) -> Actor:
        """The program as the audit log names it."""
        return Actor(ActorKind.COMMAND, f"API: {self.name}"[:200], self.key_id)


def _customer_query() -> Select[Any]:
    sessions, contacts, customers, accounts, lines, states = (
        SQLModel.metadata.tables[str(model.__tablename__)]
        for model in (ContactSession, Contact, Customer, MainAccount, CartLine, CatalogueState)
    )
    return (
        select(
            contacts.c.id,
            contacts.c.name,
            contacts.c.email,
            contacts.c.language,
            contacts.c.email_verified_at.is_not(None),
            customers.c.id,
            customers.c.company_name,
            customers.c.business_verified_at.is_not(None),
            type_coerce(customers.c.screening, String),
            type_coerce(customers.c.segment, String),
            type_coerce(accounts.c.segment, String),
            customers.c.suspended_at.is_not(None),
            customers.c.moved_up_at.is_not(None),
            customers.c.suspended_reason,
            select(func.count()).where(lines.c.customer_id == customers.c.id).scalar_subquery(),
            select(states.c.version).where(states.c.id == 1).scalar_subquery(),
            sessions.c.last_seen_at,
        )
        .select_from(sessions)
        .join(contacts, contacts.c.id == sessions.c.contact_id)
        .join(customers, customers.c.id == contacts.c.customer_id)
        .outerjoin(accounts, accounts.c.id == customers.c.main_account_id)
        .where(
            sessions.c.token_hash == bindparam("token_hash"),
            sessions.c.expires_at > bindparam("now"),
            sessions.c.last_seen_at > bindparam("seen_after"),
        )
    )


def _staff_query() -> Select[Any]:
    sessions, members = (
        SQLModel.metadata.tables[str(model.__tablename__)] for model in (StaffSession, StaffMember)
    )
    return (
        select(
            members.c.id,
            members.c.name,
            members.c.email,
            members.c.role,
            sessions.c.has_second_factor,
            members.c.is_totp_confirmed,
            sessions.c.last_seen_at,
        )
        .select_from(sessions)
        .join(members, members.c.id == sessions.c.staff_member_id)
        .where(
            sessions.c.token_hash == bindparam("token_hash"),
            sessions.c.expires_at > bindparam("now"),
            sessions.c.last_seen_at > bindparam("seen_after"),
            members.c.is_active,
        )
    )


def _api_query() -> Select[Any]:
    keys = SQLModel.metadata.tables[str(ApiKey.__tablename__)]
    return select(keys.c.id, keys.c.name, keys.c.scopes).where(
        keys.c.key_hash == bindparam("key_hash"),
        keys.c.expires_at > bindparam("now"),
        keys.c.revoked_at.is_(None),
    )


CUSTOMER_QUERY = _customer_query()
API_QUERY = _api_query()
STAFF_QUERY = _staff_query()


def read_visitor(db: Database, token_hash: str, *, now: datetime) -> Visitor | None:
    """The person behind a session cookie's hash, or None for an unknown, ended or idle session."""
    row = db.read_row(
        CUSTOMER_QUERY, {"token_hash": token_hash, "now": now, "seen_after": now - CUSTOMER_IDLE}
    )
    if row is None:
        return None
    main_segment = row[10]
    standing = Standing(
        is_email_verified=bool(row[4]),
        is_business_verified=bool(row[7]),
        screening=ScreeningState(row[8]),
        segment=Segment(row[9]),
        main_segment=Segment(main_segment) if main_segment is not None else None,
        is_suspended=bool(row[11]),
        is_moved_up=bool(row[12]),
    )
    return Visitor(
        contact_id=row[0],
        contact_name=row[1],
        email=row[2],
        language=row[3],
        customer_id=row[5],
        company_name=row[6],
        admission=admission(standing),
        suspended_reason=row[13],
        cart_count=row[14],
        catalogue_version=row[15],
        session_hash=token_hash,
        last_seen_at=row[16],
    )


def read_staff(db: Database, token_hash: str, *, now: datetime) -> StaffVisitor | None:
    """The staff member behind a session cookie's hash, or None for an unknown, ended, idle or deactivated one."""
    row = db.read_row(STAFF_QUERY, {"token_hash": token_hash, "now": now, "seen_after": now - STAFF_IDLE})
    if row is None:
        return None
    return StaffVisitor(
        staff_member_id=row[0],
        name=row[1],
        email=row[2],
        role=Role(row[3]),
        has_second_factor=bool(row[4]),
        is_totp_confirmed=bool(row[5]),
        session_hash=token_hash,
        last_seen_at=row[6],
    )


def read_api_key(db: Database, key_hash: str, *, now: datetime) -> ApiVisitor | None:
    """The program behind a key's hash, or None for an unknown, expired or revoked key."""
    row = db.read_row(API_QUERY, {"key_hash": key_hash, "now": now})
    return None if row is None else ApiVisitor(row[0], row[1], frozenset(row[2]))
