"""The gateway against the stand-in: who is asked, in which words, and what no answer is."""

import time
from collections.abc import Iterator

import pytest

from app.customers.rules.vat_answers import AskedCompany, VatOutcome, VatService
from app.customers.vat_services import VatServices
from dev.processes import free_port
from dev.vat_standin.server import VatStandinProcess

AUSTRIAN = AskedCompany("ATU12345675", "Holzbau Traunsee GmbH", "Seeweg 1", "4810", "Gmunden")
GERMAN = AskedCompany("DE136695976", "Probst Werkstatt GmbH", "Gartenweg 3", "04109", "Leipzig")
GREEK = AskedCompany("GR123456783", "Alpha AE", "", "", "Athen")


@pytest.fixture(scope="module")
def running() -> Iterator[VatStandinProcess]:
    with VatStandinProcess() as standin:
        yield standin


@pytest.fixture
def standin(running: VatStandinProcess) -> VatStandinProcess:
    running.clear()
    return running


def _services(standin: VatStandinProcess, *, country: str = "DE", seconds: float = 5) -> VatServices:
    return VatServices(
        vies_url=standin.vies_url,
        evatr_url=standin.evatr_url,
        seller_country=country,
        seller_vat_id="DE 136 695 976" if country == "DE" else "ATU12345675",
        answer_seconds=seconds,
    )


def test_a_german_seller_asks_evatr_about_a_foreign_company_with_name_and_place(standin):
    answers = _services(standin).ask(AUSTRIAN)

    assert [(one.service, one.outcome) for one in answers] == [(VatService.EVATR, VatOutcome.VALID)]
    assert answers[0].request_id.startswith("standin")
    question = standin.asked()[0]
    assert (question["anfragendeUstid"], question["angefragteUstid"]) == ("DE136695976", "ATU12345675")
    assert (question["firmenname"], question["ort"]) == ("Holzbau Traunsee GmbH", "Gmunden")


def test_german_companies_are_asked_about_at_vies_only_with_our_own_id_as_requester(standin):
    answers = _services(standin).ask(GERMAN)

    assert [(one.service, one.outcome) for one in answers] == [(VatService.VIES, VatOutcome.VALID)]
    assert answers[0].request_id.startswith("WAPI")
    question = standin.asked()[0]
    assert (question["requesterMemberStateCode"], question["requesterNumber"]) == ("DE", "136695976")


def test_a_seller_elsewhere_asks_vies_only(standin):
    assert [one.service for one in _services(standin, country="AT").ask(GERMAN)] == [VatService.VIES]


def test_greece_is_el_in_every_question(standin):
    standin.answer("outage", service="evatr")

    answers = _services(standin).ask(GREEK)

    assert [one.outcome for one in answers] == [VatOutcome.UNAVAILABLE, VatOutcome.VALID]
    assert [one["vat_id"] for one in standin.asked()] == ["EL123456783", "EL123456783"]


@pytest.mark.parametrize(
    "manner, outcome", [("invalid", VatOutcome.INVALID), ("mismatch", VatOutcome.MISMATCH)]
)
def test_a_clear_answer_of_evatr_counts_and_vies_is_not_asked(standin, manner, outcome):
    standin.answer(manner, service="evatr")

    assert [one.outcome for one in _services(standin).ask(AUSTRIAN)] == [outcome]


@pytest.mark.parametrize("manner", ["outage", "busy", "broken", "garbage", "unproven"])
def test_what_is_no_answer_of_both_is_an_outage(standin, manner):
    standin.answer(manner)

    answers = _services(standin).ask(AUSTRIAN)

    assert [one.outcome for one in answers] == [VatOutcome.UNAVAILABLE] * 2
    assert all(one.reason for one in answers)


def test_slow_services_hold_nobody_longer_than_the_bound(standin):
    standin.answer("slow")

    began = time.monotonic()
    answers = _services(standin).hurried(answer_seconds=0.6).ask(AUSTRIAN)

    assert time.monotonic() - began < 1.5
    assert [one.outcome for one in answers] == [VatOutcome.UNAVAILABLE] * 2


def test_a_machine_that_does_not_listen_is_an_outage():
    nowhere = f"http://127.0.0.1:{free_port()}/x"
    services = VatServices(
        vies_url=nowhere, evatr_url=nowhere, seller_country="DE", seller_vat_id="DE136695976"
    )

    assert {one.outcome for one in services.ask(AUSTRIAN)} == {VatOutcome.UNAVAILABLE}


def test_an_id_from_outside_is_not_asked_about(standin):
    swiss = AskedCompany("CHE107787577", "Alpenrad AG", "Bahnhofstrasse 1", "8005", "Zürich")

    assert _services(standin).ask(swiss) == []
    assert standin.asked() == []


def test_the_stand_in_refuses_questions_that_the_services_would_refuse(standin):
    unknown = standin.http.post(standin.vies_url, json={"countryCode": "AT", "vatNumber": "U1", "more": 1})
    german = standin.http.post(
        standin.evatr_url, json={"anfragendeUstid": "DE136695976", "angefragteUstid": "DE136695976"}
    )
    greek = standin.http.post(standin.vies_url, json={"countryCode": "GR", "vatNumber": "123456783"})

    assert (unknown.status_code, german.json()["status"]) == (400, "evatr-0006")
    assert greek.json()["errorWrappers"][0]["error"] == "INVALID_INPUT"
