"""Opening the database: engines, sessions, and column types that mean the same on both engines."""

import enum
import functools
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import DateTime, Engine, Enum, Select, create_engine, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

RESTED_SECONDS = 5.0
ASKING_SECONDS = 3
POSTGRESQL_OPTIONS = (
    "-c timezone=UTC -c lock_timeout=10000 -c statement_timeout=30000"
    " -c idle_in_transaction_session_timeout=60000"
)


class UTCDateTime(TypeDecorator[datetime]):
    """A timezone-aware moment, kept in UTC; SQLite gets it without the offset and gives it back with it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a timezone must not be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@functools.cache
def _compiled(query: Select[Any], engine: Engine) -> tuple[str, dict[str, Any]]:
    """A query's text for the driver, and the values that are fixed in it."""
    compiled = query.compile(engine)
    return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}


def enum_type(kind: type[enum.Enum], *, name: str = "") -> Any:
    """A column type that stores the enum's values (not names) and checks them in the database.

    `name` tells the checks of two columns of one table apart.
    """
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=32,
        create_constraint=True,
        name=name or f"is_{kind.__name__.lower()}",
    )


@dataclass
class Database:
    """One database with its two doors: `writing` for flows, `reading` for pages and the gate.

    The reading engine is in autocommit and is not reset on return: a read costs one round trip. `asking` is
    the gate's own way in on PostgreSQL: few connections and a short deadline, since the event loop waits for it.
    """

    url: str
    writing: Engine
    reading: Engine
    asking: Engine
    writer_lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_sqlite(self) -> bool:
        return self.writing.dialect.name == "sqlite"

    def session(self) -> Session:
        """A session for one flow; it may write only inside `transaction()`."""
        session = Session(self.writing, expire_on_commit=False)
        if self.is_sqlite:
            session.info["writer_lock"] = self.writer_lock
        return session

    def read_session(self) -> Session:
        """A session for one page: fresh autocommitted reads, no writes."""
        return Session(self.reading, expire_on_commit=False, autoflush=False)

    def read_row(self, query: Select[Any], values: dict[str, Any]) -> Sequence[Any] | None:
        """The first row of a query that is asked on every request, columns in order; None without one.

        On PostgreSQL the compiled query goes to the driver directly: half the time of such a read was spent
        around it. Columns then come as the driver gives them (aware datetimes, enums as their text).
        """
        if self.is_sqlite:
            with self.reading.connect() as connection:
                return connection.execute(query, values).first()
        text, fixed = _compiled(query, self.asking)
        try:
            with closing(self.asking.raw_connection()) as pooled:
                cursor = pooled.cursor()
                cursor.execute(text, {**fixed, **values})
                row: Sequence[Any] | None = cursor.fetchone()
                return row
        except psycopg.OperationalError as error:
            # The others in the pool are as dead as this one.
            self.asking.dispose()
            raise OperationalError(text, None, error) from error

    def close(self) -> None:
        for engine in {self.writing, self.reading, self.asking}:
            engine.dispose()


def open_database(url: str, *, pool_size: int = 20) -> Database:
    """Engines for a database address; nothing is connected yet. Raises ArgumentError for a bad address."""
    if make_url(url).get_backend_name() == "sqlite":
        connect: dict[str, Any] = {"check_same_thread": False, "timeout": 15}
    else:
        connect = {"options": POSTGRESQL_OPTIONS, "connect_timeout": 5, "application_name": "schlicht"}
    # An error's text goes to logs and job rows: it must not carry password hashes or links sent by mail.
    writing = create_engine(
        url,
        connect_args=connect,
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=10,
        hide_parameters=True,
    )
    reading = create_engine(
        url,
        connect_args=connect,
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=10,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        hide_parameters=True,
    )
    asking = reading
    if writing.dialect.name == "sqlite":
        for engine in (writing, reading):
            event.listen(engine, "connect", _prepare_sqlite)
        event.listen(writing, "begin", _begin_sqlite)
    else:
        asking = _asking_engine(url, connect)
        for engine in (writing, reading, asking):
            event.listen(engine, "checkin", _note_rest)
            event.listen(engine, "checkout", _refuse_dead)
    return Database(url, writing, reading, asking)


def _asking_engine(url: str, connect: dict[str, Any]) -> Engine:
    options = f"{POSTGRESQL_OPTIONS} -c statement_timeout={ASKING_SECONDS * 1000}"
    return create_engine(
        url,
        connect_args={**connect, "options": options, "connect_timeout": ASKING_SECONDS},
        pool_size=2,
        max_overflow=2,
        pool_timeout=ASKING_SECONDS,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
    )


def _note_rest(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["resting_since"] = time.monotonic()


def _refuse_dead(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    # A ping for each use would cost a tenth of an order's CPU time; a server that restarted is met after a rest.
    if time.monotonic() - record.info.get("resting_since", 0) < RESTED_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        if not connection.autocommit:
            connection.rollback()
    except Exception as error:
        raise DisconnectionError("the database server ended this connection") from error


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    # The driver must not open transactions by itself: its deferred BEGIN loses updates (jobs.md 1.4).
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "synchronous=FULL",
        "cache_size=-32000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
