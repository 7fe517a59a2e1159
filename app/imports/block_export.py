"""Blocks as a list for people: CSV or XLSX with the columns that the import reads, so that it comes back as it went."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO
from xml.sax.saxutils import escape

from app.catalogue.rules.blocks import BlockEntry
from app.imports.rules.block_cells import HEADINGS, NUMBERS, cells_of
from app.mainbrand.rejects import defuse

PIECE_ROWS = 500
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
PARTS = {
    "[Content_Types].xml": f'{START}<Types xmlns="{TYPES}"><Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{START}<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1"'
    f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{START}<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="blocks" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{START}<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1"'
    f' Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def as_csv(entries: Iterable[BlockEntry]) -> Iterator[bytes]:
    """The list in pieces: UTF-8 with its mark, semicolons; no cell can be taken for a formula (CWE-1236)."""
    piece = io.StringIO()
    writer = csv.writer(piece, delimiter=";")
    yield b"\xef\xbb\xbf"
    writer.writerow(HEADINGS)
    for number, entry in enumerate(entries):
        writer.writerow(map(defuse, cells_of(entry)))
        if number % PIECE_ROWS == PIECE_ROWS - 1:
            yield piece.getvalue().encode()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue().encode()


def write_xlsx(target: IO[bytes], entries: Iterable[BlockEntry]) -> None:
    """The list as a workbook with one sheet: numbers as numbers, all else as texts that no program runs."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'{START}<worksheet xmlns="{SHEET}"><sheetData>'.encode())
            sheet.write(_row(1, HEADINGS, is_heading=True))
            for number, entry in enumerate(entries, start=2):
                sheet.write(_row(number, cells_of(entry), is_heading=False))
            sheet.write(b"</sheetData></worksheet>")


def _row(number: int, cells: Iterable[str], *, is_heading: bool) -> bytes:
    parts = []
    for place, (name, cell) in enumerate(zip(HEADINGS, cells, strict=True)):
        reference = f"{chr(65 + place)}{number}"
        if name in NUMBERS and not is_heading:
            parts.append(f'<c r="{reference}"><v>{cell}</v></c>')
        elif cell:
            text = escape(NO_XML.sub("", defuse(cell)))
            parts.append(f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>')
    return f'<row r="{number}">{"".join(parts)}</row>'.encode()
