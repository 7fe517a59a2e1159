"""Papers as PDF: A4, one family of fonts, the same bytes for the same words."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont

from app.core.errors import N_
from app.core.i18n import translate
from app.core.typesetting import printable, width_of, wrap

FONTS = Path(__file__).parent / "fonts"
FAMILY = "archivo"
PRODUCER = "Schlicht"
POINT_MM = 25.4 / 72
LEADING = 1.38
TEXT_PT, SMALL_PT = 9.5, 7.5
HEADINGS_PT = {1: 19.0, 2: 12.5, 3: 10.0}
LEFT, RIGHT, TOP, BOTTOM = 22.0, 18.0, 27.0, 27.0
BOX_MM = 3.6
MOST_FOOT_LINES = 5
GREY, BLACK = 95, 0
PAGE = N_("Page %(page)s of %(pages)s")


@dataclass(frozen=True)
class Column:
    """A column of a table: its share of the width, and whether it is an empty box to tick."""

    title: str
    share: float = 1.0
    align: Literal["left", "right"] = "left"
    is_box: bool = False


@dataclass(frozen=True)
class Attachment:
    """A file inside the paper, such as the data of an invoice."""

    name: str
    content: bytes
    mime_type: str
    description: str
    relationship: Literal["Alternative", "Data", "Source", "Supplement"] = "Alternative"


@dataclass(frozen=True)
class Style:
    points: float = TEXT_PT
    bold: bool = False
    grey: int = BLACK

    @property
    def line_mm(self) -> float:
        return self.points * POINT_MM * LEADING


TEXT = Style()
STRONG = Style(bold=True)
LABEL = Style(grey=GREY)
SMALL = Style(points=SMALL_PT, grey=GREY)


class Paper:
    """A paper under way: what is written follows from top to bottom and breaks over pages by itself.

    `made_at` is the only date in the bytes: the same words and the same date give the same bytes. `head` stands at
    the top of every page, `footer` at the bottom, both beside what the section is called and "Page 1 of 3".
    `for_archive` makes it PDF/A-3b; `attachments` and `more_metadata` (RDF descriptions as XML) are for that case.
    `margins_mm` are those at the left and at the right. Text is data: it is printed as it is, never read as markup.
    """

    def __init__(
        self,
        *,
        title: str,
        language: str,
        made_at: datetime,
        head: str = "",
        footer: Sequence[str] = (),
        for_archive: bool = False,
        attachments: Iterable[Attachment] = (),
        more_metadata: str = "",
        margins_mm: tuple[float, float] = (LEFT, RIGHT),
    ) -> None:
        from fpdf import FPDF  # most of a second: only who prints a paper waits for it

        self._language = language
        self._left, self._right = margins_mm
        self._head, self._footer = self._clean(head), [self._clean(line) for line in footer]
        self._pdf = FPDF(format="A4", unit="mm", enforce_compliance="PDF/A-3B" if for_archive else None)
        self._pdf.alias_nb_pages("")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_creation_date(made_at.astimezone(UTC))
        self._pdf.set_title(self._clean(title))
        self._pdf.set_lang(language)
        self._pdf.set_producer(PRODUCER)
        for style, name in (("", "regular"), ("B", "bold")):
            self._pdf.add_font(FAMILY, style, FONTS / f"archivo-{name}.ttf")
        if for_archive:
            self._pdf.set_xmp_metadata(_metadata(self._clean(title), made_at, more_metadata))
        for attachment in attachments:
            self._pdf.embed_file(
                bytes=attachment.content,
                basename=attachment.name,
                mime_type=attachment.mime_type,
                desc=attachment.description,
                associated_file_relationship=attachment.relationship,
                creation_date=made_at.astimezone(UTC),
                modification_date=made_at.astimezone(UTC),
                compress=True,
            )
        self._sections: list[tuple[str, int]] = []
        self._y = TOP
        self.section(title)

    def section(self, name: str) -> None:
        """A new page from which pages are counted anew; `name` stands at the top of each (a parcel, an order)."""
        if self._sections and self._sections[-1][1] == self._pdf.page and self._y == TOP:
            self._sections[-1] = (self._clean(name), self._pdf.page)
            return
        self._new_page()
        self._sections.append((self._clean(name), self._pdf.page))

    def heading(self, text: str, *, level: Literal[1, 2, 3] = 1) -> None:
        """A heading; levels 2 and 3 take two lines of what follows along to the next page."""
        style = Style(points=HEADINGS_PT[level], bold=True)
        if self._y > TOP:
            self._y += (0, 5.0, 4.5, 3.0)[level]
        lines = self._wrapped(text, self._width, style)
        self._room(len(lines) * style.line_mm + 2 * TEXT.line_mm)
        self._lines(lines, style)
        self._y += (0, 4.0, 1.2, 0.6)[level]

    def paragraph(self, text: str, *, small: bool = False, strong: bool = False) -> None:
        """A paragraph; line ends in it stay."""
        style = SMALL if small else STRONG if strong else TEXT
        self._lines(self._wrapped(text, self._width, style), style)
        self._y += style.line_mm * 0.45

    def points(self, texts: Iterable[str]) -> None:
        """A list of points."""
        for text in texts:
            for number, line in enumerate(self._wrapped(text, self._width - 5, TEXT)):
                self._room(TEXT.line_mm)
                if number == 0:
                    self._say("•", self._left + 1, TEXT)
                self._say(line, self._left + 5, TEXT)
                self._y += TEXT.line_mm
            self._y += TEXT.line_mm * 0.2
        self._y += TEXT.line_mm * 0.25

    def beside(self, left: Sequence[str], right: Sequence[tuple[str, str]]) -> None:
        """Lines at the left (an address) and facts at the right, at the same height; both fit on one page."""
        half = self._width * 0.52
        lines = [line for text in left for line in self._wrapped(text, half, TEXT)]
        facts = [(label, self._wrapped(value, self._width - half - 34, TEXT)) for label, value in right]
        height = max(len(lines), sum(len(value) for _, value in facts), 1) * TEXT.line_mm
        self._room(min(height, self._bottom - TOP))
        top = self._y
        for line in lines:
            self._say(line, self._left, TEXT)
            self._y += TEXT.line_mm
        self._y = top
        for label, value in facts:
            self._say(self._clean(label), self._left + half, LABEL)
            for line in value:
                self._say(line, self._left + half + 34, TEXT)
                self._y += TEXT.line_mm
        self._y = top + height + 4.0

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label and value, line by line."""
        label_mm = 48.0
        for label, value in pairs:
            labels = self._wrapped(label, label_mm - 3, LABEL)
            values = self._wrapped(value, self._width - label_mm, TEXT)
            for number in range(max(len(labels), len(values))):
                self._room(TEXT.line_mm)
                self._say(labels[number] if number < len(labels) else "", self._left, LABEL)
                self._say(values[number] if number < len(values) else "", self._left + label_mm, TEXT)
                self._y += TEXT.line_mm
        self._y += TEXT.line_mm * 0.5

    def table(
        self,
        columns: Sequence[Column],
        rows: Iterable[Sequence[str]],
        *,
        totals: Sequence[Sequence[str]] = (),
    ) -> None:
        """A table whose head stands again on each page; `totals` are strong rows under a heavier line.

        A row stays together unless it is higher than a page. A box column prints an empty box and its text behind.
        """
        columns = list(columns)
        self._room(3 * TEXT.line_mm + 6)
        self._table_head(columns)
        for row in rows:
            self._row(columns, row, TEXT)
        for number, row in enumerate(totals):
            if number == 0:
                self._rule(0.4)
            self._row(columns, row, STRONG)
        self._y += TEXT.line_mm * 0.7

    def space(self, mm: float) -> None:
        """Room before what follows."""
        self._y += mm

    def to_bytes(self) -> bytes:
        """The finished paper; nothing can be written to it afterwards."""
        ends = [page for _, page in self._sections[1:]] + [self._pdf.pages_count + 1]
        for (name, first), end in zip(self._sections, ends, strict=True):
            for page in range(first, end):
                self._margins(page, name, page - first + 1, end - first)
        made = bytes(self._pdf.output())
        for font in self._pdf.fonts.values():
            font.close()  # type: ignore[union-attr]
        return made

    @property
    def _width(self) -> float:
        return float(self._pdf.w) - self._left - self._right

    @property
    def _bottom(self) -> float:
        return float(self._pdf.h) - BOTTOM

    def _new_page(self) -> None:
        self._pdf.add_page()
        self._y = TOP

    def _room(self, mm: float) -> None:
        if self._y + mm > self._bottom and self._y > TOP:
            self._new_page()

    def _clean(self, text: str) -> str:
        return printable(text, known_characters())

    def _widths(self, style: Style) -> Mapping[int, float]:
        self._pdf.set_font(FAMILY, "B" if style.bold else "", style.points)
        font = self._pdf.fonts[FAMILY + ("B" if style.bold else "")]
        return cast("Mapping[int, float]", font.cw)

    def _wrapped(self, text: str, width_mm: float, style: Style) -> list[str]:
        per_mille = width_mm / (style.points * POINT_MM) * 1000
        return wrap(self._clean(text), width=per_mille, widths=self._widths(style))

    def _say(self, line: str, x: float, style: Style, *, right_edge: float | None = None) -> None:
        """One line that stands at `x`, or ends at the right edge; `_y` is its top."""
        if not line:
            return
        widths = self._widths(style)
        if right_edge is not None:
            x = right_edge - width_of(line, widths) / 1000 * style.points * POINT_MM
        self._pdf.set_text_color(style.grey)
        self._pdf.text(x, self._y + style.points * POINT_MM * 1.02, line)

    def _lines(self, lines: Sequence[str], style: Style) -> None:
        for line in lines:
            self._room(style.line_mm)
            self._say(line, self._left, style)
            self._y += style.line_mm

    def _rule(self, mm: float, *, y: float | None = None) -> None:
        self._pdf.set_line_width(mm)
        at = self._y if y is None else y
        self._pdf.line(self._left, at, self._left + self._width, at)

    def _table_head(self, columns: list[Column]) -> None:
        style = Style(points=SMALL_PT + 0.5, bold=True)
        cells = [
            self._wrapped(column.title, width - 3, style)
            for column, width in zip(columns, self._shares(columns), strict=True)
        ]
        for number in range(max(len(lines) for lines in cells)):
            self._row_line(columns, cells, number, style)
            self._y += style.line_mm
        self._y += 0.9
        self._rule(0.5)
        self._y += 1.1

    def _row(self, columns: list[Column], row: Sequence[str], style: Style) -> None:
        cells = [
            self._wrapped(text, width - 3 - (BOX_MM + 1.5 if column.is_box else 0), style)
            for column, width, text in zip(columns, self._shares(columns), row, strict=True)
        ]
        count = max(len(lines) for lines in cells)
        height = count * style.line_mm + 2.2
        if self._y + height > self._bottom and (
            height < self._bottom - TOP - 20 or self._bottom - self._y < 3 * style.line_mm
        ):
            self._new_page()
            self._table_head(columns)
        for number in range(count):
            if self._y + style.line_mm > self._bottom:
                self._new_page()
                self._table_head(columns)
            self._row_line(columns, cells, number, style, has_boxes=number == 0)
            self._y += style.line_mm
        self._y += 1.0
        self._rule(0.1)
        self._y += 1.2

    def _row_line(
        self,
        columns: list[Column],
        cells: list[list[str]],
        number: int,
        style: Style,
        *,
        has_boxes: bool = False,
    ) -> None:
        x = self._left
        for column, width, lines in zip(columns, self._shares(columns), cells, strict=True):
            line = lines[number] if number < len(lines) else ""
            if column.is_box and has_boxes and style is TEXT:
                self._pdf.set_line_width(0.3)
                self._pdf.rect(x + 0.3, self._y + 0.3, BOX_MM, BOX_MM)
            if column.is_box and style is TEXT:
                self._say(line, x + BOX_MM + 1.5, style)
            elif column.align == "right":
                self._say(line, x, style, right_edge=x + width - 1.5)
            else:
                self._say(line, x, style)
            x += width

    def _shares(self, columns: Sequence[Column]) -> list[float]:
        total = sum(column.share for column in columns)
        return [self._width * column.share / total for column in columns]

    def _margins(self, page: int, name: str, number: int, count: int) -> None:
        self._pdf.page = page
        self._pdf.current_font_is_set_on_page = False
        right = self._left + self._width
        self._y = 13.0
        self._say(self._shortened(self._head), self._left, Style(points=SMALL_PT, bold=True))
        self._say(self._shortened(name), self._left, SMALL, right_edge=right)
        self._rule(0.5, y=18.0)
        self._rule(0.1, y=self._bottom + 5)
        self._y = self._bottom + 6.5
        self._say(
            translate(self._language, PAGE, page=number, pages=count), self._left, SMALL, right_edge=right
        )
        foot = [part for line in self._footer for part in self._wrapped(line, self._width - 24, SMALL)]
        for line in foot[:MOST_FOOT_LINES]:
            self._say(line, self._left, SMALL)
            self._y += SMALL.line_mm

    def _shortened(self, text: str) -> str:
        return self._wrapped(text, self._width * 0.48, SMALL)[0]


@functools.cache
def known_characters() -> frozenset[int]:
    """The code points that both cuts of our font can print."""
    known: list[frozenset[int]] = []
    for name in ("regular", "bold"):
        with TTFont(FONTS / f"archivo-{name}.ttf", lazy=True) as font:
            known.append(frozenset(font.getBestCmap()))
    return known[0] & known[1]


def _metadata(title: str, made_at: datetime, more: str) -> str:
    moment = made_at.astimezone(UTC).isoformat(timespec="seconds")
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>3</pdfaid:part>\
<pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>\
<rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title></rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">\
<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate>\
<pdf:Producer>{PRODUCER}</pdf:Producer></rdf:Description>
{more}
</rdf:RDF>
</x:xmpmeta>"""
