"""Many papers as one ZIP file that is sent while it is written: a few of them are in memory at once."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date

from app.core.db import Database
from app.invoices.queries_documents import StoredFile, papers_after

MADE_AT = (1980, 1, 1, 0, 0, 0)
"""The earliest day that ZIP knows: the same papers give the same file."""


class _Sink(io.RawIOBase):
    """What the ZIP writer writes into and the answer is taken from; it cannot be wound back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def zipped(db: Database, *, month: date | None, ids: Sequence[int]) -> Iterator[bytes]:
    """The bytes of the ZIP file, piece by piece: the papers of a month, or those with these ids.

    Papers are stored as they are: a PDF is compressed already. No session is open between two pieces.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        last_id = 0
        while True:
            batch = _next(db, last_id, month=month, ids=ids)
            for document_id, paper in batch:
                archive.writestr(zipfile.ZipInfo(f"{paper.number}.pdf", MADE_AT), paper.content)
                last_id = document_id
                yield sink.taken()
            if not batch:
                break
    yield sink.taken()


def _next(
    db: Database, last_id: int, *, month: date | None, ids: Sequence[int]
) -> list[tuple[int, StoredFile[bytes]]]:
    with db.read_session() as session:
        return papers_after(session, last_id, month=month, ids=ids)
