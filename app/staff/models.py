"""Operations staff: accounts and their sessions, apart from the customers'."""

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.staff.rules.roles import Role


class StaffMember(SQLModel, table=True):
    """One account; the TOTP secret is sealed, its last used time step kept so that a code works once."""

    __tablename__ = "staff_members"

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True, max_length=254)
    name: str = Field(max_length=200)
    role: Role = Field(sa_type=enum_type(Role))
    password_hash: str
    totp_secret_sealed: str | None = None
    totp_last_step: int = 0
    is_totp_confirmed: bool = False
    is_active: bool = True
    created_at: datetime = Field(sa_type=UTCDateTime)


class StaffSession(SQLModel, table=True):
    """A signed-in browser of a staff member; opens pages only after the second factor."""

    __tablename__ = "staff_sessions"

    token_hash: str = Field(primary_key=True, max_length=64)
    staff_member_id: int = Field(foreign_key="staff_members.id", index=True)
    has_second_factor: bool = False
    created_at: datetime = Field(sa_type=UTCDateTime)
    last_seen_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)


class StaffRecoveryCode(SQLModel, table=True):
    """A printed code that replaces the second factor once; only its hash is kept."""

    __tablename__ = "staff_recovery_codes"

    id: int | None = Field(default=None, primary_key=True)
    staff_member_id: int = Field(foreign_key="staff_members.id", index=True)
    code_hash: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UTCDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class ApiKey(SQLModel, table=True):
    """A key with which a program speaks to the API; only its hash is kept, and its beginning to tell keys apart."""

    __tablename__ = "api_keys"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=200)
    key_hash: str = Field(unique=True, max_length=64)
    hint: str = Field(max_length=16)
    scopes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
