"""Bringing many checked rows into a temporary table, the fast way of each database."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

LONGEST_WAIT_SECONDS = 900
_SQLITE_TIME = "%Y-%m-%d %H:%M:%S%.6f"


class Spill:
    """Checked rows on disk until their file was read to its end; gone when the block ends, however it ends.

    They lie below `folder`, or where the system keeps temporary files (in a container that may be memory).
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(prefix="shop-import-", dir=folder)
        self._paths: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def add(self, frame: pl.DataFrame) -> None:
        """Takes up the rows of one batch."""
        path = Path(self._folder.name) / f"{len(self._paths)}.arrow"
        frame.write_ipc(path)
        self._paths.append(path)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The batches in the order in which they came."""
        for path in self._paths:
            yield pl.read_ipc(path)


def stage(session: Session, name: str, types: Mapping[str, str], frames: Iterable[pl.DataFrame]) -> None:
    """Makes the temporary table `name` with these SQL types and fills it, inside the caller's transaction.

    The frames have the columns in the same order. The table is gone with the transaction, or with the
    next `stage` of this name on SQLite.
    """
    columns = ", ".join(f"{column} {kind}" for column, kind in types.items())
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"DROP TABLE IF EXISTS temp.{name}"))
        session.execute(text(f"CREATE TEMP TABLE {name} ({columns})"))
        _fill_sqlite(driver_of(session), name, len(types), frames)
        return
    allow_long_statements(session)
    session.execute(text(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP"))
    with (
        driver_of(session).cursor() as cursor,
        cursor.copy(f"COPY {name} ({', '.join(types)}) FROM STDIN WITH (FORMAT csv)") as copy,
    ):
        for frame in frames:
            copy.write(frame.write_csv(include_header=False))
    session.execute(text(f"ANALYZE {name}"))


def allow_long_statements(session: Session) -> None:
    """Lets this transaction's statements run longer than a page may: nobody waits but the command."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))


def lock_table(session: Session, table: str) -> None:
    """Keeps other writers out of a table until the transaction ends; who comes second waits. Readers do not.

    On SQLite the transaction has the only write lock already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT_SECONDS}s'"))
        session.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


def drop_stage(session: Session, name: str) -> None:
    """Removes the temporary table where its transaction does not."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"DROP TABLE IF EXISTS temp.{name}"))


def _fill_sqlite(driver: Any, name: str, width: int, frames: Iterable[pl.DataFrame]) -> None:
    places = ", ".join("?" * width)
    for frame in frames:
        texts = frame.with_columns(pl.col(pl.Datetime).dt.to_string(_SQLITE_TIME))
        driver.executemany(f"INSERT INTO temp.{name} VALUES ({places})", texts.iter_rows())


def driver_of(session: Session) -> Any:
    """The connection of the database's own driver: for what SQLAlchemy has no fast way for."""
    return session.connection().connection.driver_connection
