"""A list is read from CSV, XLSX and parquet alike, whatever its encoding and separator."""

import csv
from pathlib import Path

import polars as pl
import pytest

from app.core.errors import Invalid
from app.mainbrand.files import open_table
from app.mainbrand.rejects import Reject, RejectFile
from app.mainbrand.rules.columns import ACCOUNT_COLUMNS
from tests.make_xlsx import write_xlsx


def names_of(path: Path) -> list[str | None]:
    with open_table(path, ACCOUNT_COLUMNS) as table:
        return [name for batch in table.batches for name in batch.frame["company_name"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_csv_file_is_read_in_every_encoding_and_separator(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'Kunden-Nr.{separator}Firma\n7{separator}"Söhne & Groß"\n', encoding=encoding)

    assert names_of(path) == ["Söhne & Groß"]


def test_the_same_list_gives_the_same_texts_from_csv_xlsx_and_parquet(tmp_path: Path) -> None:
    rows = [["account_number", "company_name", "city"], ["1", "Ahrenborn", "Ulm"], ["2", "Birkeck", None]]
    written = tmp_path / "a.csv"
    with written.open("w", newline="") as target:
        csv.writer(target).writerows(rows)
    pl.DataFrame(rows[1:], schema=rows[0], orient="row").write_parquet(tmp_path / "a.parquet")
    write_xlsx(tmp_path / "a.xlsx", rows)
    frames = []

    for name in ("a.csv", "a.xlsx", "a.parquet"):
        with open_table(tmp_path / name, ACCOUNT_COLUMNS) as table:
            frames.append(pl.concat(batch.frame for batch in table.batches).drop("line"))

    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


def test_line_numbers_are_those_of_the_file_even_after_a_text_of_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('account_number;company_name\n1;"two\nlines"\n2;b\n')

    with open_table(path, ACCOUNT_COLUMNS) as table:
        lines = [line for batch in table.batches for line in batch.frame["line"]]

    assert lines == [2, 4]


def test_a_line_with_too_many_cells_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("account_number;company_name\n1;a;b\n2;c\n;\n")

    with open_table(path, ACCOUNT_COLUMNS) as table:
        (batch,) = table.batches

    assert batch.frame["account_number"].to_list() == ["2"]
    assert [(reject.line, reject.reason[:24]) for reject in batch.rejects] == [
        (2, "3 cells under 2 titles: ")
    ]


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "file.empty"),
        (b"account_number;city\n1;Ulm\n", "file.columns_missing"),
        (b"account_number;Firma;company_name\n1;a;b\n", "file.columns_twice"),
        (b"\x00\x01\x02\x03binary\n", "file.unknown_kind"),
        (b"%PDF-1.7 \x00\x01", "file.unknown_kind"),
        (b"PK\x03\x04 but no zip", "file.damaged"),
        (b"PAR1 but no parquet", "file.damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "file.old_excel"),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)

    with pytest.raises(Invalid) as refused:
        names_of(path)

    assert refused.value.code == code
    assert "list" in str(refused.value)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nowhere\.csv"):
        names_of(tmp_path / "nowhere.csv")


def test_half_a_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"account_number": ["1"] * 999, "company_name": ["a"] * 999}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:400])

    with pytest.raises(Invalid) as refused:
        names_of(path)

    assert refused.value.code == "file.damaged"


def test_a_reject_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    reject = Reject(2, "a", "x", "is wrong", ("x",))
    with RejectFile(path, ["a"]) as write:
        write(reject)
        was_there = path.exists()

    assert not was_there
    assert path.read_text("utf-8-sig") == "a;reject_line;reject_column;reject_reason\nx;2;a;is wrong\n"


def test_a_failed_import_leaves_no_file_of_rejects(tmp_path: Path) -> None:
    def fail() -> None:
        with RejectFile(tmp_path / "rejects.csv", ["a"]) as write:
            write(Reject(2, "a", "x", "is wrong", ("x",)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert list(tmp_path.iterdir()) == []
