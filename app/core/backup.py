"""Copying a whole database into one file that proves itself, and back, on both engines."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL, make_url

MANIFEST = "manifest.json"
COPY = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
TOOL_SECONDS = 3600


class BackupFault(Exception):
    """A backup that cannot be made, is damaged, or has no place to go; the text says what to do."""


def write_backup(
    database_url: str, target: Path, *, made_at: datetime, facts: dict[str, Any]
) -> dict[str, Any]:
    """Writes one consistent copy of the database, while it is in use, with a manifest; the manifest.

    `facts` go into the manifest. The file appears under its name only when it is whole. Raises BackupFault where it
    exists, or a tool is missing.
    """
    url = make_url(database_url)
    if target.exists():
        raise BackupFault(f"{target} exists: a backup never writes over another one.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / COPY[url.get_backend_name()]
        _dump(url, copy)
        manifest = {
            "made_at": made_at.isoformat(),
            "engine": url.get_backend_name(),
            "file": copy.name,
            "bytes": copy.stat().st_size,
            "sha256": _hash(copy),
            **facts,
        }
        whole = Path(folder) / "whole.zip"
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            archive.write(copy, copy.name)
            archive.writestr(MANIFEST, json.dumps(manifest, indent=2, sort_keys=True))
        whole.chmod(0o600)
        with whole.open("rb") as file:
            os.fsync(file.fileno())
        whole.rename(target)
    return manifest


def read_manifest(source: Path) -> dict[str, Any]:
    """A backup's manifest, after its copy was proved to be what was written. Raises BackupFault."""
    try:
        with zipfile.ZipFile(source) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            digest = hashlib.sha256()
            with archive.open(manifest["file"]) as copy:
                while chunk := copy.read(1024 * 1024):
                    digest.update(chunk)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, RuntimeError) as error:
        raise BackupFault(f"{source} is no backup, or is damaged: {error}") from error
    if digest.hexdigest() != manifest.get("sha256") or manifest["file"] != COPY.get(
        manifest.get("engine", "")
    ):
        raise BackupFault(f"{source} is damaged: its database is not the one that was written.")
    return manifest


def load_backup(
    database_url: str, source: Path, *, prepare: Callable[[str, dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Puts a backup into an empty database of the same engine; its manifest.

    `prepare` gets the URL of the copy and the manifest: of SQLite before the copy appears under its name, of
    PostgreSQL after it was loaded. Raises BackupFault, and then changes nothing. A database that holds tables is
    never written over: whoever restores names an empty one.
    """
    manifest = read_manifest(source)
    url = make_url(database_url)
    if manifest["engine"] != url.get_backend_name():
        raise BackupFault(
            f"The backup is of {manifest['engine']}, the database of SHOP_DATABASE_URL is {url.get_backend_name()}."
        )
    _refuse_filled(url)
    with tempfile.TemporaryDirectory(prefix="restore-") as folder:
        copy = Path(folder) / manifest["file"]
        with zipfile.ZipFile(source) as archive, archive.open(copy.name) as packed, copy.open("wb") as file:
            shutil.copyfileobj(packed, file)
        if prepare is not None and manifest["engine"] == "sqlite":
            prepare(f"sqlite:///{copy}", manifest)
        _load(url, copy)
    if prepare is not None and manifest["engine"] != "sqlite":
        prepare(database_url, manifest)
    return manifest


def _dump(url: URL, copy: Path) -> None:
    if url.get_backend_name() == "sqlite":
        if not url.database or not Path(url.database).exists():
            raise BackupFault(f"There is no database at {url.database}.")
        with closing(sqlite3.connect(url.database, timeout=30)) as database:
            database.execute("VACUUM INTO ?", (str(copy),))
        return
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}", url=url)


def _load(url: URL, copy: Path) -> None:
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        place = Path(url.database)
        place.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(copy)) as restored:
            restored.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            faults = restored.execute("PRAGMA integrity_check").fetchall()
        if faults != [("ok",)]:
            raise BackupFault(f"SQLite finds the copy damaged: {faults[0][0]}")
        coming = place.with_name(f"{place.name}.restoring")
        shutil.copyfile(copy, coming)
        coming.chmod(0o600)
        coming.replace(place)
        return
    _run(
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        str(copy),
        url=url,
    )


def _refuse_filled(url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        if url.database and Path(url.database).exists() and Path(url.database).stat().st_size:
            raise BackupFault(
                f"{url.database} exists: move it away, or name another place in SHOP_DATABASE_URL."
            )
        for end in ("-wal", "-shm", "-journal"):
            if Path(f"{url.database}{end}").exists():
                raise BackupFault(f"{url.database}{end} of another database exists: move it away first.")
        return
    engine = create_engine(url)
    try:
        names = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    if names:
        raise BackupFault("This database holds tables: create an empty one and name it in SHOP_DATABASE_URL.")


def _run(tool: str, *words: str, url: URL) -> None:
    """One of PostgreSQL's own tools; the password goes by the environment, where no other user reads it."""
    found = shutil.which(tool)
    if found is None:
        raise BackupFault(f"{tool} is not installed: it comes with PostgreSQL's client programs.")
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    at = "--dbname=" + plain
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(
        [found, *words, at],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TOOL_SECONDS,
        check=False,
    )
    if done.returncode:
        raise BackupFault(f"{tool} failed: {done.stderr.strip()[-500:]}")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
