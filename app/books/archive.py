"""The export for an audit (GoBD, § 147 (6) AO): one ZIP with all that the books hold of some months."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlmodel import Session, col

from app.books import files
from app.books.queries_batch import batch_of
from app.books.queries_month import issued_in
from app.books.queries_postings import each_posting
from app.books.rules import tables
from app.books.rules.accounts import accounts_of
from app.books.rules.extf import extf_file, file_name
from app.books.rules.gdpdu import Supplier, Table, index_xml
from app.books.rules.months import Month
from app.invoices.models import Invoice
from app.policy.rules.policy import Policy

PAPERS_AT_ONCE = 20
README = """Export der Bücher für eine Prüfung (GoBD, Datenzugriff Z3).

index.xml        Beschreibung aller Tabellen nach dem Beschreibungsstandard ({dtd}, nur dem Namen nach genannt)
*.csv            die Tabellen: UTF-8, Semikolon, CRLF, Dezimalkomma, erste Zeile mit Spaltennamen
documents/       jeder Beleg als XML (EN 16931) und als PDF, unverändert wie beim Ausstellen
datev/           Buchungsstapel je Monat (EXTF)
files.csv        alle Dateien mit ihrer Prüfsumme; SHA256SUMS dasselbe für `sha256sum -c`

Wo ein Text mit = + - @ beginnt, steht ein Apostroph davor: sonst läse ihn ein Tabellenprogramm als Formel.
Steuerzeichen in Texten sind durch ein Leerzeichen ersetzt.
"""


@dataclass(frozen=True, slots=True)
class Archived:
    """What was written: its size, its SHA-256 (hex), and how many documents are in it."""

    byte_count: int
    sha256: str
    document_count: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What an export is about: months in a row, whose clocks and books, and the policy that names the accounts."""

    months: tuple[Month, ...]
    zone: ZoneInfo
    supplier: Supplier
    policy: Policy


@dataclass(frozen=True, slots=True)
class _Listed:
    path: str
    document: str
    byte_count: int
    sha256: str


def write_archive(session: Session, path: Path, scope: Scope) -> Archived:
    """Writes the export to a path; the same rows make the same bytes. Documents are read a few at a time.

    The file appears only when it is complete. Raises OSError where it cannot be written.
    """
    partial = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            document_count = _fill(session, _Writer(archive, _stamp(scope)), scope)
        with partial.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        byte_count = partial.stat().st_size
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return Archived(byte_count, digest, document_count)


def months_between(first: Month, last: Month) -> tuple[Month, ...]:
    """The months from one to another, both included."""
    found = [first]
    while found[-1] < last:
        found.append(found[-1].following)
    return tuple(found)


def _fill(session: Session, writer: "_Writer", scope: Scope) -> int:
    months, zone = scope.months, scope.zone
    writer.add("LIESMICH.txt", [README.format(dtd="gdpdu-01-09-2004.dtd").encode()])
    description = index_xml(
        scope.supplier, tables.EXPORTED, first_on=months[0].first_on, last_on=months[-1].last_on
    )
    writer.add("index.xml", [description.encode()])
    writer.add_table(tables.DOCUMENTS, files.document_rows(session, months))
    writer.add_table(tables.TAXES, files.tax_rows(session, months))
    writer.add_table(tables.MONEY, files.money_rows(session, months, zone))
    writer.add_table(tables.ORDERS, files.order_rows(session, months, zone))
    writer.add_table(tables.AUDIT, files.audit_rows(session, months, zone))
    writer.add_table(tables.CLOSES, files.close_rows(session, months))
    accounts = accounts_of(scope.policy)
    for month in months:
        # Dated to the first moment at which the month can be closed, so that the same rows make the same file.
        batch = batch_of(session, month, scope.policy, now=month.ends_at(zone))
        writer.add(
            f"datev/{file_name(month)}", extf_file(batch, each_posting(session, month, zone, accounts))
        )
    count = 0
    for number, xml, pdf in _papers(session, months):
        writer.add(f"documents/{number}.xml", [xml], document=number)
        writer.add(f"documents/{number}.pdf", [pdf], document=number)
        count += 1
    writer.add_table(
        tables.FILES, ((one.path, one.document, one.byte_count, one.sha256) for one in tuple(writer.listed))
    )
    writer.add("SHA256SUMS", (f"{one.sha256}  {one.path}\n".encode() for one in tuple(writer.listed)))
    return count


class _Writer:
    """Adds files to an open archive one after the other, and keeps the list of them."""

    def __init__(self, archive: zipfile.ZipFile, stamp: tuple[int, int, int, int, int, int]) -> None:
        self._archive = archive
        self._stamp = stamp
        self.listed: list[_Listed] = []

    def add(self, path: str, pieces: Iterable[bytes], *, document: str = "") -> None:
        info = zipfile.ZipInfo(path, self._stamp)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = 3
        info.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self._archive.open(info, "w", force_zip64=True) as target:
            for piece in pieces:
                _put(target, piece)
                digest.update(piece)
                size += len(piece)
        self.listed.append(_Listed(path, document, size, digest.hexdigest()))

    def add_table(self, table: Table, rows: Iterable[files.Row]) -> None:
        self.add(table.file, files.csv_lines(table, rows))


def _put(target: IO[bytes], piece: bytes) -> None:
    target.write(piece)


def _stamp(scope: Scope) -> tuple[int, int, int, int, int, int]:
    """The time of all files: the end of the last month, so that it is the same whenever the export is made."""
    end = datetime.combine(scope.months[-1].last_on, time(23, 59, 58))
    return end.year, end.month, end.day, end.hour, end.minute, end.second


def _papers(session: Session, months: Sequence[Month]) -> Iterator[Any]:
    """Number, XML and PDF of each document, by number."""
    query = (
        select(col(Invoice.number), col(Invoice.xml), col(Invoice.pdf))
        .where(or_(*(issued_in(month) for month in months)))
        .order_by(col(Invoice.number))
        .limit(PAPERS_AT_ONCE)
    )
    last = ""
    while rows := session.execute(query.where(col(Invoice.number) > last)).all():
        yield from rows
        last = rows[-1][0]
