"""A carrier's list of tracking codes, as a person saves it from a spreadsheet: which lines say what."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.errors import N_, Invalid

MOST_BYTES = 200_000
MOST_LINES = 500
MOST_CHARACTERS = 64
DELIMITERS = ";,\t"
NUMBER, CODE, CARRIER = "number", "tracking_code", "carrier"
HEADS: dict[str, tuple[str, ...]] = {
    NUMBER: ("order number", "order", "number", "bestellnummer", "bestellung", "auftragsnummer", "nummer"),
    CODE: ("tracking code", "tracking", "tracking number", "sendungsnummer", "paketnummer", "sendungscode"),
    CARRIER: ("carrier", "versanddienst", "versanddienstleister", "paketdienst", "spedition"),
}
"""What the first line may call the columns; without such a line they stand in this order."""


@dataclass(frozen=True, slots=True)
class TrackingLine:
    """One line of the list (counted from 1 in the file) with its order, code and carrier."""

    line_number: int
    number: str
    tracking_code: str
    carrier: str


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line cannot be taken; the sentence is not translated yet."""

    line_number: int
    number: str
    message: str


@dataclass(frozen=True, slots=True)
class TrackingList:
    """The lines that can be taken, each order once, and what is wrong with the others."""

    lines: list[TrackingLine]
    faults: list[LineFault]


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or Windows-1252 as German spreadsheets save it.

    Raises Invalid (`dispatch.list_too_large`, `dispatch.list_no_text`).
    """
    if len(content) > MOST_BYTES:
        raise Invalid(N_("This list is too large: at most 200 kB."), code="dispatch.list_too_large")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Invalid(N_("This is no text. Save the list as CSV and try again."), code="dispatch.list_no_text")


def read_tracking_list(text: str, *, carrier: str = "") -> TrackingList:
    """Reads a list; `carrier` counts where a line names none. The same line twice counts once.

    Raises Invalid for a list that is empty, has more than 500 lines, or cannot be taken apart.
    """
    rows = _rows(text)
    if not rows:
        raise Invalid(N_("The list holds no line."), code="dispatch.list_empty")
    if len(rows) > MOST_LINES + 1:
        raise Invalid(N_("This list has too many lines: at most 500."), code="dispatch.list_too_long")
    places = _places(rows[0][1])
    if places is None:
        places = {NUMBER: 0, CODE: 1, CARRIER: 2}
    else:
        rows = rows[1:]
    seen: dict[str, TrackingLine] = {}
    faults: list[LineFault] = []
    for line_number, cells in rows:
        line = TrackingLine(
            line_number,
            _cell(cells, places, NUMBER).upper(),
            _cell(cells, places, CODE),
            _cell(cells, places, CARRIER) or carrier,
        )
        message = _fault(line, seen.get(line.number))
        if message:
            faults.append(LineFault(line_number, line.number[:MOST_CHARACTERS], message))
        else:
            seen.setdefault(line.number, line)
    return TrackingList(list(seen.values()), faults)


def judge_lines(
    read: TrackingList, *, fault_of: Mapping[str, str], gone: frozenset[str]
) -> tuple[TrackingList, list[str]]:
    """The list with the shop's view of each order: what can leave, what cannot and why, and what left before.

    `fault_of` says for a number why its order cannot leave, `gone` holds those that did.
    """
    lines = [line for line in read.lines if line.number not in fault_of and line.number not in gone]
    refused = [
        LineFault(line.line_number, line.number, fault_of[line.number])
        for line in read.lines
        if line.number in fault_of
    ]
    faults = sorted([*read.faults, *refused], key=lambda fault: fault.line_number)
    return TrackingList(lines, faults), [line.number for line in read.lines if line.number in gone]


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines that say anything, with their number in the file."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    line_number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line_number, [cell.strip() for cell in cells]))
            if len(rows) > MOST_LINES + 1:
                break
            # A cell in quotes may run over several lines: a row has the number of its first.
            line_number = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(
            N_("Line %(line)s cannot be taken apart. Save the list as CSV and try again."),
            code="dispatch.list_damaged",
            line=line_number,
        ) from error
    return rows


def _places(cells: Sequence[str]) -> dict[str, int] | None:
    """Where the columns stand by the names of the first line; None where it is no line of names."""
    names = [re.sub(r"[\s_\-.]+", " ", cell).strip().lower() for cell in cells]
    places = {
        field: next(place for place, name in enumerate(names) if name in known)
        for field, known in HEADS.items()
        if any(name in known for name in names)
    }
    return places if NUMBER in places else None


def _cell(cells: Sequence[str], places: Mapping[str, int], field: str) -> str:
    place = places.get(field)
    return cells[place] if place is not None and place < len(cells) else ""


def _fault(line: TrackingLine, before: TrackingLine | None) -> str:
    if not line.number:
        return N_("There is no order number.")
    texts = (line.number, line.tracking_code, line.carrier)
    if any(len(text) > MOST_CHARACTERS for text in texts):
        return N_("Please use at most 64 characters.")
    if not all(text.isprintable() for text in texts):
        return N_("There are characters in it that cannot be printed.")
    if before and (before.tracking_code, before.carrier) != (line.tracking_code, line.carrier):
        return N_("This order stands in an earlier line with another code or carrier.")
    return ""
