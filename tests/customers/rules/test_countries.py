"""Where goods may go, and what an address there looks like."""

import pytest

from app.customers.rules.countries import (
    COUNTRIES,
    EU,
    EXPORT_COUNTRIES,
    POSTAL_CODES,
    fault_of_address,
    is_vat_id,
)


def test_goods_go_to_the_eu_switzerland_liechtenstein_and_norway_and_nowhere_else() -> None:
    assert sorted(COUNTRIES) == sorted((*EU, *EXPORT_COUNTRIES))
    assert len(set(COUNTRIES)) == 30
    for country in ("GB", "IS", "US", "RU", "", "de"):
        fault = fault_of_address("8001", country=country)
        assert fault is not None
        assert (fault.field, "those of the EU, Switzerland" in fault.message) == ("country", True)


@pytest.mark.parametrize("country", sorted(POSTAL_CODES))
def test_the_example_of_a_countrys_postal_codes_is_one(country: str) -> None:
    _, example = POSTAL_CODES[country]

    assert fault_of_address(example, country=country) is None
    assert fault_of_address(example.lower(), country=country) is None


@pytest.mark.parametrize(
    "country, code, said",
    [
        ("DE", "4177", "There it looks like 04177."),
        ("AT", "04177", "There it looks like 1010."),
        ("PL", "00001", "There it looks like 00-001."),
        ("GR", "1", "Please enter the postal code: 2 to 10 letters and digits."),
        ("DE", "", "There it looks like 04177."),
    ],
)
def test_a_wrong_postal_code_is_answered_with_what_is_right_in_its_country(
    country: str, code: str, said: str
) -> None:
    fault = fault_of_address(code, country=country)

    assert fault is not None
    assert fault.field == "postal_code"
    assert (fault.message % fault.values).endswith(said)


@pytest.mark.parametrize("key", ["CHE999000019", "DE900000014", "ATU99000017", "GR999000018"])
def test_check_digits_of_a_vat_id_are_known_also_outside_of_where_we_deliver(key: str) -> None:
    assert is_vat_id(key.replace("GR", "EL"))
    assert not is_vat_id(key[:-1] + ("1" if key[-1] != "1" else "2"))
