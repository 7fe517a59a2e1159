from dataclasses import replace

import pytest

from app.customers.rules.application import CompanyFacts, LegalForm, fault_of_email, fault_of_person, faults

GOOD = CompanyFacts(
    company_name="Brunner Zweiradtechnik GmbH",
    legal_form="GmbH",
    vat_id="DE900000014",
    vat_note="",
    register_number="HRB 12345",
    register_court="Leipzig",
    street="Werkstraße 4",
    postal_code="04177",
    city="Leipzig",
    country="DE",
    phone="+49 30 23125 101",
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vat_id": ""},
        {"register_number": "", "register_court": ""},
        {"vat_id": "de 900 000 014"},
        {"vat_id": "900000014"},
        {"register_court": "", "register_number": "Amtsgericht Leipzig HRB 12345"},
        {"legal_form": LegalForm.SOLE_TRADER.value, "register_number": "", "register_court": ""},
        {"country": "AT", "vat_id": "ATU99000017", "postal_code": "1010", "register_number": "FN 123456a"},
        {"country": "GR", "vat_id": "GR999000018", "postal_code": "104 31", "register_number": ""},
        {"vat_id": "ATU99000017", "vat_note": "Betriebsstätte in Wien"},
        {"country": "NL", "vat_id": "", "postal_code": "1012 ab", "register_number": "KVK 12345678"},
    ],
)
def test_facts_that_fit_have_no_faults(changes: dict[str, str]) -> None:
    assert faults(replace(GOOD, **changes)) == ()


@pytest.mark.parametrize(
    "changes, fields",
    [
        ({"company_name": "privat"}, ["company_name"]),
        ({"company_name": "-"}, ["company_name"]),
        ({"company_name": " . "}, ["company_name"]),
        ({"company_name": "Privatperson"}, ["company_name"]),
        ({"company_name": "Gewinn http://x.example GmbH"}, ["company_name"]),
        ({"city": "Leip\x00zig"}, ["city"]),
        ({"street": "Weg 1\r\nBcc: x"}, ["street"]),
        ({"legal_form": ""}, ["legal_form"]),
        ({"legal_form": "GmbHH"}, ["legal_form"]),
        ({"vat_id": "", "register_number": "", "register_court": ""}, ["vat_id"]),
        ({"vat_id": "DE900000015"}, ["vat_id"]),
        ({"vat_id": "DE000000000"}, ["vat_id"]),
        ({"vat_id": "keine"}, ["vat_id"]),
        ({"vat_id": "ATU99000017"}, ["vat_note"]),
        ({"register_number": "12345"}, ["register_number"]),
        ({"register_number": "HRB"}, ["register_number"]),
        ({"register_court": ""}, ["register_court"]),
        (
            {"country": "AT", "vat_id": "ATU99000017", "postal_code": "1010", "register_number": "ja"},
            ["register_number"],
        ),
        ({"street": ""}, ["street"]),
        ({"street": "12"}, ["street"]),
        ({"postal_code": "4177"}, ["postal_code"]),
        ({"postal_code": "04177x"}, ["postal_code"]),
        ({"city": "1"}, ["city"]),
        (
            {"country": "CH", "vat_id": "CHE-999.000.019 MWST", "postal_code": "801", "register_number": ""},
            ["postal_code"],
        ),
        ({"country": "CH", "vat_id": "CHE-999.000.018 MWST", "postal_code": "8001"}, ["vat_id"]),
        (
            {"country": "NO", "vat_id": "NO 999 000 019 MVA", "postal_code": "01500"},
            ["vat_id", "postal_code"],
        ),
        ({"country": "US"}, ["vat_note", "country"]),
        ({"phone": "12345"}, ["phone"]),
        ({"phone": "call me at 030 23125"}, ["phone"]),
    ],
)
def test_what_is_wrong_is_named_by_its_field(changes: dict[str, str], fields: list[str]) -> None:
    found = faults(replace(GOOD, **changes))

    assert [fault.field for fault in found] == fields
    assert all((fault.message % fault.values).endswith(".") for fault in found)


def test_a_vat_id_of_another_country_is_known_as_foreign_even_when_explained() -> None:
    explained = replace(GOOD, vat_id="ATU99000017", vat_note="Betriebsstätte in Wien")

    assert explained.is_vat_id_foreign
    assert not GOOD.is_vat_id_foreign
    assert not replace(GOOD, vat_id="").is_vat_id_foreign


@pytest.mark.parametrize(
    "name, is_refused",
    [
        ("Kim Brunner", False),
        ("Jean-Luc d'Été", False),
        ("", True),
        ("-", True),
        ("Klick hier: http://x.example", True),
        ("Kim\nBrunner", True),
        ("www.x.example", True),
    ],
)
def test_a_persons_name_carries_no_message(name: str, is_refused: bool) -> None:
    assert (fault_of_person(name) is not None) is is_refused


@pytest.mark.parametrize(
    "email, is_refused",
    [
        ("Kim@Brunner.example", False),
        ("kim+shop@shop.brunner.example", False),
        ("", True),
        ("kim", True),
        ("kim@localhost", True),
        ("kim@brunner.example\r\nBcc: x@y.example", True),
        ("kim\x00@brunner.example", True),
        ("kim @brunner.example", True),
    ],
)
def test_an_address_that_no_mail_can_reach_is_refused(email: str, is_refused: bool) -> None:
    assert (fault_of_email(email) is not None) is is_refused


@pytest.mark.parametrize(
    "country, vat_id, postal_code, key",
    [
        ("CH", "CHE-107.787.577 MWST", "8005", "CHE107787577"),
        ("LI", "CHE-107.787.577 MWST", "9490", "CHE107787577"),
        ("NO", "NO 995 525 828 MVA", "0150", "NO995525828MVA"),
    ],
)
def test_companies_outside_the_eu_apply_with_the_number_of_their_country(
    country: str, vat_id: str, postal_code: str, key: str
) -> None:
    facts = replace(GOOD, country=country, vat_id=vat_id, postal_code=postal_code, register_number="")

    assert faults(facts) == ()
    assert facts.vat_key == key
