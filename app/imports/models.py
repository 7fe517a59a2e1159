"""Lists that were handed in: what became of each, how its columns were read, and what stood there before."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from app.audit.models import ActorKind
from app.core.db import UTCDateTime, enum_type
from app.imports.rules.states import ImportKind, ImportState
from app.mainbrand.rules.notation import DateStyle, NumberStyle


class Import(SQLModel, table=True):
    """One list, from its upload to its end. `token` names its file in the spool folder, None for a command's file.

    `titles` and `sample` are the file's head as it stands, `preview` its first lines as understood, `reasons`
    the refused lines by column and reason. `is_automatic`: nobody looks at the columns (it came by the API).
    An `error_code` with its sentence says why it was refused.
    """

    __tablename__ = "imports"
    __table_args__ = (Index("ix_imports_kind_state", "kind", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: ImportKind = Field(sa_type=enum_type(ImportKind))
    state: ImportState = Field(default=ImportState.UPLOADED, sa_type=enum_type(ImportState))
    file_name: str = Field(max_length=255)
    file_bytes: int = Field(default=0, sa_type=BigInteger)
    file_hash: str = Field(default="", max_length=64)
    token: str | None = Field(default=None, unique=True, max_length=64)
    source: str = Field(default="", max_length=120)
    titles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    sample: list[list[str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    preview: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    mapping: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    number_style: NumberStyle = Field(default=NumberStyle.PLAIN, sa_type=enum_type(NumberStyle))
    date_style: DateStyle = Field(default=DateStyle.PLAIN, sa_type=enum_type(DateStyle))
    currency: str = Field(default="EUR", max_length=3)
    is_automatic: bool = False
    is_dry_run: bool = False
    is_writing: bool = False
    read_count: int = 0
    new_count: int = 0
    changed_count: int = 0
    unchanged_count: int = 0
    rejected_count: int = 0
    noted_count: int = 0
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    error_code: str = Field(default="", max_length=64)
    error_text: str = Field(default="", max_length=500)
    error_values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    actor_kind: ActorKind = Field(sa_type=enum_type(ActorKind))
    actor_id: int | None = None
    actor_name: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime, index=True)
    applied_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    undone_by: str = Field(default="", max_length=200)


class ImportSource(SQLModel, table=True):
    """How the columns of a source were read last time; `name` is the operator's word, or the key of its headings."""

    __tablename__ = "import_sources"

    kind: ImportKind = Field(primary_key=True, sa_type=enum_type(ImportKind))
    name: str = Field(primary_key=True, max_length=120)
    mapping: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    number_style: NumberStyle = Field(default=NumberStyle.PLAIN, sa_type=enum_type(NumberStyle))
    date_style: DateStyle = Field(default=DateStyle.PLAIN, sa_type=enum_type(DateStyle))
    currency: str = Field(default="EUR", max_length=3)
    used_at: datetime = Field(sa_type=UTCDateTime)


class FormerAccount(SQLModel, table=True):
    """An account as it was before an import; `former` is null for one that the import added.

    `left_hash` and `left_segment` are what the import left behind: where they differ now, something depends on it.
    """

    __tablename__ = "former_accounts"

    import_id: int = Field(primary_key=True, foreign_key="imports.id")
    account_id: int = Field(primary_key=True)
    former: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    left_hash: str = Field(default="", max_length=64)
    left_segment: str = Field(default="", max_length=32)


class FormerBlock(SQLModel, table=True):
    """A block as it was before an import; `former` is null for one that the import added, `left` is what it left."""

    __tablename__ = "former_blocks"

    import_id: int = Field(primary_key=True, foreign_key="imports.id")
    block_id: int = Field(primary_key=True)
    former: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    left: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
