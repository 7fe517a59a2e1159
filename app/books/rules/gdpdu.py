"""The description of an export's tables that audit programs read (GoBD, "Beschreibungsstandard", index.xml)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from xml.sax.saxutils import escape

DTD = "gdpdu-01-09-2004.dtd"
"""Only its name: the description's grammar is Audicon's, and every audit program brings it."""


class Kind(StrEnum):
    """What a column holds; amounts are in euros with two decimals and a comma."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name in the file, what it holds, and what that is (German, as auditors read)."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file of the export; its first columns, `key_count` of them, name a row."""

    file: str
    name: str
    meaning: str
    columns: Sequence[Column]
    key_count: int = 1

    @property
    def titles(self) -> list[str]:
        return [column.name for column in self.columns]


@dataclass(frozen=True, slots=True)
class Supplier:
    """Whose books these are, and what they are."""

    name: str
    location: str
    comment: str


def index_xml(supplier: Supplier, tables: Iterable[Table], *, first_on: date, last_on: date) -> str:
    """The description: UTF-8, semicolons, CRLF, quotation marks, decimal comma, a first line of titles."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<!DOCTYPE DataSet SYSTEM "{DTD}">',
        "<DataSet>",
        "  <Version>1.0</Version>",
        "  <DataSupplier>",
        f"    <Name>{escape(supplier.name)}</Name>",
        f"    <Location>{escape(supplier.location)}</Location>",
        f"    <Comment>{escape(supplier.comment)}</Comment>",
        "  </DataSupplier>",
        "  <Media>",
        f"    <Name>{first_on.isoformat()} bis {last_on.isoformat()}</Name>",
    ]
    for table in tables:
        lines += _table(table, first_on=first_on, last_on=last_on)
    return "\n".join([*lines, "  </Media>", "</DataSet>", ""])


def _table(table: Table, *, first_on: date, last_on: date) -> Iterator[str]:
    yield "    <Table>"
    yield f"      <URL>{escape(table.file)}</URL>"
    yield f"      <Name>{escape(table.name)}</Name>"
    yield f"      <Description>{escape(table.meaning)}</Description>"
    yield (
        f"      <Validity><Range><From>{first_on.isoformat()}</From><To>{last_on.isoformat()}</To></Range>"
        "<Format>YYYY-MM-DD</Format></Validity>"
    )
    yield "      <UTF8/>"
    yield "      <DecimalSymbol>,</DecimalSymbol>"
    yield "      <DigitGroupingSymbol>.</DigitGroupingSymbol>"
    yield "      <Range><From>2</From></Range>"
    yield "      <VariableLength>"
    yield "        <ColumnDelimiter>;</ColumnDelimiter>"
    yield "        <RecordDelimiter>&#13;&#10;</RecordDelimiter>"
    yield '        <TextEncapsulator>"</TextEncapsulator>'
    for place, column in enumerate(table.columns):
        tag = "VariablePrimaryKey" if place < table.key_count else "VariableColumn"
        yield (
            f"        <{tag}><Name>{escape(column.name)}</Name><Description>{escape(column.meaning)}</Description>"
            f"{TYPES[column.kind]}</{tag}>"
        )
    yield "      </VariableLength>"
    yield "    </Table>"


TYPES = {
    Kind.TEXT: "<AlphaNumeric/>",
    Kind.COUNT: "<Numeric><Accuracy>0</Accuracy></Numeric>",
    Kind.AMOUNT: "<Numeric><Accuracy>2</Accuracy></Numeric>",
    Kind.DAY: "<Date><Format>YYYY-MM-DD</Format></Date>",
}
