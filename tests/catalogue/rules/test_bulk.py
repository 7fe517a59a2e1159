from typing import Any

import pytest

from app.catalogue.rules.bulk import CHOICES, COLUMNS, PERCENT, YES_OR_NO, BulkChange, BulkField, apply_to
from app.catalogue.rules.kinds import Packaging
from tests.catalogue import written


@pytest.mark.parametrize(
    "field, value, old, new",
    [
        (BulkField.COST_PERCENT, 500, 200, 210),
        (BulkField.COST_PERCENT, -333, 150, 145),
        (BulkField.COST_AMOUNT, 999, 200, 999),
        (BulkField.PRICE_PERCENT, 250, 500, 513),
        (BulkField.LEAD_TIME, 9, 2, 9),
        (BulkField.PARTNER, "Härterei  Nord", "", "Härterei Nord"),
        (BulkField.PACKAGING, "carton", Packaging.NONE, Packaging.CARTON),
        (BulkField.HAZARDOUS, True, False, True),
    ],
)
def test_one_column_changes_and_nothing_else(field: BulkField, value: Any, old: Any, new: Any) -> None:
    entry = written.entry(**{COLUMNS[field]: old})

    after, line = apply_to(entry, BulkChange(field, value))

    assert (line.column, line.old, line.new, line.faults) == (COLUMNS[field], old, new, ())
    assert after.values == entry.values | {COLUMNS[field]: new}


def test_what_cannot_be_is_named_and_no_change() -> None:
    dear = written.entry(unit_cost_cents=90_000_000)
    shared = written.entry(partner="Härterei", partner_cost_cents=5)

    _, too_much = apply_to(dear, BulkChange(BulkField.COST_PERCENT, 5_000))
    _, without = apply_to(shared, BulkChange(BulkField.PARTNER, ""))

    assert [fault.field for fault in too_much.faults] == ["unit_cost_cents"]
    assert [fault.field for fault in without.faults] == ["partner"]
    assert not too_much.is_change
    assert not without.is_change


def test_a_fault_from_before_does_not_keep_a_block_from_another_change() -> None:
    _, line = apply_to(written.entry(unit_code="ZZZ"), BulkChange(BulkField.LEAD_TIME, 7))

    assert line.is_change


def test_every_field_has_its_column_and_one_way_to_be_read() -> None:
    assert set(COLUMNS) == set(BulkField)
    assert not PERCENT & YES_OR_NO
    assert not set(CHOICES) & (PERCENT | YES_OR_NO)
