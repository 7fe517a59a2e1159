"""Reading a list from CSV, XLSX or parquet in batches of texts, whatever it was written with."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from app.core.errors import N_, Invalid
from app.mainbrand.rejects import Reject, is_reject_list, restore
from app.mainbrand.rules.columns import (
    REJECT_TITLES,
    Column,
    Header,
    WrongHeader,
    find_columns,
    plain_title,
    take_columns,
)
from app.mainbrand.rules.faults import TOO_MANY_CELLS
from app.mainbrand.rules.notation import DateStyle, NumberStyle
from app.mainbrand.xlsx import Workbook, WrongXlsx

BATCH_ROWS = 50_000
SEPARATORS = ";,\t|"
LARGEST_FIELD = 100_000
LARGEST_LINE = 1_000_000
LONGEST_ROW_LINES = 10_000
MOST_COLUMNS = 512
LINE = "line"
NO_LISTS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"<!DO",
    b"<htm",
    b"<?xm",
    b"\x1f\x8b",
    b"Rar!",
)
"""How files begin that are often taken for a list by mistake: PDF, pictures, RTF, web pages, archives."""


@dataclass(frozen=True)
class Batch:
    """Some lines of a file: `frame` has the column `line` and one text column for each known column.

    Texts are without spaces around them; an empty cell is null. `rejects` are lines that have no columns.
    """

    frame: pl.DataFrame
    rejects: tuple[Reject, ...]


@dataclass(frozen=True)
class Notation:
    """How a file writes what could be read in two ways."""

    numbers: NumberStyle = NumberStyle.PLAIN
    dates: DateStyle = DateStyle.PLAIN


@dataclass(frozen=True)
class TableFile:
    """A list that is open for reading: the titles as they stand in it, and its batches, readable once.

    `is_typed`: numbers came as numbers, so that 1.234 is no text that could mean a thousand.
    """

    titles: tuple[str, ...]
    header: Header
    batches: Iterator[Batch]
    is_typed: bool
    notation: Notation = field(default_factory=Notation)

    def cells_of(self, row: dict[str, str | None]) -> tuple[str, ...]:
        """A line's known cells at the places of the file, for the list of rejects."""
        cells = [""] * len(self.titles)
        for name, place in self.header.places.items():
            if place < len(cells):
                cells[place] = row.get(name) or ""
        return tuple(cells)


@dataclass(frozen=True)
class Head:
    """The beginning of a file as it stands: its headings, and its first rows as texts."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class _Sheet:
    """An opened file before anybody knows its columns: its headings, and its rows or its frames."""

    titles: tuple[str, ...]
    is_typed: bool
    rows: "Rows | None" = None
    lazy: pl.LazyFrame | None = None


Rows = Iterator[tuple[int, list[str]]]


@contextmanager
def open_table(
    path: Path,
    columns: Sequence[Column],
    *,
    mapping: Mapping[str, str] | None = None,
    notation: Notation | None = None,
    shown_as: str = "",
) -> Iterator[TableFile]:
    """Opens a list; CSV in UTF-8, UTF-16 or Windows-1252 with `;`, `,`, tab or `|`, XLSX (first sheet), or parquet.

    `mapping` names for each column the title under which it stands; without it the titles must be known names.
    `shown_as` is the name that errors give the file. Raises Invalid (`file.*`) for what is none of these, is
    damaged, empty, or lacks a needed column; a fault further down is raised when its batch is read.
    """
    label = Path(shown_as or path.name)
    with _open_sheet(path, label) as sheet:
        header = _header(label, sheet.titles, columns, mapping)
        if sheet.lazy is not None:
            batches = _parquet_batches(label, sheet.lazy, sheet.titles, header, columns)
        else:
            batches = _row_batches(sheet.rows or iter(()), sheet.titles, header, columns)
        yield TableFile(
            _own(sheet.titles, sheet.titles), header, batches, sheet.is_typed, notation or Notation()
        )


def read_head(path: Path, *, shown_as: str = "", row_count: int = 20) -> Head:
    """The headings and the first rows of a list, whatever its columns are called. Raises Invalid (`file.*`)."""
    label = Path(shown_as or path.name)
    with _open_sheet(path, label) as sheet:
        if sheet.lazy is not None:
            try:
                frame = sheet.lazy.head(row_count).collect()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise _damaged(label, error) from error
            texts = frame.select(_as_text(frame[name]) for name in frame.columns)
            rows = [[cell or "" for cell in row] for row in texts.iter_rows()]
        else:
            rows = [cells for _, cells in islice(sheet.rows or iter(()), row_count)]
        width = len(sheet.titles)
        padded = (row[:width] + [""] * (width - len(row)) for row in rows)
        return Head(sheet.titles, tuple(tuple(row) for row in padded))


@contextmanager
def _open_sheet(path: Path, label: Path) -> Iterator[_Sheet]:
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
            yield _parquet_sheet(path, label)
        elif head.startswith(b"PK"):
            try:
                rows = Workbook(source).rows()
            except WrongXlsx as error:
                raise _damaged(label, error) from error
            yield _row_sheet(label, _guard(rows, label), is_typed=True)
        elif head.startswith(b"\xd0\xcf\x11\xe0"):
            raise Invalid(
                N_("%(path)s is an old or locked Excel file: save it as XLSX without a password."),
                code="file.old_excel",
                path=label.name,
            )
        elif head.startswith(NO_LISTS):
            raise _no_list(label)
        else:
            with _open_text(label, source) as text:
                yield _row_sheet(label, _csv_rows(label, text), is_typed=False)


def _row_sheet(label: Path, rows: Rows, *, is_typed: bool) -> _Sheet:
    first = next(rows, None)
    if first is None:
        raise Invalid(N_("%(path)s is empty."), code="file.empty", path=label.name)
    titles = tuple(title.strip().removeprefix("\ufeff") for title in first[1])
    _refuse_wide(label, titles)
    if is_reject_list(titles):
        titles = tuple(map(restore, titles))
        rows = ((line, [restore(cell) for cell in cells]) for line, cells in rows)
    return _Sheet(titles, is_typed, rows=rows)


def _parquet_sheet(path: Path, label: Path) -> _Sheet:
    try:
        lazy = pl.scan_parquet(path)
        titles = tuple(lazy.collect_schema().names())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(label, error) from error
    _refuse_wide(label, titles)
    return _Sheet(titles, True, lazy=lazy)


def _refuse_wide(label: Path, titles: Sequence[str]) -> None:
    if len(titles) > MOST_COLUMNS:
        raise Invalid(
            N_("%(path)s has more than %(most)s columns: keep only those that are needed."),
            code="file.too_wide",
            path=label.name,
            most=MOST_COLUMNS,
        )


def _header(
    path: Path, titles: Sequence[str], columns: Sequence[Column], mapping: Mapping[str, str] | None
) -> Header:
    try:
        return find_columns(titles, columns) if mapping is None else take_columns(titles, columns, mapping)
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


def _own(titles: Sequence[str], cells: Sequence[str]) -> tuple[str, ...]:
    """The cells without those that a list of refused lines has behind the file's own."""
    last = len(titles)
    while last and plain_title(titles[last - 1]) in REJECT_TITLES:
        last -= 1
    return tuple(cells[:last])


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
                reason = TOO_MANY_CELLS % {"cells": len(cells), "titles": width}
                rejects.append(Reject(line, "", "", reason, _own(titles, cells[:width])))
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


def _csv_rows(label: Path, text: io.TextIOBase) -> Rows:
    try:
        sample = text.readline(LARGEST_FIELD)
    except UnicodeDecodeError as error:
        raise _damaged(label, error) from error
    separator = max(SEPARATORS, key=sample.count)
    csv.field_size_limit(LARGEST_FIELD)
    reader = csv.reader([sample], delimiter=separator)
    is_cut = len(sample) == LARGEST_FIELD and not sample.endswith("\n")
    quoted_title_goes_on = sample.count('"') % 2 == 1
    if "\0" in sample or not sample.strip() or quoted_title_goes_on or is_cut:
        if not sample:
            return
        raise _no_list(label)
    yield 1, next(reader)
    lines = _Lines(text)
    body = csv.reader(lines, delimiter=separator)
    before = 1
    try:
        for cells in body:
            lines.row_lines = 0
            yield before + 1, cells
            before = 1 + body.line_num
    except (csv.Error, UnicodeDecodeError) as error:
        raise _damaged(label, error) from error


class _Lines:
    """The lines of a text, none longer than any list has; a row of too many lines is refused as well."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.row_lines = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LARGEST_LINE)
        if not line:
            raise StopIteration
        self.row_lines += 1
        if len(line) == LARGEST_LINE or self.row_lines > LONGEST_ROW_LINES:
            raise csv.Error(N_("a line is longer than any list has: is a quotation mark missing?"))
        return line


@contextmanager
def _open_text(label: Path, source: BinaryIO) -> Iterator[io.TextIOBase]:
    encoding = _encoding(source)
    source.seek(0)
    if encoding is None:
        raise _no_list(label)
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


def _no_list(label: Path) -> Invalid:
    return Invalid(
        N_("%(path)s is no list that can be read: save it as CSV or XLSX, and hand in that file."),
        code="file.unknown_kind",
        path=label.name,
    )


def _damaged(label: Path, error: Exception) -> Invalid:
    why = str(error)
    if isinstance(error, UnicodeDecodeError):
        why = N_("it is neither UTF-8 nor Windows-1252 text")
    return Invalid(
        N_("%(path)s cannot be read to its end: %(why)s."),
        code="file.damaged",
        path=label.name,
        why=why.rstrip("."),
    )
