"""The description of an export follows the grammar that audit programs know (gdpdu-01-09-2004.dtd)."""

from datetime import date

from lxml import etree

from app.books.rules.gdpdu import DTD, Supplier, index_xml
from app.books.rules.tables import DOCUMENTS, EXPORTED, euros

XML = index_xml(
    Supplier("Kessler & Söhne <GmbH>", "Leipzig", "schlicht."),
    EXPORTED,
    first_on=date(2026, 10, 1),
    last_on=date(2026, 11, 30),
)
ORDER_IN_TABLE = [
    "URL",
    "Name",
    "Description",
    "Validity",
    "UTF8",
    "DecimalSymbol",
    "DigitGroupingSymbol",
    "Range",
    "VariableLength",
]


def read() -> etree._Element:
    return etree.fromstring(XML.encode(), etree.XMLParser(load_dtd=False, no_network=True))


def test_it_names_its_grammar_and_loads_nothing() -> None:
    assert f'<!DOCTYPE DataSet SYSTEM "{DTD}">' in XML
    assert "http" not in XML


def test_each_table_is_described_in_the_order_of_the_grammar() -> None:
    found = read().findall("Media/Table")

    assert [table.findtext("URL") for table in found] == [table.file for table in EXPORTED]
    for table in found:
        assert [child.tag for child in table] == ORDER_IN_TABLE
        assert table.findtext("Range/From") == "2"
        assert table.findtext("Validity/Range/To") == "2026-11-30"


def test_the_columns_are_those_of_the_file_with_the_keys_first() -> None:
    table = read().find("Media/Table/VariableLength")
    assert table is not None
    columns = [child for child in table if child.tag.startswith("Variable")]

    assert [child.findtext("Name") for child in columns] == DOCUMENTS.titles
    assert [child.tag for child in columns[:2]] == ["VariablePrimaryKey", "VariableColumn"]
    assert [child.tag for child in table][:3] == ["ColumnDelimiter", "RecordDelimiter", "TextEncapsulator"]
    assert table.findtext("RecordDelimiter") == "\r\n"


def test_names_are_texts_and_no_markup() -> None:
    assert read().findtext("DataSupplier/Name") == "Kessler & Söhne <GmbH>"


def test_amounts_have_a_comma_and_their_sign() -> None:
    assert [euros(cents) for cents in (0, 5, -5, 123_456, -100)] == [
        "0,00",
        "0,05",
        "-0,05",
        "1234,56",
        "-1,00",
    ]
