"""Which VAT case an order is: every combination, against a table written out and an oracle of another shape."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from app.core.errors import FieldError
from app.customers.rules.countries import (
    COUNTRIES,
    EU,
    EXPORT_COUNTRIES,
    fault_of_destination,
    is_outside_vat_area,
)
from app.customers.rules.vat_ids import VatIdStatus, for_authorities, state_of_vat_id
from app.ordering.rules.vat import VatCase, category
from app.ordering.rules.vat_case import (
    CONFIRMATION_LASTS,
    NO_VAT_ID,
    Supply,
    UsedVatId,
    vat_case,
    vat_position,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
IDS = {
    "": "none",
    "DE136695976": "own",
    "ATU12345675": "member",
    "EL123456783": "member",
    "GR123456783": "member",
    "XI123456789": "northern_ireland",
    "GB123456789": "outside",
    "CHE107787577": "outside",
}
AGES = (None, timedelta(0), CONFIRMATION_LASTS, CONFIRMATION_LASTS + timedelta(seconds=1))
PLACES = (
    ("DE", "04177", "home"),
    ("DE", "27498", "outside_home"),
    ("AT", "1010", "member"),
    ("GR", "10431", "member"),
    ("ES", "28001", "member"),
    ("ES", "35001", "outside"),
    ("CH", "8005", "outside"),
    ("NO", "0150", "outside"),
)

# Place, supply, VAT id with a confirmation that holds, without one. Read row by row; nothing is computed.
DOMESTIC, K, AE = VatCase.DOMESTIC, VatCase.INTRA_COMMUNITY, VatCase.REVERSE_CHARGE
G, O = VatCase.EXPORT, VatCase.OUTSIDE  # noqa: E741
TABLE = {
    ("home", "goods", "none"): (DOMESTIC, DOMESTIC),
    ("home", "goods", "own"): (DOMESTIC, DOMESTIC),
    ("home", "goods", "member"): (DOMESTIC, DOMESTIC),
    ("home", "goods", "northern_ireland"): (DOMESTIC, DOMESTIC),
    ("home", "goods", "outside"): (DOMESTIC, DOMESTIC),
    ("home", "services", "none"): (DOMESTIC, DOMESTIC),
    ("home", "services", "own"): (DOMESTIC, DOMESTIC),
    ("home", "services", "member"): (DOMESTIC, DOMESTIC),
    ("home", "services", "northern_ireland"): (DOMESTIC, DOMESTIC),
    ("home", "services", "outside"): (DOMESTIC, DOMESTIC),
    ("outside_home", "goods", "none"): (G, G),
    ("outside_home", "goods", "own"): (G, G),
    ("outside_home", "goods", "member"): (G, G),
    ("outside_home", "goods", "northern_ireland"): (G, G),
    ("outside_home", "goods", "outside"): (G, G),
    ("outside_home", "services", "none"): (DOMESTIC, DOMESTIC),
    ("outside_home", "services", "own"): (DOMESTIC, DOMESTIC),
    ("outside_home", "services", "member"): (DOMESTIC, DOMESTIC),
    ("outside_home", "services", "northern_ireland"): (DOMESTIC, DOMESTIC),
    ("outside_home", "services", "outside"): (DOMESTIC, DOMESTIC),
    ("member", "goods", "none"): (DOMESTIC, DOMESTIC),
    ("member", "goods", "own"): (DOMESTIC, DOMESTIC),
    ("member", "goods", "member"): (K, DOMESTIC),
    ("member", "goods", "northern_ireland"): (K, DOMESTIC),
    ("member", "goods", "outside"): (DOMESTIC, DOMESTIC),
    ("member", "services", "none"): (DOMESTIC, DOMESTIC),
    ("member", "services", "own"): (DOMESTIC, DOMESTIC),
    ("member", "services", "member"): (AE, DOMESTIC),
    ("member", "services", "northern_ireland"): (DOMESTIC, DOMESTIC),
    ("member", "services", "outside"): (DOMESTIC, DOMESTIC),
    ("outside", "goods", "none"): (G, G),
    ("outside", "goods", "own"): (G, G),
    ("outside", "goods", "member"): (G, G),
    ("outside", "goods", "northern_ireland"): (G, G),
    ("outside", "goods", "outside"): (G, G),
    ("outside", "services", "none"): (O, O),
    ("outside", "services", "own"): (DOMESTIC, DOMESTIC),
    ("outside", "services", "member"): (AE, DOMESTIC),
    ("outside", "services", "northern_ireland"): (O, O),
    ("outside", "services", "outside"): (O, O),
}


def _combinations():
    for place, supply, (vat_id, kind), status, age in product(PLACES, Supply, IDS.items(), VatIdStatus, AGES):
        yield place, supply, vat_id, kind, UsedVatId(vat_id, status, None if age is None else NOW - age), age


def _case(place, supply, used):
    return vat_case(
        seller_country="DE", country=place[0], postal_code=place[1], supply=supply, used=used, now=NOW
    )


def test_every_combination_gets_the_case_of_the_table():
    seen = set()
    for place, supply, _, kind, used, age in _combinations():
        holds = used.status is VatIdStatus.CONFIRMED and age is not None and age <= timedelta(hours=24)
        row = place[2], supply.value, kind
        seen.add(row)

        assert _case(place, supply, used) is TABLE[row][0 if holds else 1], (row, used)

    assert seen == set(TABLE)


def test_the_rule_agrees_with_the_statute_read_as_conditions_for_all_countries():
    """Each exemption has its own list of conditions, asked in another order and from the law's side."""
    ids = [
        NO_VAT_ID,
        *(UsedVatId(f"{code}123", VatIdStatus.CONFIRMED, NOW) for code in (*EU, "XI", "CH", "NO")),
    ]
    for seller, country, supply, used in product(("DE", "AT", "GR"), COUNTRIES, Supply, ids):
        issuer = {"EL": "GR"}.get(used.vat_id[:2], used.vat_id[:2])
        exempt = {
            VatCase.INTRA_COMMUNITY: supply is Supply.GOODS
            and country in EU
            and country != seller
            and issuer in {*EU, "XI"} - {seller},
            VatCase.EXPORT: supply is Supply.GOODS and country not in EU,
            VatCase.REVERSE_CHARGE: supply is Supply.SERVICES
            and country != seller
            and issuer in set(EU) - {seller},
            VatCase.OUTSIDE: supply is Supply.SERVICES and country not in EU and issuer not in EU,
        }
        expected = [case for case, is_met in exempt.items() if is_met] or [VatCase.DOMESTIC]

        found = vat_case(seller_country=seller, country=country, supply=supply, used=used, now=NOW)

        assert [found] == expected, (seller, country, supply, used)


def test_nothing_stays_without_vat_inside_the_eu_unless_a_confirmation_is_stored_and_fresh():
    for place, supply, _, _, used, _ in _combinations():
        case = _case(place, supply, used)

        if case in (VatCase.INTRA_COMMUNITY, VatCase.REVERSE_CHARGE):
            assert used.status is VatIdStatus.CONFIRMED
            assert used.confirmed_at is not None
            assert NOW - used.confirmed_at <= timedelta(hours=24)
            assert state_of_vat_id(used.vat_id) != "DE"


def test_a_confirmation_is_asked_for_exactly_where_it_would_change_the_case():
    for place, supply, vat_id, _, used, _ in _combinations():
        confirmed = UsedVatId(vat_id, VatIdStatus.CONFIRMED, NOW)
        position = vat_position(
            seller_country="DE", country=place[0], postal_code=place[1], supply=supply, used=used, now=NOW
        )

        assert position.case is _case(place, supply, used)
        assert position.is_waiting == (_case(place, supply, used) is not _case(place, supply, confirmed))


@pytest.mark.parametrize("status", [one for one in VatIdStatus if one is not VatIdStatus.CONFIRMED])
def test_an_outage_and_an_invalid_id_both_leave_german_vat_however_young_the_last_confirmation(status):
    used = UsedVatId("ATU12345675", status, NOW)

    assert _case(("AT", "1010"), Supply.GOODS, used) is VatCase.DOMESTIC


def test_the_greek_prefix_is_el_for_authorities_and_gr_as_a_country():
    assert for_authorities("GR123456783") == for_authorities("EL123456783") == ("EL", "123456783")
    assert state_of_vat_id("EL123456783") == state_of_vat_id("GR123456783") == "GR"
    assert for_authorities("ATU12345675") == ("AT", "U12345675")


def test_category_codes_are_those_of_the_cases():
    assert [category(case, 0) for case in VatCase] == ["Z", "K", "AE", "G", "O"]
    assert category(VatCase.DOMESTIC, 1900) == "S"


@pytest.mark.parametrize(
    "country, postal_code, is_outside",
    [
        ("DE", "27498", True),
        ("DE", "78266", True),
        ("DE", "27499", False),
        ("ES", "35001", True),
        ("ES", "07001", False),
        ("FR", "97400", True),
        ("FR", "98000", False),
        ("FI", "22100", True),
        ("IT", "23041", True),
        ("GR", "630 86", True),
        ("AT", "6691", False),
        ("CH", "8005", True),
        ("LI", "9490", True),
    ],
)
def test_places_where_the_vat_law_of_the_eu_does_not_hold_are_known(country, postal_code, is_outside):
    assert is_outside_vat_area(country, postal_code) is is_outside


def test_where_no_exports_are_sold_no_address_outside_passes_and_all_others_do():
    for country, code in (("CH", "8005"), ("LI", "9490"), ("NO", "0150")):
        assert country in EXPORT_COUNTRIES
        assert fault_of_destination(code, country=country, is_export_sold=True) is None
        fault = fault_of_destination(code, country=country, is_export_sold=False)
        assert isinstance(fault, FieldError)
        assert fault.field == "country"
    canaries = fault_of_destination("35001", country="ES", is_export_sold=False)
    assert canaries is not None
    assert canaries.field == "postal_code"
    assert fault_of_destination("1010", country="AT", is_export_sold=False) is None
