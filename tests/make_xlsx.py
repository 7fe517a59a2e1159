"""Small XLSX files for tests, written by hand: good ones, and ones that no program would write."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
START = '<?xml version="1.0" encoding="UTF-8"?>'
Cell = str | int | float | bool | None


def write_xlsx(path: Path, rows: Iterable[Iterable[Cell]]) -> Path:
    """A workbook with one sheet; texts stand in the shared table, as Excel writes them."""
    texts: dict[str, int] = {}
    body = "".join(
        f'<row r="{number}">'
        + "".join(_cell(value, place, number, texts) for place, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    return write_parts(
        path,
        {
            "xl/worksheets/sheet1.xml": f'{START}<worksheet xmlns="{SHEET}"><sheetData>{body}</sheetData></worksheet>',
            "xl/sharedStrings.xml": f'{START}<sst xmlns="{SHEET}">{shared}</sst>',
        },
    )


def write_parts(path: Path, parts: Mapping[str, str]) -> Path:
    """A workbook of the given parts, with what every workbook has put beside them."""
    always = {
        "xl/workbook.xml": f'{START}<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="List" sheetId="1" r:id="rId7"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{START}<Relationships xmlns="{PACKAGE}"><Relationship Id="rId7"'
        f' Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (always | dict(parts)).items():
            archive.writestr(name, content)
    return path


def _cell(value: Cell, place: int, number: int, texts: dict[str, int]) -> str:
    reference = f"{chr(65 + place)}{number}"
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{reference}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'
    return f'<c r="{reference}"><v>{value}</v></c>'
