"""Spreadsheets are read row by row, and those that are made to hurt are refused at once."""

import time
import zipfile
from pathlib import Path

import pytest

from app.mainbrand import xlsx
from app.mainbrand.xlsx import Workbook, WrongXlsx
from tests.make_xlsx import SHEET, START, write_parts, write_xlsx


def rows_of(path: Path) -> list[tuple[int, list[str]]]:
    with path.open("rb") as source:
        return list(Workbook(source).rows())


def test_texts_numbers_truths_and_gaps_come_back_in_their_columns(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["Größe", "b", "c"], ["x & y", None, 2.5], [None, True, 7]])

    assert rows_of(path) == [(1, ["Größe", "b", "c"]), (2, ["x & y", "", "2.5"]), (3, ["", "true", "7"])]


def test_inline_texts_and_rows_without_references_are_read(tmp_path: Path) -> None:
    sheet = (
        f'{START}<x:worksheet xmlns:x="{SHEET}"><x:sheetData><x:row>'
        '<x:c t="inlineStr"><x:is><x:t>one</x:t></x:is></x:c>'
        "<x:c><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    path = write_parts(tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": sheet})

    assert rows_of(path) == [(1, ["one", "2"])]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as target:
            for _ in range(60):
                target.write(b" " * 1024**2)
    started = time.monotonic()

    with pytest.raises(WrongXlsx, match="expands far more"):
        rows_of(path)

    assert time.monotonic() - started < 2


def test_a_part_that_unpacks_to_more_than_allowed_ends_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [[f"cell {row}", row] for row in range(40_000)])
    monkeypatch.setattr(xlsx, "MAXIMUM_SHARED_BYTES", 1_000)

    with pytest.raises(WrongXlsx, match="too many"):
        rows_of(path)


@pytest.mark.parametrize(
    "sheet, said",
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>', "entities"),
        ("<worksheet><sheetData><row><c", "damaged"),
        (
            '<worksheet><sheetData><row><c r="ZZZZ1"><v>1</v></c></row></sheetData></worksheet>',
            "beyond column",
        ),
        ('<worksheet><sheetData><row><c t="s"><v>9</v></c></row></sheetData></worksheet>', "not there"),
        (f"<worksheet><sheetData><row><c><v>{'1' * 900_000}</v></c></row></sheetData></worksheet>", "longer"),
    ],
)
def test_sheets_that_no_program_writes_are_refused(tmp_path: Path, sheet: str, said: str) -> None:
    path = write_parts(tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": sheet})

    with pytest.raises(WrongXlsx, match=said):
        rows_of(path)


def test_half_a_file_and_a_zip_without_a_workbook_are_refused(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "a.xlsx", [["a"], ["b"]]).read_bytes()
    half, other = tmp_path / "half.xlsx", tmp_path / "other.xlsx"
    half.write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "no workbook")

    for path in (half, other):
        with pytest.raises(WrongXlsx):
            rows_of(path)


def test_damaged_contents_are_refused_with_the_name_of_the_part(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [[f"value {row}"] for row in range(500)])
    content = bytearray(path.read_bytes())
    start = content.index(b"sheet1.xml") + 200
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(bytes(content))

    with pytest.raises(WrongXlsx, match="damaged"):
        rows_of(path)


def test_dates_counted_from_1904_are_refused_and_not_read_four_years_off(tmp_path: Path) -> None:
    path = write_parts(
        tmp_path / "a.xlsx", {"xl/workbook.xml": '<workbook><workbookPr date1904="1"/></workbook>'}
    )

    with pytest.raises(WrongXlsx, match="1904"):
        rows_of(path)
