"""Business letters as PDF: an address for the window of an envelope, lines with small print, sums, a letter's foot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.i18n import translate
from app.core.pdf import GREY, PAGE, SMALL, TEXT, TOP, Column, Paper, Style

# DIN 5008, form A: the window begins 27 mm below the edge; its lower 27.3 mm hold the address, the sender above it.
MARGINS_MM = (25.0, 20.0)
SENDER_Y, ADDRESS_Y, ADDRESS_END_Y = 40.2, 44.7, 72.0
ADDRESS_WIDTH = 80.0
FACTS_X, FACTS_Y, FACTS_LABEL_MM = 112.0, 30.0, 29.0
BODY_Y = 80.0
FOLD_YS, HOLE_Y = (87.0, 192.0), 148.5
FOOT_GAP = 4.0
BRAND = Style(points=17.0, bold=True)
TINY = Style(points=6.5, grey=GREY)
NOTE = Style(points=8.0, grey=70)
FACT, FACT_LABEL = Style(points=8.5), Style(points=8.5, grey=GREY)
TOTAL = Style(points=11.0, bold=True)
SMALLER_FACTS = (Style(points=7.5), Style(points=6.5), Style(points=5.5))
ADDRESS_POINTS = (10.0, 9.0, 8.0, 7.0)


@dataclass(frozen=True)
class Line:
    """A row of a letter's table: its cells, and what stands in small print below the cell `notes_at`."""

    cells: Sequence[str]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Sum:
    """A label with its amount at the right edge, below a table."""

    label: str
    amount: str
    is_strong: bool = False


class Letter(Paper):
    """A paper that goes into an envelope; `head` is the sender's brand, `footer` up to four columns of lines.

    The first page shows the brand large, each further one small beside what the section is called.
    """

    def __init__(self, *, footer: Sequence[Sequence[str]] = (), **values: Any) -> None:
        super().__init__(**values, margins_mm=MARGINS_MM)
        self._columns = [[self._clean(line) for line in column] for column in footer]

    def window(self, sender: str, address: Sequence[str], facts: Iterable[tuple[str, str]]) -> None:
        """The sender's line, the address and the facts at its right, on a first page.

        An address that needs more lines than the window has is set smaller, never cut.
        """
        self._y = SENDER_Y
        line = self._wrapped(sender, ADDRESS_WIDTH, TINY)[0]
        self._say(line, self._left, TINY)
        self._pdf.set_line_width(0.1)
        self._pdf.line(self._left, ADDRESS_Y - 0.9, self._left + ADDRESS_WIDTH, ADDRESS_Y - 0.9)
        self._address(address)
        end = self._y
        self._y = FACTS_Y
        for label, value in facts:
            self._fact(label, value)
        self._y = max(self._y + 3.0, end + 3.0, BODY_Y)
        self._marks()

    def lines(self, columns: Sequence[Column], rows: Iterable[Line], *, notes_at: int) -> None:
        """A table whose head stands again on each page; a row stays together unless it is higher than a page."""
        columns = list(columns)
        self._room(3 * TEXT.line_mm + 6)
        self._table_head(columns)
        shares = self._shares(columns)
        notes_x, notes_mm = self._left + sum(shares[:notes_at]), sum(shares[notes_at:-1]) - 3
        for row in rows:
            cells = [
                self._wrapped(text, width - 3, TEXT) for text, width in zip(row.cells, shares, strict=True)
            ]
            notes = [part for note in row.notes for part in self._wrapped(note, notes_mm, NOTE)]
            self._line(columns, cells, notes, notes_x)
        self._y += TEXT.line_mm * 0.3

    def sums(self, sums: Iterable[Sum], *, width_mm: float) -> None:
        """Labels and amounts in a block of that width at the right edge; a strong one stands under a line."""
        left = self._left + self._width - width_mm
        for one in sums:
            style = TOTAL if one.is_strong else TEXT
            labels = self._wrapped(one.label, width_mm - 27, style)
            self._room(len(labels) * style.line_mm + 3)
            if one.is_strong:
                self._y += 1.0
                self._pdf.set_line_width(0.4)
                self._pdf.line(left, self._y, self._left + self._width, self._y)
                self._y += 1.0
            for number, label in enumerate(labels):
                self._say(label, left, style)
                if number == 0:
                    self._say(self._clean(one.amount), left, style, right_edge=self._right_edge - 1.5)
                self._y += style.line_mm
        self._y += TEXT.line_mm * 0.5

    @property
    def _right_edge(self) -> float:
        return self._left + self._width

    def _address(self, address: Sequence[str]) -> None:
        self._y = ADDRESS_Y
        for points in ADDRESS_POINTS:
            style = Style(points=points)
            lines = [part for line in address for part in self._wrapped(line, ADDRESS_WIDTH, style)]
            if len(lines) * style.line_mm <= ADDRESS_END_Y - ADDRESS_Y:
                break
        for line in lines:
            self._say(line, self._left, style)
            self._y += style.line_mm

    def _fact(self, label: str, value: str) -> None:
        labels = self._wrapped(label, FACTS_LABEL_MM - 2, FACT_LABEL)
        style, values = self._unbroken(value, self._right_edge - FACTS_X - FACTS_LABEL_MM)
        for number in range(max(len(labels), len(values))):
            self._say(labels[number] if number < len(labels) else "", FACTS_X, FACT_LABEL)
            self._say(values[number] if number < len(values) else "", FACTS_X + FACTS_LABEL_MM, style)
            self._y += FACT.line_mm

    def _unbroken(self, value: str, width_mm: float) -> tuple[Style, list[str]]:
        """A fact in a style in which none of its words is broken, as far as there is one: addresses are long."""
        for style in (FACT, *SMALLER_FACTS):
            lines = self._wrapped(value, width_mm, style)
            if " ".join(lines) == " ".join(self._clean(value).split()):
                break
        return style, lines

    def _marks(self) -> None:
        self._pdf.set_line_width(0.1)
        for y in FOLD_YS:
            self._pdf.line(5.0, y, 8.5, y)
        self._pdf.line(5.0, HOLE_Y, 10.5, HOLE_Y)

    def _line(self, columns: list[Column], cells: list[list[str]], notes: list[str], notes_x: float) -> None:
        count = max(len(lines) for lines in cells)
        height = count * TEXT.line_mm + len(notes) * NOTE.line_mm + 2.2
        if self._y + height > self._bottom and (
            height < self._bottom - TOP - 20 or self._bottom - self._y < 3 * TEXT.line_mm
        ):
            self._new_page()
            self._table_head(columns)
        for number in range(count):
            self._room_in(columns, TEXT)
            self._row_line(columns, cells, number, TEXT)
            self._y += TEXT.line_mm
        for note in notes:
            self._room_in(columns, NOTE)
            self._say(note, notes_x, NOTE)
            self._y += NOTE.line_mm
        self._y += 1.0
        self._rule(0.1)
        self._y += 1.2

    def _room_in(self, columns: list[Column], style: Style) -> None:
        if self._y + style.line_mm > self._bottom:
            self._new_page()
            self._table_head(columns)

    def _margins(self, page: int, name: str, number: int, count: int) -> None:
        self._pdf.page = page
        self._pdf.current_font_is_set_on_page = False
        brand = BRAND if number == 1 else Style(points=SMALL.points, bold=True)
        self._y = 10.0 if number == 1 else 13.0
        self._say(self._wrapped(self._head, self._width * 0.48, brand)[0], self._left, brand)
        self._y = 13.0
        said = translate(self._language, PAGE, page=number, pages=count)
        self._say(
            self._shortened(said if number == 1 else f"{name} · {said}"),
            self._left,
            SMALL,
            right_edge=self._right_edge,
        )
        self._rule(0.5, y=18.0)
        self._rule(0.1, y=self._bottom + FOOT_GAP)
        wide = self._width / max(1, len(self._columns))
        for at, column in enumerate(self._columns):
            self._y = self._bottom + FOOT_GAP + 1.5
            lines = [part for line in column for part in self._wrapped(line, wide - 3, TINY)]
            for line in lines[:6]:
                self._say(line, self._left + at * wide, TINY)
                self._y += TINY.line_mm
