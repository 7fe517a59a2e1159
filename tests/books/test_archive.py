"""The export for an audit holds all that the books know of its months, and is the same each time."""

import csv
import hashlib
import io
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from sqlmodel import Session

from app.audit.service import SYSTEM, record
from app.books.archive import Scope, months_between, write_archive
from app.books.rules.gdpdu import Supplier
from app.books.rules.months import Month
from app.books.rules.tables import EXPORTED
from app.core.transaction import transaction
from app.invoices.rules.document import DocumentKind
from app.policy.rules.policy import Policy
from tests import make
from tests.make_invoices import issued, paid_order, refund

BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def scope(*months: Month) -> Scope:
    supplier = Supplier("Kessler Industriebedarf GmbH", "Leipzig", "schlicht.")
    return Scope(months or (NOVEMBER,), BERLIN, supplier, Policy())


@pytest.fixture
def sold(session: Session) -> list[str]:
    """An invoice and a correction of November, and an invoice of October; their numbers."""
    buyer = make.customer(session, company_name="=Lahn & Söhne\nGmbH")
    order = paid_order(
        session, of=buyer, paid_at=at(11, 3), dispatched_at=at(11, 10), purchase_reference="+49"
    )
    invoice = issued(session, order, issued_at=at(11, 10))
    back = refund(session, order, 1_190, at=at(11, 20))
    correction = issued(
        session,
        order,
        kind=DocumentKind.CORRECTION,
        issued_at=at(11, 20),
        rates=((1900, 1_000),),
        corrects=invoice,
        of_refund=back,
    )
    older = paid_order(session, paid_at=at(10, 3), dispatched_at=at(10, 10))
    with transaction(session):
        record(
            session,
            SYSTEM,
            action="order.dispatched",
            object_kind="order",
            object_id=order.id,
            object_name=order.number,
            now=at(11, 10),
            new={"carrier": "Spedition"},
        )
    return [invoice.number, correction.number, issued(session, older, issued_at=at(10, 10)).number]


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    text = archive.read(name).decode()
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_a_month_comes_with_its_papers_tables_and_sums(
    session: Session, sold: list[str], tmp_path: Path
) -> None:
    written = write_archive(session, tmp_path / "november.zip", scope())

    assert written.document_count == 2
    with zipfile.ZipFile(tmp_path / "november.zip") as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert {f"documents/{number}.{kind}" for number in sold[:2] for kind in ("xml", "pdf")} <= names
        assert not any(sold[2] in name for name in names)
        assert archive.read(f"documents/{sold[0]}.pdf") == f"%PDF-made {sold[0]}".encode()
        documents = rows(archive, "documents.csv")
        assert [(row["number"], row["gross"], row["corrects"]) for row in documents] == [
            (sold[0], "119,00", ""),
            (sold[1], "11,90", sold[0]),
        ]
        money = rows(archive, "money.csv")
        assert [(row["kind"], row["held"]) for row in money] == [
            ("authorised", "0,00"),
            ("captured", "119,00"),
            ("refunded", "-11,90"),
        ]
        assert [row["rate_percent"] for row in rows(archive, "document_taxes.csv")] == ["19,00", "19,00"]
        assert [row["action"] for row in rows(archive, "audit_log.csv")] == ["order.dispatched"]
        assert len(rows(archive, "orders.csv")) == 1
        assert b"EXTF" in archive.read("datev/EXTF_Buchungsstapel_2026-11.csv")[:6]


def test_the_description_names_the_files_and_their_columns(
    session: Session, sold: list[str], tmp_path: Path
) -> None:
    write_archive(session, tmp_path / "november.zip", scope())

    with zipfile.ZipFile(tmp_path / "november.zip") as archive:
        described = etree.fromstring(archive.read("index.xml"), etree.XMLParser(load_dtd=False))
        for table in described.findall("Media/Table"):
            titles = archive.read(table.findtext("URL")).decode().split("\r\n")[0].split(";")
            assert titles == [name.text for name in table.findall("VariableLength/*/Name")]
        assert {table.file for table in EXPORTED} <= set(archive.namelist())


def test_every_file_has_its_right_checksum(session: Session, sold: list[str], tmp_path: Path) -> None:
    written = write_archive(session, tmp_path / "november.zip", scope())

    with zipfile.ZipFile(tmp_path / "november.zip") as archive:
        told = dict(
            reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines()
        )
        assert set(told) == set(archive.namelist()) - {"SHA256SUMS"}
        for name, digest in told.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    assert hashlib.sha256((tmp_path / "november.zip").read_bytes()).hexdigest() == written.sha256


def test_made_again_it_is_the_same_to_the_byte(session: Session, sold: list[str], tmp_path: Path) -> None:
    first, second = (write_archive(session, tmp_path / f"{name}.zip", scope()) for name in "ab")

    assert first == second
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_no_cell_begins_a_formula_and_no_text_breaks_a_line(
    session: Session, sold: list[str], tmp_path: Path
) -> None:
    write_archive(session, tmp_path / "november.zip", scope())

    with zipfile.ZipFile(tmp_path / "november.zip") as archive:
        (order,) = rows(archive, "orders.csv")
    assert (order["company_name"], order["purchase_reference"]) == ("'=Lahn & Söhne GmbH", "'+49")


def test_months_in_a_row_make_one_export(session: Session, sold: list[str], tmp_path: Path) -> None:
    written = write_archive(session, tmp_path / "both.zip", scope(*months_between(OCTOBER, NOVEMBER)))

    assert written.document_count == 3
    with zipfile.ZipFile(tmp_path / "both.zip") as archive:
        assert sorted(row["number"] for row in rows(archive, "documents.csv")) == sorted(sold)
        assert len(rows(archive, "orders.csv")) == 2
        assert sum(name.startswith("datev/") for name in archive.namelist()) == 2


def test_a_month_without_anything_is_an_export_too(session: Session, tmp_path: Path) -> None:
    written = write_archive(session, tmp_path / "empty.zip", scope())

    assert written.document_count == 0
    with zipfile.ZipFile(tmp_path / "empty.zip") as archive:
        assert rows(archive, "documents.csv") == []


def test_a_month_of_many_papers_is_never_held_as_a_whole(session: Session, tmp_path: Path) -> None:
    order = paid_order(session, paid_at=at(11, 3), dispatched_at=at(11, 10))
    original = issued(session, order, issued_at=at(11, 10))
    with transaction(session):
        for _ in range(120):
            paper = issued(
                session,
                order,
                kind=DocumentKind.CORRECTION,
                issued_at=at(11, 20),
                rates=((1900, 1),),
                corrects=original,
            )
            session.expunge(paper)
    session.rollback()
    tracemalloc.start()

    written = write_archive(session, tmp_path / "many.zip", scope())

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written.document_count == 121
    assert peak < 8_000_000 < 120 * 100_000


def test_a_disk_that_is_full_leaves_no_half_file(session: Session, sold: list[str], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    with pytest.raises(OSError):
        write_archive(session, blocked / "november.zip", scope())

    assert [path.name for path in tmp_path.iterdir()] == ["file"]
