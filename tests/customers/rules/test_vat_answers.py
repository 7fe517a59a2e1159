"""What an answer of VIES or eVatR means, whatever it looks like."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.customers.rules.vat_answers import (
    EVATR_INVALID,
    EVATR_VALID,
    RETRIES,
    AskedCompany,
    VatOutcome,
    can_be_asked,
    read_evatr,
    read_vies,
    retry_after,
    status_after,
)
from app.customers.rules.vat_ids import VatIdStatus

COMPANY = AskedCompany("ATU12345675", "Holzbau Traunsee GmbH", "Seeweg 1", "4810", "Gmunden")
VIES = {
    "countryCode": "AT",
    "vatNumber": "U12345675",
    "valid": True,
    "requestIdentifier": "WAPIAAAA00000001",
    "name": "---",
}
EVATR = {
    "id": "abc-1",
    "status": "evatr-0000",
    "ergFirmenname": "A",
    "ergOrt": "D",
    "ergPlz": "A",
    "ergStrasse": "C",
}


def test_a_yes_of_vies_with_its_request_identifier_is_valid_and_keeps_the_proof():
    answer = read_vies(200, VIES, asked=COMPANY)

    assert (answer.outcome, answer.request_id) == (VatOutcome.VALID, "WAPIAAAA00000001")
    assert answer.raw == VIES


def test_a_yes_without_a_request_identifier_proves_nothing():
    assert read_vies(200, {**VIES, "requestIdentifier": ""}, asked=COMPANY).outcome is VatOutcome.UNAVAILABLE
    assert read_evatr(200, {**EVATR, "id": ""}, asked=COMPANY).outcome is VatOutcome.UNAVAILABLE


def test_a_no_of_vies_is_invalid():
    assert read_vies(200, {**VIES, "valid": False}, asked=COMPANY).outcome is VatOutcome.INVALID


@pytest.mark.parametrize(
    "word",
    [
        *("MS_UNAVAILABLE", "SERVICE_UNAVAILABLE", "TIMEOUT", "VAT_BLOCKED", "IP_BLOCKED", "SOMETHING_NEW"),
        *("GLOBAL_MAX_CONCURRENT_REQ", "GLOBAL_MAX_CONCURRENT_REQ_TIME", "INVALID_REQUESTER_INFO"),
        *("MS_MAX_CONCURRENT_REQ", "MS_MAX_CONCURRENT_REQ_TIME"),
    ],
)
def test_an_error_of_vies_is_an_outage_and_never_a_no(word):
    wrapped = {"actionSucceed": False, "errorWrappers": [{"error": word}]}
    in_the_answer = {**VIES, "valid": False, "userError": word}

    for body in (wrapped, in_the_answer):
        for status_code in (200, 400, 500):
            answer = read_vies(status_code, body, asked=COMPANY)
            assert (answer.outcome, answer.reason) == (VatOutcome.UNAVAILABLE, word)


@pytest.mark.parametrize("status_code", [301, 400, 403, 429, 500, 502, 503, 504])
def test_what_is_no_200_of_vies_decides_nothing(status_code):
    for valid in (True, False):
        answer = read_vies(status_code, {**VIES, "valid": valid}, asked=COMPANY)
        assert answer.outcome is VatOutcome.UNAVAILABLE


def test_an_answer_about_another_id_is_no_answer():
    assert read_vies(200, {**VIES, "vatNumber": "U99999999"}, asked=COMPANY).outcome is VatOutcome.UNAVAILABLE
    other = {**EVATR, "angefragteUstid": "ATU99999999"}
    assert read_evatr(200, other, asked=COMPANY).outcome is VatOutcome.UNAVAILABLE


def test_the_greek_id_is_recognised_under_the_prefix_el():
    greek = AskedCompany("GR123456783", "Alpha", "", "", "")
    told = {**VIES, "countryCode": "EL", "vatNumber": "123456783", "name": "ΑΛΦΑ ΑΕ"}

    assert read_vies(200, told, asked=greek).outcome is VatOutcome.VALID


@pytest.mark.parametrize(
    "name, outcome",
    [
        ("HOLZBAU TRAUNSEE GMBH", VatOutcome.VALID),
        ("Traunsee Holzbau Gesellschaft m.b.H.", VatOutcome.VALID),
        ("---", VatOutcome.VALID),
        ("", VatOutcome.VALID),
        (None, VatOutcome.VALID),
        ("ΑΛΦΑ ΑΕ", VatOutcome.VALID),
        ("Zementwerk Ost AG", VatOutcome.MISMATCH),
    ],
)
def test_another_companys_id_is_no_confirmation(name, outcome):
    assert read_vies(200, {**VIES, "name": name}, asked=COMPANY).outcome is outcome


@pytest.mark.parametrize(
    "ours, theirs, outcome",
    [
        ("Berger Handel GmbH", "Novak Handel GmbH", VatOutcome.MISMATCH),
        ("Berger Technik", "Novak Technik KG", VatOutcome.MISMATCH),
        ("Handel GmbH", "Novak Handel GmbH", VatOutcome.MISMATCH),
        ("Berger Trading", "BERGER HANDEL GMBH", VatOutcome.VALID),
        ("Technik Service GmbH", "Service Technik", VatOutcome.VALID),
    ],
)
def test_a_common_trade_word_makes_no_two_names_the_same(ours, theirs, outcome):
    asked = AskedCompany("ATU12345675", ours, "Seeweg 1", "4810", "Gmunden")

    assert read_vies(200, {**VIES, "name": theirs}, asked=asked).outcome is outcome


def test_an_untold_name_with_another_street_and_city_is_another_companys_id():
    told = {**EVATR, "ergFirmenname": "D", "ergStrasse": "B", "ergOrt": "B"}
    vies = {**VIES, "traderStreetMatch": "INVALID", "traderCityMatch": "INVALID"}

    assert read_evatr(200, told, asked=COMPANY).outcome is VatOutcome.MISMATCH
    assert read_evatr(200, {**told, "ergStrasse": "A"}, asked=COMPANY).outcome is VatOutcome.VALID
    assert read_vies(200, vies, asked=COMPANY).outcome is VatOutcome.MISMATCH


def test_the_qualified_request_says_of_each_fact_whether_it_is_the_same():
    answer = read_evatr(200, EVATR, asked=COMPANY)

    assert answer.outcome is VatOutcome.VALID
    assert answer.matched == {
        "company_name": "same",
        "street": "not_asked",
        "postal_code": "same",
        "city": "not_told",
    }
    other_name = read_evatr(200, {**EVATR, "ergFirmenname": "B"}, asked=COMPANY)
    assert other_name.outcome is VatOutcome.MISMATCH
    other_town = read_evatr(200, {**EVATR, "ergOrt": "B"}, asked=COMPANY)
    assert other_town.outcome is VatOutcome.VALID


@pytest.mark.parametrize("word", sorted(EVATR_INVALID))
def test_what_evatr_says_about_the_id_itself_is_invalid(word):
    for status_code in (200, 400, 404):
        assert read_evatr(status_code, {"status": word}, asked=COMPANY).outcome is VatOutcome.INVALID


@pytest.mark.parametrize(
    "word",
    [
        *("evatr-0001", "evatr-0002", "evatr-0004", "evatr-0006", "evatr-0007", "evatr-0008", "evatr-0011"),
        *("evatr-0013", "evatr-1001", "evatr-1002", "evatr-1003", "evatr-1004", "evatr-2004", "evatr-2005"),
        *("evatr-2007", "evatr-2011", "evatr-3011", "evatr-9999"),
    ],
)
def test_every_other_word_of_evatr_is_an_outage(word):
    assert word not in EVATR_VALID | EVATR_INVALID
    for status_code in (200, 400, 403, 404, 500, 503):
        answer = read_evatr(status_code, {"status": word, "id": "x"}, asked=COMPANY)
        assert (answer.outcome, answer.reason) == (VatOutcome.UNAVAILABLE, word)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    body=JSON | st.dictionaries(st.sampled_from([*VIES, *EVATR, "errorWrappers", "userError"]), JSON),
    code=st.integers(200, 599),
)
def test_no_answer_however_odd_confirms_an_id_or_breaks(body, code):
    for read in (read_vies, read_evatr):
        answer = read(code, body, asked=COMPANY)
        assert answer.outcome is not VatOutcome.VALID
        assert len(answer.request_id) <= 64
        assert len(answer.reason) <= 64


def test_an_outage_leaves_what_is_known_and_only_a_no_makes_an_id_invalid():
    for before in VatIdStatus:
        after = status_after(VatOutcome.UNAVAILABLE, before)
        assert after is (VatIdStatus.UNAVAILABLE if before is VatIdStatus.UNCHECKED else before)
        assert status_after(VatOutcome.INVALID, before) is VatIdStatus.INVALID
        assert status_after(VatOutcome.VALID, before) is VatIdStatus.CONFIRMED
        assert status_after(VatOutcome.MISMATCH, before) is VatIdStatus.UNAVAILABLE


def test_an_outage_is_asked_again_after_5_minutes_1_6_and_24_hours_and_then_no_more():
    assert [retry_after(attempt) for attempt in range(5)] == [*RETRIES, None]
    assert [wait.total_seconds() / 60 for wait in RETRIES] == [5, 60, 360, 1440]


def test_only_ids_of_the_union_and_of_northern_ireland_can_be_asked_about():
    assert all(can_be_asked(one) for one in ("DE136695976", "ATU12345675", "EL123456783", "XI123456789"))
    assert not any(can_be_asked(one) for one in ("", "CHE107787577", "NO999999999", "GB123456789"))
