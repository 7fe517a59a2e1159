"""Reading a list from CSV, XLSX or parquet in batches of texts, whatever it was written with."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from app.core.errors import N_, Invalid
from app.mainbrand.rules.columns import Column, Header, WrongHeader, find_columns
from app.mainbrand.xlsx import Workbook, WrongXlsx

BATCH_ROWS = 50_000
SEPARATORS = ";,\t|"
LARGEST_FIELD = 100_000
LINE = "line"


@dataclass(frozen=True)
class Reject:
    """One line that was not taken: where, which column, what stood there, why; `cells` is the line as it came."""

    line: int
    column: str
    value: str
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Some lines of a file: `frame` has the column `line` and one text column for each known column.

    Texts are without spaces around them; an empty cell is null. `rejects` are lines that have no columns.
    """

    frame: pl.DataFrame
    rejects: tuple[Reject, ...]


@dataclass(frozen=True)
class TableFile:
    """A list that is open for reading: the titles as they stand in it, and its batches, readable once.

    `is_typed`: numbers came as numbers, so that 1.234 is no text that could mean a thousand.
    """

    titles: tuple[str, ...]
    header: Header
    batches: Iterator[Batch]
    is_typed: bool

    def cells_of(self, row: dict[str, str | None]) -> tuple[str, ...]:
        """A line's known cells at the places of the file, for the list of rejects."""
        cells = [""] * len(self.titles)
        for name, place in self.header.places.items():
            cells[place] = row.get(name) or ""
        return tuple(cells)


Rows = Iterator[tuple[int, list[str]]]


@contextmanager
def open_table(path: Path, columns: Sequence[Column]) -> Iterator[TableFile]:
    """Opens a list; CSV in UTF-8, UTF-16 or Windows-1252 with `;`, `,`, tab or `|`, XLSX (first sheet), or parquet.

    Raises Invalid (`file.*`) for what is none of these, is damaged, empty, or lacks a needed column; a
    fault further down is raised when its batch is read.
    """
    try:
        source = path.open("rb")
    except OSError as error:
        raise Invalid(
            N_("The file %(path)s cannot be read."), code="file.unreadable", path=str(path)
        ) from error
    with source:
        head = source.read(8)
        source.seek(0)
        if head.startswith(b"PAR1"):
            yield _open_parquet(path, columns)
        elif head.startswith(b"PK"):
            try:
                rows = Workbook(source).rows()
            except WrongXlsx as error:
                raise _damaged(path, error) from error
            yield _open_rows(path, _guard(rows, path), columns, is_typed=True)
        elif head.startswith(b"\xd0\xcf\x11\xe0"):
            raise Invalid(
                N_("%(path)s is an old or locked Excel file: save it as XLSX without a password."),
                code="file.old_excel",
                path=path.name,
            )
        else:
            with _open_text(path, source) as text:
                yield _open_rows(path, _csv_rows(path, text), columns, is_typed=False)


def write_rejects(path: Path, titles: Sequence[str]) -> "RejectFile":
    """A CSV file for rejected lines; it can be corrected and imported again as it is."""
    return RejectFile(path, titles)


class RejectFile:
    """Collects rejected lines in a file that appears only when it is complete; a context manager."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".part")
        self._titles = titles

    def __enter__(self) -> Callable[[Reject], None]:
        self._file = self._partial.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, delimiter=";")
        self._writer.writerow([*self._titles, "reject_line", "reject_column", "reject_reason"])
        return self._write

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)

    def _write(self, reject: Reject) -> None:
        self._writer.writerow([*reject.cells, reject.line, reject.column, reject.reason])


def _open_rows(path: Path, rows: Rows, columns: Sequence[Column], *, is_typed: bool) -> TableFile:
    first = next(rows, None)
    if first is None:
        raise Invalid(N_("%(path)s is empty."), code="file.empty", path=path.name)
    titles = tuple(title.strip() for title in first[1])
    header = _header(path, titles, columns)
    return TableFile(titles, header, _row_batches(rows, titles, header, columns), is_typed)


def _open_parquet(path: Path, columns: Sequence[Column]) -> TableFile:
    try:
        lazy = pl.scan_parquet(path)
        titles = tuple(lazy.collect_schema().names())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, error) from error
    header = _header(path, titles, columns)
    return TableFile(titles, header, _parquet_batches(path, lazy, titles, header, columns), True)


def _header(path: Path, titles: Sequence[str], columns: Sequence[Column]) -> Header:
    try:
        return find_columns(titles, columns)
    except WrongHeader as error:
        if error.missing:
            raise Invalid(
                N_("%(path)s lacks these columns: %(names)s. Its first line must hold the columns' names."),
                code="file.columns_missing",
                path=path.name,
                names=", ".join(error.missing),
            ) from error
        raise Invalid(
            N_("%(path)s has these columns more than once: %(names)s."),
            code="file.columns_twice",
            path=path.name,
            names=", ".join(error.twice),
        ) from error


def _row_batches(
    rows: Rows, titles: Sequence[str], header: Header, columns: Sequence[Column]
) -> Iterator[Batch]:
    width = len(titles)
    while chunk := list(islice(rows, BATCH_ROWS)):
        lines: list[int] = []
        kept: list[list[str]] = []
        rejects: list[Reject] = []
        for line, cells in chunk:
            if len(cells) < width:
                cells = cells + [""] * (width - len(cells))
            elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
                reason = f"{len(cells)} cells under {width} titles: is a separator inside a text?"
                rejects.append(Reject(line, "", "", reason, tuple(cells[:width])))
                continue
            if any(cells):
                lines.append(line)
                kept.append(cells)
        places = {name: [cells[place] for cells in kept] for name, place in header.places.items()}
        yield Batch(_text_frame(lines, places, columns), tuple(rejects))


def _text_frame(lines: list[int], places: dict[str, list[str]], columns: Sequence[Column]) -> pl.DataFrame:
    frame = pl.DataFrame({LINE: lines, **places}, schema={LINE: pl.Int64, **dict.fromkeys(places, pl.String)})
    return _tidy(frame, columns)


def _parquet_batches(
    path: Path, lazy: pl.LazyFrame, titles: Sequence[str], header: Header, columns: Sequence[Column]
) -> Iterator[Batch]:
    wanted = lazy.select(pl.col(titles[place]).alias(name) for name, place in header.places.items())
    line = 1
    try:
        for frame in wanted.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            texts = frame.select(_as_text(frame[name]) for name in frame.columns)
            numbers = pl.int_range(line, line + frame.height, eager=True, dtype=pl.Int64).alias(LINE)
            line += frame.height
            yield Batch(_tidy(texts.insert_column(0, numbers), columns), ())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, error) from error


def _as_text(values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.Datetime):
        style = "%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if values.dtype.time_zone else "")
        return values.dt.to_string(style)
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        return values.is_not_null().cast(pl.String).alias(values.name)
    return values.cast(pl.String)


def _tidy(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """Spaces off, empty cells null, and a null column for each known one that the file does not have."""
    names = [column.name for column in columns]
    tidied = frame.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    return tidied.select(
        LINE,
        *(pl.col(name) if name in tidied.columns else pl.lit(None, pl.String).alias(name) for name in names),
    )


def _csv_rows(path: Path, text: io.TextIOBase) -> Rows:
    sample = text.readline(LARGEST_FIELD)
    separator = max(SEPARATORS, key=sample.count)
    csv.field_size_limit(LARGEST_FIELD)
    reader = csv.reader([sample], delimiter=separator)
    quoted_title_goes_on = sample.count('"') % 2 == 1
    if "\0" in sample or not sample.strip() or quoted_title_goes_on:
        if not sample:
            return
        raise Invalid(N_("%(path)s is no readable list."), code="file.unknown_kind", path=path.name)
    yield 1, next(reader)
    body = csv.reader(text, delimiter=separator)
    before = 1
    try:
        for cells in body:
            yield before + 1, cells
            before = 1 + body.line_num
    except (csv.Error, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error


@contextmanager
def _open_text(path: Path, source: BinaryIO) -> Iterator[io.TextIOBase]:
    encoding = _encoding(source)
    source.seek(0)
    if encoding is None:
        raise Invalid(N_("%(path)s is no readable list."), code="file.unknown_kind", path=path.name)
    with io.TextIOWrapper(source, encoding=encoding, newline="") as text:
        yield text


def _encoding(source: BinaryIO) -> str | None:
    """How the text is written: by its mark, else UTF-8 if all of it is, else Windows-1252; None for no text."""
    head = source.read(4)
    source.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    while chunk := source.read(1 << 20):
        if b"\0" in chunk:
            return None
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            is_utf8 = False
    return "utf-8-sig" if is_utf8 else "cp1252"


def _guard(rows: Rows, path: Path) -> Rows:
    try:
        yield from rows
    except WrongXlsx as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> Invalid:
    return Invalid(
        N_("%(path)s cannot be read to its end: %(why)s."),
        code="file.damaged",
        path=path.name,
        why=str(error).rstrip("."),
    )
