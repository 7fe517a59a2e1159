"""The pages for everybody as a browser meets them."""

from collections.abc import Callable
from typing import Any


def test_the_imprint_names_the_country_in_words(browser: Callable[..., Any]) -> None:
    client = browser()

    english = client.get("/imprint").text
    client.headers["accept-language"] = "de"

    assert "Germany" in english
    assert "Deutschland" in client.get("/imprint").text


def test_an_applicant_is_told_the_address_that_mails_come_from(browser: Callable[..., Any]) -> None:
    assert "The sender is bestellung@schlicht.example." in browser().get("/register?received=1").text


def test_privacy_names_all_that_the_payment_service_receives(browser: Callable[..., Any]) -> None:
    text = " ".join(browser().get("/privacy").text.split())

    sentence = text.split("The payment service Stripe receives")[1].split(";")[0]
    for what in ("company name", "e-mail address", "customer number", "order number", "bundles", "amounts"):
        assert what in sentence, what


def test_privacy_names_photos_and_effort_and_who_decides_about_it(browser: Callable[..., Any]) -> None:
    text = " ".join(browser().get("/privacy", headers={"accept-language": "de"}).text.split())

    for what in (
        "Reklamationen mit Nachrichten und Fotos",
        "mit Minuten und Verursacher",
        "entscheidet immer ein Mensch",
    ):
        assert what in text, what
