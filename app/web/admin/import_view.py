"""An import as the staff's page shows it: where it stands, its columns to choose, its first lines as understood."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.errors import N_
from app.core.i18n import translate
from app.imports.models import Import
from app.imports.rules.mapping import COLUMNS
from app.imports.rules.states import BUSY, ImportState
from app.web.admin.block_words import PACKAGINGS
from app.web.admin.import_words import COLUMNS as COLUMN_WORDS
from app.web.admin.import_words import error_text, fault_text
from app.web.admin.words import SOURCES
from app.web.rendering import KIND_NAMES

LINE_VALUE = N_("%(amount)s for the line")
GOODS = N_("goods")
NO_GOODS = N_("counts for no revenue")
SHOWN_SAMPLES = 3
LONGEST_SAMPLE = 24
STEP = {
    ImportState.UPLOADED: 2,
    ImportState.MAPPING: 2,
    ImportState.CHECKING: 3,
    ImportState.CHECKED: 3,
    ImportState.APPLYING: 4,
}
CHOICES: dict[str, Mapping[Any, str]] = {
    "yes_or_no": {True: N_("yes"), False: N_("no")},
    "block_kind": KIND_NAMES,
    "source": SOURCES,
    "packaging": PACKAGINGS,
}


@dataclass(frozen=True)
class PreviewCell:
    """One value: what stands in the file, what it is understood as, and whether that is another text."""

    column: str
    raw: str
    text: str
    fault: str = ""
    is_note: bool = False

    @property
    def is_same(self) -> bool:
        return self.raw == self.text


@dataclass(frozen=True)
class PreviewLine:
    """One of the first lines; `text` is the line where it has no columns."""

    line: int
    cells: list[PreviewCell]
    text: str
    faults: list[str]
    is_refused: bool


@dataclass(frozen=True)
class Overview:
    """What the panel shows besides the row itself. `step` 5 is behind the last one; `percent` is none while unknown."""

    step: int
    is_busy: bool
    percent: int | None
    error: str
    heads: list[str]
    lines: list[PreviewLine]
    reasons: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class ColumnField:
    """One of our columns with the titles that may stand for it; `options` are (title, title with samples)."""

    name: str
    label: str
    hint: str
    is_needed: bool
    value: str
    options: list[tuple[str, str]]


def overview(entry: Import, *, language: str, formats: Mapping[str, Callable[..., Any]]) -> Overview:
    """Where an import stands, with texts and numbers in the reader's language."""
    words = COLUMN_WORDS[entry.kind]
    names = [cell["column"] for line in entry.preview[:1] for cell in line["cells"]]
    if not names:
        names = next(
            ([cell["column"] for cell in line["cells"]] for line in entry.preview if line["cells"]), []
        )
    return Overview(
        step=STEP.get(entry.state, 5),
        is_busy=entry.state in BUSY,
        percent=_percent(entry),
        error=error_text(entry, language=language),
        heads=[translate(language, words[name][0]) for name in names],
        lines=[_line(line, words, language, formats) for line in entry.preview],
        reasons=[
            (
                _label(words, one["column"], language),
                fault_text(one["reason"], language=language),
                formats["number"](one["count"]),
            )
            for one in entry.reasons[:20]
        ],
    )


def column_fields(entry: Import, values: dict[str, str] | None, *, language: str) -> list[ColumnField]:
    """A field for each of our columns, with what was chosen or suggested."""
    words = COLUMN_WORDS[entry.kind]
    titles = [title for title in dict.fromkeys(entry.titles) if title]
    options = [(title, _with_samples(entry, title)) for title in titles]
    chosen = entry.mapping if values is None else values
    return [
        ColumnField(
            column.name,
            translate(language, words[column.name][0]),
            translate(language, words[column.name][1]),
            column.is_needed,
            chosen.get(column.name, ""),
            options,
        )
        for column in COLUMNS[entry.kind]
    ]


def _with_samples(entry: Import, title: str) -> str:
    place = entry.titles.index(title)
    found = [row[place] for row in entry.sample if place < len(row) and row[place].strip()]
    samples = [
        one if len(one) <= LONGEST_SAMPLE else one[: LONGEST_SAMPLE - 1] + "…" for one in dict.fromkeys(found)
    ]
    return f"{title}  ({' · '.join(samples[:SHOWN_SAMPLES])})" if samples else title


def _label(words: Mapping[str, tuple[str, str]], name: str, language: str) -> str:
    """What one of our columns is called; empty for a fault of the line as a whole."""
    label = words[name][0] if name in words else ""
    return translate(language, label)


def _percent(entry: Import) -> int | None:
    """How much of a list is read, once a dry run has counted its lines."""
    total = entry.new_count + entry.changed_count + entry.unchanged_count + entry.rejected_count
    if entry.state is not ImportState.APPLYING or not total:
        return None
    return min(100, entry.read_count * 100 // total)


def _line(
    line: dict[str, Any],
    words: Mapping[str, tuple[str, str]],
    language: str,
    formats: Mapping[str, Callable[..., Any]],
) -> PreviewLine:
    by_column = {fault["column"]: fault for fault in line["faults"]}
    cells = []
    for cell in line["cells"]:
        fault = by_column.get(cell["column"])
        said = fault_text(fault["reason"], language=language) if fault else ""
        is_note = bool(fault and fault["is_note"])
        cells.append(PreviewCell(cell["column"], cell["raw"], _text(cell, language, formats), said, is_note))
    shown = {cell["column"] for cell in line["cells"]}
    others = [
        ": ".join(
            part
            for part in (_label(words, one["column"], language), fault_text(one["reason"], language=language))
            if part
        )
        for one in line["faults"]
        if one["column"] not in shown
    ]
    is_refused = any(not fault["is_note"] for fault in line["faults"])
    return PreviewLine(line["line"], cells, line.get("text", ""), others, is_refused)


def _text(cell: dict[str, Any], language: str, formats: Mapping[str, Callable[..., Any]]) -> str:
    value = cell["value"]
    if value is None:
        return ""
    if cell["kind"] == "cents":
        return str(formats["money"](value))
    if cell["kind"] == "milli":
        return str(formats["number"](value / 1000))
    if cell["kind"] == "moment":
        return str(formats["datetime"](datetime.fromisoformat(value)))
    if cell["kind"] == "line_value":
        return translate(language, LINE_VALUE, amount=formats["money"](value))
    if cell["kind"] == "percent":
        return str(formats["percent_bp"](value))
    if cell["kind"] in CHOICES:
        label = CHOICES[cell["kind"]].get(value, str(value))
        return translate(language, label)
    if cell["kind"] == "goods":
        return translate(language, GOODS if value else NO_GOODS)
    return str(value)
