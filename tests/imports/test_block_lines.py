"""What a line of a list of blocks may say, and how it is refused."""

from pathlib import Path
from typing import Any

import pytest

from app.imports.block_lines import BlockReader
from app.imports.rules.block_columns import BLOCK_COLUMNS
from app.imports.rules.known_block import KnownBlock
from app.mainbrand.files import Notation, open_table
from app.mainbrand.rules.notation import NumberStyle
from tests.architecture.tree import ROOT

FULL = (
    "Artikelnummer;Name Deutsch;Name Englisch;Art;Einheit;Stückkosten;Hauptmarkenpreis;Vorlaufzeit;USt;Bezugsart;"
    "Partner;Partneranteil;Gewicht g;Verpackung;Verpackungskosten;Gefahrgut;CPV;Auf Bestellung\n"
)
LINE = (
    "A-1;Dichtung;Seal;Ersatzteil;Stk;1,80;4,90;3;19;Spezialist;Härterei Nord;0,40;250;Karton;0,15;nein;"
    "44440000-6;nein"
)


def read(
    folder: Path, content: str, *, numbers: NumberStyle = NumberStyle.PLAIN, **known: bool | KnownBlock
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The good lines by column, and the refused ones as (column, reason)."""
    path = folder / "list.csv"
    path.write_text(content)
    with open_table(path, BLOCK_COLUMNS, notation=Notation(numbers)) as table:
        blocks = {sku: KnownBlock(one) if isinstance(one, bool) else one for sku, one in known.items()}
        good, rejects, _ = BlockReader(table, blocks).read(next(table.batches))
    return good.to_dicts(), [(one.column, one.reason) for one in rejects]


@pytest.mark.parametrize(
    "place, cell, column, reason",
    [
        (0, "", "sku", "is missing"),
        (3, "Spielzeug", "kind", "is none of the known words"),
        (4, "Fuder", "unit", "is no unit that the shop knows"),
        (5, "1.234", "unit_cost", "can be read in two ways"),
        (5, "-1", "unit_cost", "is below zero"),
        (6, "viel", "main_brand_price", "is no amount of money"),
        (7, "400", "main_brand_lead_time_days", "Please enter 0 to 365 working days."),
        (8, "16", "vat_rate", "is neither 0, 7 nor 19 percent"),
        (10, "", "partner", "Please say who gets this cost"),
        (5, "€", "unit_cost", "is no amount of money"),
        (12, ".0", "weight_g", "is no whole number"),
        (12, "schwer", "weight_g", "is no whole number"),
        (15, "vielleicht", "hazardous", "is neither yes nor no"),
        (16, "4444", "cpv_code", "Please use eight digits"),
    ],
)
def test_a_wrong_line_is_refused_with_its_column_and_reason(
    tmp_path: Path, place: int, cell: str, column: str, reason: str
) -> None:
    cells = LINE.split(";")
    cells[place] = cell

    good, refused = read(tmp_path, FULL + ";".join(cells) + "\n")

    assert good == []
    assert [(name, reason in why) for name, why in refused] == [(column, True)]


@pytest.mark.parametrize(
    "numbers, cell, cents",
    [
        (NumberStyle.GERMAN, "1.234", 123_400),
        (NumberStyle.ENGLISH, "1.234", 123),
        (NumberStyle.PLAIN, "1.234,56", 123_456),
        (NumberStyle.PLAIN, "1,234.56 €", 123_456),
        (NumberStyle.PLAIN, "0,005", 1),
    ],
)
def test_amounts_are_read_as_the_list_writes_them(
    tmp_path: Path, numbers: NumberStyle, cell: str, cents: int
) -> None:
    good, refused = read(tmp_path, f"SKU;EK\nA;{cell}\n", numbers=numbers, A=False)

    assert (good[0]["unit_cost_cents"], refused) == (cents, [])


def test_what_a_list_does_not_say_is_left_open_and_a_number_stands_there_once(tmp_path: Path) -> None:
    good, refused = read(tmp_path, "SKU;Gewicht\nA;7\nA;8\n", A=False)

    assert [(row["sku"], row["weight_g"], row["name_de"], row["is_hazardous"]) for row in good] == [
        ("A", 7, None, None)
    ]
    assert refused == [("sku", "stands in line 2 already")]


def test_what_a_bundle_on_sale_holds_is_not_marked_by_a_list(tmp_path: Path) -> None:
    good, refused = read(tmp_path, "SKU;Gefahrgut\nA;ja\nB;ja\nC;\n", A=True, B=False, C=True)

    assert [(row["sku"], row["is_hazardous"]) for row in good] == [("B", True), ("C", None)]
    assert [column for column, _ in refused] == ["hazardous"]


def test_what_is_counted_in_a_unit_keeps_it(tmp_path: Path) -> None:
    content = "SKU;Einheit\nA;kg\nB;kg\nC;Stk\nD;\n"
    known = {sku: KnownBlock(kept_unit="" if sku == "B" else "C62") for sku in "ABCD"}

    good, refused = read(tmp_path, content, **known)

    assert [(row["sku"], row["unit_code"]) for row in good] == [("B", "KGM"), ("C", "C62"), ("D", None)]
    assert [column for column, _ in refused] == ["unit"]


SEED = ROOT.parent / "shared" / "data" / "block_catalog_seed_de.csv"


def test_what_a_new_block_lacks_stands_in_with_a_note_and_never_makes_it_cheaper(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "SKU;Name;Art;Einheit;Preis\nA-1;Dichtung;Ersatzteil;Stk;4,90\nA-2;;Ersatzteil;Stk;4,90\n"
    )

    with open_table(path, BLOCK_COLUMNS, notation=Notation(NumberStyle.PLAIN)) as table:
        good, rejects, notes = BlockReader(table, {}).read(next(table.batches))

    block = good.to_dicts()[0]
    assert (block["name_en"], block["unit_cost_cents"], block["main_brand_price_cents"]) == (
        "Dichtung",
        490,
        490,
    )
    assert (block["main_brand_lead_time_days"], block["vat_rate_bp"]) == (5, 1900)
    assert [(one.line, one.column) for one in rejects] == [(3, "name_de")]
    assert [(one.column, one.reason) for one in notes] == [
        ("name_en", "is missing: taken as Dichtung until somebody says better"),
        ("unit_cost", "is missing: taken as 4.90 until somebody says better"),
        ("main_brand_lead_time_days", "is missing: taken as 5 until somebody says better"),
        ("vat_rate", "is missing: taken as 19 % until somebody says better"),
    ]


def test_what_a_list_leaves_out_of_a_known_block_stays(tmp_path: Path) -> None:
    good, refused = read(tmp_path, "SKU;EK;Name Englisch\nA;;Seal\n", A=False)

    assert (good[0]["unit_cost_cents"], good[0]["name_en"], refused) == (None, "Seal", [])


def test_an_empty_cell_says_nothing_of_a_known_block_and_what_is_safe_of_a_new_one(tmp_path: Path) -> None:
    columns = FULL.strip() + ";beschränkt;Text Deutsch\n"
    known = "A;" + ";" * (columns.count(";") - 1) + "\n"
    new = "B;Dichtung;Seal;Ersatzteil;Stk;1,80;4,90;3;19" + ";" * (columns.count(";") - 8) + "\n"

    good, refused = read(tmp_path, columns + known + new, A=False)

    assert refused == []
    assert {name: value for name, value in good[0].items() if value is not None} == {
        "sku": "A", "cpv_code": "", "text_de": "",
    }  # fmt: skip
    assert (good[1]["is_made_to_order"], good[1]["is_hazardous"], good[1]["weight_g"]) == (False, None, None)


@pytest.mark.skipif(not SEED.exists(), reason="the real data is not here")
def test_a_catalogue_in_german_words_is_taken_as_it_is() -> None:
    with open_table(SEED, BLOCK_COLUMNS, notation=Notation(NumberStyle.PLAIN)) as table:
        good, rejects, _ = BlockReader(table, {}).read(next(table.batches))

    assert (good.height, rejects) == (68, [])
    assert good["kind"].n_unique() > 3
