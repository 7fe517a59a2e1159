"""The first lines of a list as they are understood, beside what stands in the file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from app.imports.block_lines import BlockReader
from app.imports.rules.block_cells import AMOUNTS, FLAGS
from app.imports.rules.block_columns import BLOCK_COLUMNS, field_of
from app.imports.rules.known_block import KnownBlock
from app.imports.rules.mapping import COLUMNS
from app.imports.rules.states import ImportKind
from app.mainbrand.account_lines import AccountReader
from app.mainbrand.files import LINE, Batch, TableFile
from app.mainbrand.purchase_lines import LineReader, Terms
from app.mainbrand.rejects import Reject
from app.mainbrand.rules.thresholds import Thresholds

SHOWN_COUNT = 20
LONGEST_SHOWN = 200
UNDERSTOOD: dict[ImportKind, dict[str, tuple[str, str]]] = {
    ImportKind.ACCOUNTS: {
        "account_number": ("account_number", "text"),
        "company_name": ("company_name", "text"),
        "legal_form": ("legal_form", "text"),
        "vat_id": ("vat_id", "text"),
        "register_number": ("register_key", "text"),
        "street": ("street", "text"),
        "postal_code": ("postal_code", "text"),
        "city": ("city", "text"),
        "country": ("country", "text"),
        "email": ("email_domain", "text"),
        "email_domain": ("email_domain", "text"),
        "phone": ("phone", "text"),
        "segment": ("listed_segment", "text"),
        "revenue_12m": ("revenue_12m_cents", "cents"),
        "sales_contact": ("sales_contact", "text"),
    },
    ImportKind.PURCHASES: {
        "invoice": ("invoice_number", "text"),
        "stock_code": ("sku", "text"),
        "description": ("description", "text"),
        "quantity": ("quantity_milli", "milli"),
        "invoice_ts": ("purchased_at", "moment"),
        "unit_price": ("net_cents", "line_value"),
        "customer_id": ("account_number", "text"),
        "country": ("country", "text"),
        "line_kind": ("is_goods", "goods"),
        "currency": ("currency", "text"),
    },
    ImportKind.BLOCKS: {
        **{column.name: (field_of(column.name), "text") for column in BLOCK_COLUMNS},
        **{name: (field_of(name), "cents") for name in sorted(AMOUNTS)},
        **{name: (field_of(name), "yes_or_no") for name in sorted(FLAGS)},
        "vat_rate": ("vat_rate_bp", "percent"),
        "kind": ("kind", "block_kind"),
        "source": ("source", "source"),
        "packaging": ("packaging", "packaging"),
    },
}
"""For each column of a file what is made of it, and how that is shown; others are shown as they stand."""


class Preview:
    """Takes up the first lines of the first batch; needs readers of its own, since readers remember what they saw."""

    def __init__(
        self,
        kind: ImportKind,
        table: TableFile,
        thresholds: Thresholds,
        terms: Terms,
        known_blocks: Mapping[str, KnownBlock],
        *,
        is_automatic: bool = False,
    ) -> None:
        self._kind = kind
        self._names = [column.name for column in COLUMNS[kind] if column.name in table.header.places]
        self._accounts = AccountReader(table, thresholds)
        self._purchases = LineReader(table, terms)
        self._blocks = BlockReader(table, known_blocks, is_automatic=is_automatic)

    def of(self, batch: Batch) -> list[dict[str, Any]]:
        """One entry per line: `line`, `cells` (column, raw, kind, value) and `faults` (column, reason, is_note)."""
        found = [_broken(reject) for reject in batch.rejects[:SHOWN_COUNT]]
        for row in range(min(SHOWN_COUNT, batch.frame.height)):
            found.append(self._line(batch.frame.slice(row, 1)))
        return sorted(found, key=lambda entry: entry["line"])[:SHOWN_COUNT]

    def _line(self, frame: pl.DataFrame) -> dict[str, Any]:
        notes: list[Reject] = []
        if self._kind is ImportKind.ACCOUNTS:
            good, rejects, notes = self._accounts.read(Batch(frame, ()))
        elif self._kind is ImportKind.BLOCKS:
            good, rejects, notes = self._blocks.read(Batch(frame, ()))
        else:
            good, rejects = self._purchases.read(Batch(frame, ()))
        raw = frame.row(0, named=True)
        values = good.row(0, named=True) if good.height else {}
        faults = [
            {"column": one.column, "reason": one.reason, "is_note": one in notes}
            for one in [*rejects, *notes]
        ]
        return {
            "line": raw[LINE],
            "cells": [self._cell(n, raw, values) for n in self._names],
            "faults": faults,
        }

    def _cell(self, name: str, raw: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        place, kind = UNDERSTOOD[self._kind].get(name, ("", "text"))
        value = values.get(place) if place or not values else raw[name]
        if isinstance(value, datetime):
            value = value.replace(tzinfo=UTC).isoformat()
        elif isinstance(value, str):
            value = value[:LONGEST_SHOWN]
        return {"column": name, "raw": (raw[name] or "")[:LONGEST_SHOWN], "kind": kind, "value": value}


def _broken(reject: Reject) -> dict[str, Any]:
    text = " · ".join(cell for cell in reject.cells if cell)[:LONGEST_SHOWN]
    fault = {"column": "", "reason": reject.reason, "is_note": False}
    return {"line": reject.line, "cells": [], "text": text, "faults": [fault]}
