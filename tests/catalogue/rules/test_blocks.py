from dataclasses import replace
from typing import Any

import pytest

from app.catalogue.rules.blocks import entry_faults, keeps_out
from app.catalogue.rules.kinds import Kind
from tests.catalogue import written


def fields(**changes: Any) -> list[str]:
    return [fault.field for fault in entry_faults(written.entry(**changes).tidied())]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"unit_cost_cents": 0, "main_brand_price_cents": 100_000_000, "main_brand_lead_time_days": 365},
        {"cpv_code": "44440000-6", "weight_g": 5_000_000, "partner": "Härterei", "partner_cost_cents": 250},
        {"unit_code": " kgm ", "vat_rate_bp": 0, "text_de": "x" * 2_000},
        {"kind": Kind.SERVICE, "partner": "Härterei"},
    ],
)
def test_what_staff_may_write_has_no_fault(changes: dict[str, Any]) -> None:
    assert fields(**changes) == []


@pytest.mark.parametrize(
    "field, changes",
    [
        ("sku", {"sku": "-1"}),
        ("sku", {"sku": "x" * 65}),
        ("name_de", {"name_de": " "}),
        ("name_en", {"name_en": "x" * 201}),
        ("text_en", {"text_en": "x" * 2_001}),
        ("unit_code", {"unit_code": "XYZ"}),
        ("cpv_code", {"cpv_code": "4444000-6"}),
        ("partner", {"partner_cost_cents": 1}),
        ("unit_cost_cents", {"unit_cost_cents": 100_000_001}),
        ("main_brand_price_cents", {"main_brand_price_cents": -1}),
        ("packing_cost_cents", {"packing_cost_cents": -1}),
        ("main_brand_lead_time_days", {"main_brand_lead_time_days": 366}),
        ("weight_g", {"weight_g": 5_000_001}),
        ("vat_rate_bp", {"vat_rate_bp": 1_600}),
    ],
)
def test_each_fault_names_its_field(field: str, changes: dict[str, Any]) -> None:
    assert fields(**changes) == [field]


def test_all_faults_are_named_at_once() -> None:
    wrong = {"sku": "", "name_de": "", "unit_code": "", "cpv_code": "1", "weight_g": -1, "vat_rate_bp": 1}

    assert fields(**wrong) == ["sku", "name_de", "unit_code", "cpv_code", "weight_g", "vat_rate_bp"]


def test_spaces_around_texts_do_not_count() -> None:
    entry = written.entry(sku=" A-1 ", partner="  Härterei \t Nord ").tidied()

    assert (entry.sku, entry.partner) == ("A-1", "Härterei Nord")


@pytest.mark.parametrize(
    "is_hazardous, is_restricted, out",
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_dangerous_and_restricted_goods_stay_out(is_hazardous: bool, is_restricted: bool, out: bool) -> None:
    entry = replace(written.entry(), is_hazardous=is_hazardous, is_restricted=is_restricted)

    assert keeps_out(entry) is out
