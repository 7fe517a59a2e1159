"""Turning the texts of a list of blocks into what it says about each block, or into what is wrong with a line."""

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from app.catalogue.rules.blocks import BlockEntry, entry_faults
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.units import find_unit
from app.core.errors import N_
from app.imports.rules.block_cells import AMOUNTS, FLAGS
from app.imports.rules.block_columns import (
    BLOCK_COLUMNS,
    KINDS,
    NEEDED,
    NO,
    PACKAGINGS,
    SOURCES,
    STAND_INS,
    STOOD_IN,
    YES,
    field_of,
    find_word,
)
from app.imports.rules.known_block import KnownBlock
from app.mainbrand.account_facts import WrongLine
from app.mainbrand.account_lines import AMBIGUOUS, ENGLISH, GERMAN, PLAIN
from app.mainbrand.files import LINE, Batch, TableFile
from app.mainbrand.rejects import Reject, restore
from app.mainbrand.rules.faults import STANDS_TWICE
from app.mainbrand.rules.notation import NumberStyle, plain_number

SCHEMA: dict[str, type[pl.DataType]] = {
    "sku": pl.String,
    **{field_of(column.name): pl.String for column in BLOCK_COLUMNS[1:]},
    "unit_cost_cents": pl.Int64,
    "main_brand_price_cents": pl.Int64,
    "main_brand_lead_time_days": pl.Int64,
    "vat_rate_bp": pl.Int64,
    "partner_cost_cents": pl.Int64,
    "weight_g": pl.Int64,
    "packing_cost_cents": pl.Int64,
    "is_hazardous": pl.Boolean,
    "is_restricted": pl.Boolean,
    "is_made_to_order": pl.Boolean,
}
"""One row per block; null where the list says nothing about it, so that it stays as it is."""

NUMBERS = frozenset({"main_brand_lead_time_days", "weight_g"})

CHOICES: dict[str, Any] = {"kind": KINDS, "source": SOURCES, "packaging": PACKAGINGS}
MAY_BE_EMPTIED = frozenset({"text_de", "text_en", "cpv_code"})
"""Where an empty cell means that nothing shall stand there; everywhere else it says nothing."""
RATES = {"0": 0, "7": 700, "19": 1900, "0.07": 700, "0.19": 1900}
GREATEST_CENTS = 10**12
MISSING = N_("is missing")
NEW_LACKS = N_("is missing, and this block is not known yet")
ON_SALE = N_("a bundle on sale holds this block: mark it on its page, where you see what leaves the shop")
MARKS = ("hazardous", "restricted")
MARK_KEPT = N_(
    "the block is marked so: only a person takes that away, on its page or with a list in the wizard"
)
UNIT_KEPT = N_("there is stock of it, orders hold some, or a bundle on sale holds it: its unit stays")
SOUND = BlockEntry("X", "x", "x", Kind.SERVICE, "C62", 0, 0, 0, 0)


class BlockReader:
    """Checks batch after batch; remembers the SKUs, so that each is taken once.

    `known` are all blocks by SKU: of a known one a list may say only a part, marking one that is on sale as
    dangerous or restricted is left to a person, and what is counted in a unit keeps it. Where nobody looks at the
    list (`is_automatic`), no mark is taken away.
    """

    def __init__(
        self, table: TableFile, known: Mapping[str, KnownBlock], *, is_automatic: bool = False
    ) -> None:
        self._table = table
        self._is_automatic = is_automatic
        self._known = known
        self._line_of: dict[str, int] = {}
        self._names = [column.name for column in BLOCK_COLUMNS if column.name in table.header.places]

    def read(self, batch: Batch) -> tuple[pl.DataFrame, list[Reject], list[Reject]]:
        """The good lines with the columns of SCHEMA, the refused ones, and notes on values that stand in."""
        rows: list[tuple[Any, ...]] = []
        rejects = list(batch.rejects)
        notes: list[Reject] = []
        for row in batch.frame.iter_rows(named=True):
            try:
                values, stood_in = self._block(row)
            except WrongLine as wrong:
                rejects.append(self._said(row, wrong.column, wrong.reason))
                continue
            rows.append(tuple(values.get(name) for name in SCHEMA))
            notes += [self._said(row, name, STOOD_IN % {"value": value}) for name, value in stood_in.items()]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row"), rejects, notes

    def _said(self, row: Mapping[str, Any], column: str, reason: str) -> Reject:
        return Reject(row[LINE], column, row.get(column) or "", reason, self._table.cells_of(dict(row)))

    def _block(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """What a line says of a block, and what stands in for what it does not say of a new one."""
        sku = re.sub(r"^(\d+)\.0$", r"\1", restore(row["sku"] or "")).strip()
        if not sku:
            raise WrongLine("sku", MISSING)
        if sku in self._line_of:
            raise WrongLine("sku", STANDS_TWICE % {"line": self._line_of[sku]})
        left_out = [] if sku in self._known else [name for name in NEEDED if not (row[name] or "").strip()]
        for name in left_out:
            if name not in STAND_INS or STAND_INS[name] in left_out:
                raise WrongLine(name, NEW_LACKS)
        values: dict[str, Any] = {"sku": sku}
        for name in self._names:
            if name != "sku" and name not in left_out:
                values[field_of(name)] = self._value(name, row[name], is_known=sku in self._known)
        for name in left_out:
            other = STAND_INS[name]
            values[field_of(name)] = values[field_of(other)] if isinstance(other, str) else other
        self._refuse_unsound(values)
        if sku in self._known:
            _refuse_for_known(values, self._known[sku], is_automatic=self._is_automatic)
        self._line_of[sku] = row[LINE]
        return values, {name: _shown(name, values[field_of(name)]) for name in left_out}

    def _value(self, name: str, cell: str | None, *, is_known: bool) -> Any:
        text = (cell or "").strip()
        if "\0" in text:
            raise WrongLine(name, N_("holds a character that is no text"))
        if not text and name not in MAY_BE_EMPTIED:
            # It says nothing: a known block stays as it is, a new one takes what is safe.
            return False if name == "made_to_order" and not is_known else None
        if name in AMOUNTS:
            return self._cents(name, text)
        if name in NUMBERS:
            return _whole(name, text)
        if name in FLAGS:
            return _yes(name, text)
        if name in CHOICES:
            found = find_word(text, CHOICES[name])
            if found is None:
                raise WrongLine(name, N_("is none of the known words (docs/blocks.md)"))
            return found.value
        if name == "vat_rate":
            return _rate(text)
        if name == "unit":
            return _unit(text)
        return " ".join(restore(text).split()) if name == "partner" else restore(text)

    def _cents(self, name: str, text: str) -> int:
        plain = re.sub(r"[\s€']|EUR", "", text)
        style = self._table.notation.numbers
        if not self._table.is_typed and AMBIGUOUS.fullmatch(plain):
            read = plain_number(plain, style)
            if read is None:
                reason = N_(
                    "can be read in two ways: write thousands without a separator, or with two decimals"
                )
                raise WrongLine(name, reason)
            plain = read
        if PLAIN.fullmatch(plain):
            plain = plain.replace(",", ".")
        elif GERMAN.fullmatch(plain) and style is not NumberStyle.ENGLISH:
            plain = plain.replace(".", "").replace(",", ".")
        elif ENGLISH.fullmatch(plain) and style is not NumberStyle.GERMAN:
            plain = plain.replace(",", "")
        else:
            raise WrongLine(name, N_("is no amount of money"))
        if plain.startswith("-"):
            raise WrongLine(name, N_("is below zero"))
        whole, _, decimals = plain.lstrip("+").partition(".")
        cents = int(whole + (decimals + "00")[:2]) + (decimals[2:3] >= "5")
        return min(cents, GREATEST_CENTS)

    def _refuse_unsound(self, values: Mapping[str, Any]) -> None:
        """What a form would refuse of a block, a list may not say either."""
        given = {name: value for name, value in values.items() if value is not None}
        entry = BlockEntry(**{**SOUND.values, **given})
        for fault in entry_faults(entry):
            column = next((name for name in self._names if field_of(name) == fault.field), "")
            if column:
                raise WrongLine(column, fault.message)


def _refuse_for_known(values: Mapping[str, Any], known: KnownBlock, *, is_automatic: bool) -> None:
    if known.is_on_sale and (values.get("is_hazardous") or values.get("is_restricted")):
        raise WrongLine("hazardous" if values.get("is_hazardous") else "restricted", ON_SALE)
    if known.kept_unit and values.get("unit_code") not in (None, known.kept_unit):
        raise WrongLine("unit", UNIT_KEPT)
    for name in MARKS if is_automatic else ():
        if getattr(known, field_of(name)) and values.get(field_of(name)) is False:
            raise WrongLine(name, MARK_KEPT)


def _shown(name: str, value: Any) -> str:
    if name in AMOUNTS:
        return f"{value // 100}.{value % 100:02d}"
    return f"{value // 100} %" if name == "vat_rate" else str(value)


def _whole(name: str, text: str) -> int:
    plain = re.sub(r"[.,]0+$", "", text)
    if not re.fullmatch(r"[0-9]{1,9}", plain):
        raise WrongLine(name, N_("is no whole number"))
    return int(plain)


def _yes(name: str, text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise WrongLine(name, N_("is neither yes nor no"))
    return word in YES


def _rate(text: str) -> int:
    plain = text.replace("%", "").strip().replace(",", ".")
    plain = re.sub(r"\.0+$", "", plain) if "." in plain else plain
    if plain not in RATES:
        raise WrongLine("vat_rate", N_("is neither 0, 7 nor 19 percent"))
    return RATES[plain]


def _unit(text: str) -> str:
    found = find_unit(text)
    if found is None:
        raise WrongLine("unit", N_("is no unit that the shop knows, such as C62, KGM, Stk or kg"))
    return found
