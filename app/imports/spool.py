"""Uploaded lists and lists of refused lines, as files in a folder that web and worker share."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from app.core.errors import N_, Unavailable
from app.core.ids import new_token

PARTIAL, LIST, REJECTS, WORK = ".part", ".list", ".rejects.csv", "work-"


class Incoming:
    """A file that is being received: written piece by piece, and kept only when it is complete."""

    def __init__(self, folder: Path) -> None:
        self.token = new_token().replace("-", "_")
        self.byte_count = 0
        self._hash = hashlib.sha256()
        self._partial = folder / (self.token + PARTIAL)
        self._final = folder / (self.token + LIST)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._partial.open("xb")
        except OSError as error:
            raise _no_room(error) from error

    @property
    def file_hash(self) -> str:
        """The SHA-256 of what has come so far, in hex."""
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        """Takes up some bytes. Raises Unavailable (`import.no_room`) where the disk is full."""
        try:
            self._file.write(piece)
        except OSError as error:
            self.discard()
            raise _no_room(error) from error
        self._hash.update(piece)
        self.byte_count += len(piece)

    def keep(self) -> None:
        """The file is complete: from now on the worker finds it under its token."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self._final)
        except OSError as error:
            self.discard()
            raise _no_room(error) from error

    def discard(self) -> None:
        """The file is not wanted, or broke off: nothing of it stays."""
        self._file.close()
        self._partial.unlink(missing_ok=True)
        self._final.unlink(missing_ok=True)


class Spool:
    """The folder; every name in it begins with a token that nobody can guess."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def receive(self) -> Incoming:
        """A new file to write to. Raises Unavailable (`import.no_room`)."""
        return Incoming(self.folder)

    def list_path(self, token: str) -> Path:
        """Where an uploaded list lies."""
        return self.folder / (token + LIST)

    def rejects_path(self, token: str) -> Path:
        """Where its refused lines lie, in case there are any."""
        return self.folder / (token + REJECTS)

    def forget_list(self, token: str) -> None:
        """Deletes an uploaded list; its refused lines stay."""
        self.list_path(token).unlink(missing_ok=True)

    def forget(self, token: str) -> None:
        """Deletes a list with its refused lines."""
        self.forget_list(token)
        self.rejects_path(token).unlink(missing_ok=True)

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """A folder for one attempt at a list, gone when the block ends, however it ends."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Path(tempfile.mkdtemp(prefix=WORK, dir=self.folder))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def sweep(self, *, known: frozenset[str], before: datetime) -> int:
        """Deletes what is older than a moment and belongs to no known token, such as half uploads; how many."""
        if not self.folder.is_dir():
            return 0
        count = 0
        for path in self.folder.iterdir():
            token = path.name.partition(".")[0]
            if token in known or path.stat().st_mtime > before.timestamp():
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            count += 1
        return count


def _no_room(error: OSError) -> Unavailable:
    return Unavailable(
        N_("The file could not be stored (%(why)s). Ask whoever runs the shop for room on its disk."),
        code="import.no_room",
        why=error.strerror or "disk",
    )
