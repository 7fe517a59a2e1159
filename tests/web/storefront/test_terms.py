"""The terms as everybody meets them: page, paper, older versions."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.ordering.models import TermsVersion
from tests import make
from tests.papers import text_of


def _two_versions(session: Session) -> None:
    with transaction(session):
        make.terms(session)
        make.saved(
            session,
            TermsVersion(
                name="2026-02",
                text_de="1. Zahlung\nMit Karte.\n- keine Rechnung\n- kein Guthaben",
                text_en="1. Payment\nBy card.",
                created_at=utc_now(),
            ),
        )


def test_older_terms_stay_readable_and_say_that_they_are_old(
    session: Session, browser: Callable[..., Any]
) -> None:
    _two_versions(session)
    client = browser()

    present = client.get("/terms").text
    older = client.get("/terms?version=2026-01")

    assert "<h2>1. Payment</h2>" in present
    assert "in force since" in present
    assert 'href="/terms?version=2026-01"' in present
    assert "It holds." in older.text
    assert "an older version" in older.text
    assert "in force since" not in older.text
    assert client.get("/terms?version=1999-01").status_code == 404


def test_each_version_is_a_paper_in_both_languages_that_everybody_may_keep(
    session: Session, browser: Callable[..., Any]
) -> None:
    _two_versions(session)
    client = browser()

    german = client.get("/terms/2026-02.pdf?lang=de")
    older = client.get("/terms/2026-01.pdf?lang=en")

    assert german.headers["content-type"] == "application/pdf"
    assert german.headers["cache-control"] == "public, max-age=86400"
    lines = text_of(german.content).split("\n")
    assert lines[2:4] == ["AGB", next(line for line in lines if line.startswith("Fassung 2026-02 vom "))]
    assert lines[4:10] == ["1. Zahlung", "Mit Karte.", "•", "keine Rechnung", "•", "kein Guthaben"]
    assert "It holds." in text_of(older.content)
    assert client.get("/terms/1999-01.pdf?lang=de").status_code == 404


def test_a_paper_is_the_same_bytes_each_time_and_sent_once_to_who_has_it(
    session: Session, browser: Callable[..., Any]
) -> None:
    _two_versions(session)
    client = browser()

    first = client.get("/terms/2026-02.pdf?lang=en")
    again = client.get("/terms/2026-02.pdf?lang=en", headers={"if-none-match": first.headers["etag"]})

    assert client.get("/terms/2026-02.pdf?lang=en").content == first.content
    assert (again.status_code, again.content) == (304, b"")


def test_a_paper_asked_for_without_a_language_has_an_address_of_its_own_in_each(
    session: Session, browser: Callable[..., Any]
) -> None:
    _two_versions(session)
    client = browser()
    client.headers["accept-language"] = "de"

    answer = client.get("/terms/2026-02.pdf")

    assert (answer.status_code, answer.headers["location"]) == (303, "/terms/2026-02.pdf?lang=de")
    assert answer.headers["cache-control"] == "no-store"
