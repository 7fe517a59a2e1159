"""The list of refused lines as a download."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from starlette.responses import StreamingResponse

from app.core.errors import N_, NotFound
from app.imports.models import Import
from app.imports.spool import Spool

PIECE_ROWS = 500


def rejects_download(spool: Spool, entry: Import, *, reason: Callable[[str], str]) -> StreamingResponse:
    """A CSV file of the refused lines, each with its reason as `reason` says it, streamed from the disk.

    Raises NotFound where there is none, or where it is not kept any more.
    """
    path = spool.rejects_path(entry.token) if entry.token else None
    if path is None or not entry.rejected_count or not path.is_file():
        raise NotFound(N_("There is no list of refused lines, or not any more."), code="import.no_rejects")
    headers = {"content-disposition": f'attachment; filename="refused-{entry.id}.csv"'}
    return StreamingResponse(_pieces(path, reason), media_type="text/csv; charset=utf-8", headers=headers)


def _pieces(path: Path, reason: Callable[[str], str]) -> Iterator[bytes]:
    with path.open(encoding="utf-8-sig", newline="") as source:
        yield b"\xef\xbb\xbf"
        piece = io.StringIO()
        writer = csv.writer(piece, delimiter=";")
        for number, row in enumerate(csv.reader(source, delimiter=";")):
            writer.writerow([*row[:-1], reason(row[-1])] if number and row else row)
            if number % PIECE_ROWS == 0:
                yield piece.getvalue().encode()
                piece.seek(0)
                piece.truncate()
        yield piece.getvalue().encode()
