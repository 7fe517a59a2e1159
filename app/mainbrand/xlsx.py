"""Reading the first sheet of an XLSX file row by row: bounded memory whatever the file claims to hold."""

import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

from app.core.errors import N_
from app.mainbrand.rules.faults import DAMAGED_PART, TOO_WIDE

MAXIMUM_EXPANDED_BYTES = 2 * 1024**3
MAXIMUM_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 10 * 1024**2
MAXIMUM_MEMBERS = 2_000
MAXIMUM_SHARED_BYTES = 128 * 1024**2
MAXIMUM_SHARED_STRINGS = 2_000_000
MAXIMUM_CELL_LENGTH = 32_767
MAXIMUM_COLUMNS = 512
CHUNK_BYTES = 256 * 1024
PLACE = re.compile(r"[0-9]{1,9}")
VALUE_TAGS = frozenset({"v", "t", "x:v", "x:t"})


class WrongXlsx(ValueError):
    """The file is no XLSX, is damaged, or expands to more than a list of companies ever would."""


class Workbook:
    """An open XLSX file; its rows are read one after the other and never held together."""

    def __init__(self, source: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise WrongXlsx(N_("it is no readable XLSX file (or only half of one)")) from error
        _refuse_bomb(self._zip)
        self._sheet = self._first_sheet()
        self._shared = self._shared_strings()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that has a cell, with its number in the sheet; numbers come as they are stored."""
        reader = _SheetReader(self._shared)
        for _ in self._parse(self._sheet, reader):
            yield from reader.take()
        yield from reader.take()

    def _first_sheet(self) -> str:
        names = set(self._zip.namelist())
        if "xl/workbook.xml" not in names:
            raise WrongXlsx(N_("it is a ZIP file, but no XLSX workbook"))
        finder = _SheetFinder()
        for member in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
            if member in names:
                for _ in self._parse(member, finder):
                    pass
        target = finder.targets.get(finder.first_relation, "worksheets/sheet1.xml")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path not in names:
            raise WrongXlsx(N_("its first sheet is missing"))
        return path

    def _shared_strings(self) -> list[str]:
        reader = _SharedReader()
        if "xl/sharedStrings.xml" in self._zip.namelist():
            for _ in self._parse("xl/sharedStrings.xml", reader):
                if reader.length > MAXIMUM_SHARED_BYTES or len(reader.strings) > MAXIMUM_SHARED_STRINGS:
                    raise WrongXlsx(N_("its texts are too many to be a list"))
        return reader.strings

    def _parse(self, member: str, target: Any) -> Iterator[None]:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = target.start
        parser.EndElementHandler = target.end
        parser.CharacterDataHandler = target.text
        parser.EntityDeclHandler = _refuse_entities
        parser.StartDoctypeDeclHandler = _refuse_entities
        expanded = 0
        try:
            with self._zip.open(member) as source:
                while chunk := source.read(CHUNK_BYTES):
                    expanded += len(chunk)
                    if expanded > MAXIMUM_EXPANDED_BYTES:
                        raise WrongXlsx(N_("it expands to too much to be a list"))
                    parser.Parse(chunk, False)
                    yield
                parser.Parse(b"", True)
        except (expat.ExpatError, zipfile.BadZipFile, EOFError, RuntimeError, OSError) as error:
            raise WrongXlsx(DAMAGED_PART % {"part": member}) from error
        except Exception as error:
            if type(error).__module__ in ("zlib", "lzma", "bz2"):
                raise WrongXlsx(DAMAGED_PART % {"part": member}) from error
            raise


class _SheetFinder:
    """The first sheet of the workbook and the files that relations point to."""

    def __init__(self) -> None:
        self.first_relation = ""
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "sheet" and not self.first_relation:
            self.first_relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
        elif local == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")
        elif local == "workbookPr" and attributes.get("date1904", "0") in ("1", "true"):
            raise WrongXlsx(N_("it counts dates from 1904; save it with the 1900 date system"))

    def end(self, name: str) -> None:
        """Nothing ends here."""

    def text(self, data: str) -> None:
        """Nothing is written here."""


class _SharedReader:
    """The table of texts that cells point to; phonetic hints are left out."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.length = 0
        self._parts: list[str] = []
        self._is_text = False
        self._is_hint = False

    def start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "si":
            self._parts = []
        elif local == "rPh":
            self._is_hint = True
        elif local == "t":
            self._is_text = not self._is_hint

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "si":
            self.strings.append("".join(self._parts)[:MAXIMUM_CELL_LENGTH])
        elif local == "rPh":
            self._is_hint = False
        elif local == "t":
            self._is_text = False

    def text(self, data: str) -> None:
        if self._is_text:
            self.length += len(data)
            self._parts.append(data)


class _SheetReader:
    """Cells of a sheet, put together into rows at their columns."""

    def __init__(self, shared: list[str]) -> None:
        self._shared = shared
        self._done: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._row_number = 0
        self._column = 0
        self._kind = "n"
        self._parts: list[str] = []
        self._length = 0
        self._is_value = False

    def take(self) -> list[tuple[int, list[str]]]:
        """The rows that are complete since the last call."""
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in VALUE_TAGS:
            self._is_value = True
        elif name == "c" or name.endswith(":c"):
            self._kind = attributes.get("t", "n")
            reference = attributes.get("r")
            self._column = _column_of(reference) if reference else self._column + 1
            if self._column > MAXIMUM_COLUMNS:
                raise WrongXlsx(TOO_WIDE % {"most": MAXIMUM_COLUMNS})
            self._parts = []
            self._length = 0
        elif name == "row" or name.endswith(":row"):
            number = attributes.get("r", "")
            self._row_number = int(number) if PLACE.fullmatch(number) else self._row_number + 1
            self._row = []
            self._column = 0

    def end(self, name: str) -> None:
        if name in VALUE_TAGS:
            self._is_value = False
        elif name == "c" or name.endswith(":c"):
            if self._parts:
                row = self._row
                if len(row) < self._column - 1:
                    row += [""] * (self._column - 1 - len(row))
                row.append(self._value("".join(self._parts)))
        elif (name == "row" or name.endswith(":row")) and self._row:
            self._done.append((self._row_number, self._row))

    def text(self, data: str) -> None:
        if self._is_value:
            self._parts.append(data)
            self._length += len(data)
            if self._length > MAXIMUM_CELL_LENGTH:
                raise WrongXlsx(N_("one of its cells is longer than Excel allows"))

    def _value(self, stored: str) -> str:
        if self._kind == "n":
            return stored
        if self._kind == "s":
            if not PLACE.fullmatch(stored) or int(stored) >= len(self._shared):
                raise WrongXlsx(N_("a cell points to a text that is not there"))
            return self._shared[int(stored)]
        if self._kind == "b":
            return "true" if stored == "1" else "false"
        return stored


def _column_of(reference: str) -> int:
    """The column number of a cell reference such as `AB12`; 0 where there is none."""
    number = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
        if number > 10**6:
            return number
    return number


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MAXIMUM_MEMBERS:
        raise WrongXlsx(N_("it holds too many parts"))
    if any(member.flag_bits & 1 for member in members):
        raise WrongXlsx(N_("it is locked with a password"))
    if sum(member.file_size for member in members) > MAXIMUM_EXPANDED_BYTES:
        raise WrongXlsx(N_("it expands to too much to be a list"))
    for member in members:
        is_large = member.file_size > RATIO_COUNTS_FROM_BYTES
        if is_large and member.file_size > MAXIMUM_RATIO * max(1, member.compress_size):
            raise WrongXlsx(N_("it expands far more than a list does"))


def _refuse_entities(*_: object) -> None:
    raise WrongXlsx(N_("it declares entities, which no spreadsheet program writes"))
