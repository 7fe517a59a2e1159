"""The pages for everybody as a browser meets them."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.ordering.models import TermsVersion
from tests import make


def test_older_terms_stay_readable_and_say_that_they_are_old(
    session: Session, browser: Callable[..., Any]
) -> None:
    with transaction(session):
        make.terms(session)
        newer = TermsVersion(name="2026-02", text_de="Neu.", text_en="It is new.", created_at=utc_now())
        session.add(newer)
    client = browser()

    present = client.get("/terms").text
    older = client.get("/terms?version=2026-01")

    assert "It is new." in present
    assert "in force since" in present
    assert "It holds." in older.text
    assert "an older version" in older.text
    assert "in force since" not in older.text
    assert client.get("/terms?version=1999-01").status_code == 404


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
