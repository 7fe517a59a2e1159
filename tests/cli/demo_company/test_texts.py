"""What the demo company wrote is in the language of its readers, and promises nothing that the shop does not keep."""

from pathlib import Path

import pytest

import app.cli.demo_company
from app.cli.demo_company import effort
from app.cli.demo_company.company import TERMS
from app.ordering.rules.terms_text import BlockKind, read_blocks
from tests.web.reading import english_in

FOLDER = Path(app.cli.demo_company.__file__).parent
NEWEST = list(TERMS)[-1]


def test_a_german_customer_reads_the_reasons_of_its_effort_in_german() -> None:
    for text in (*effort.REASONS, *effort.CALLS, effort.OURS):
        assert english_in(f"<p>{text}</p>") == set()


@pytest.mark.parametrize("name", TERMS)
def test_the_terms_promise_the_orders_text_by_mail_and_in_the_account_only_while_it_is_open(
    name: str,
) -> None:
    german, english = _texts(name)

    assert "The text of the order stands in our e-mails" in english
    assert "while your account is open" in english
    assert "Der Text der Bestellung steht in unseren E-Mails" in german
    assert "Solange Ihr Konto offen ist" in german


def test_both_languages_of_the_terms_have_the_same_clauses() -> None:
    german, english = (read_blocks(text) for text in _texts(NEWEST))

    assert [block.kind for block in german] == [block.kind for block in english]
    numbers = [
        [block.text.split(".")[0] for block in blocks if block.kind is BlockKind.HEADING]
        for blocks in (german, english)
    ]
    assert numbers[0] == numbers[1] == [str(number) for number in range(1, len(numbers[0]) + 1)]


@pytest.mark.parametrize(
    "german",
    [
        "kein freiwilliges Rückgaberecht",
        "keine zusätzliche Garantie über das Gesetz hinaus",
        "keine Beratung außerhalb der Pakete",
        "keine andere Zahlungsart als die Karte",
        "Ihre gesetzlichen Rechte bleiben davon unberührt",
        "Die gesetzlichen Fristen gelten statt dessen",
        "Verletzung von Leben, Körper oder Gesundheit",
        "§ 377 HGB",
        "§§ 445a, 445b, 478 BGB",
        "Ein Entgelt dafür, dass Sie mit Karte zahlen, berechnen wir nicht",
        "Was dort nicht steht, wird nicht berechnet",
    ],
)
def test_the_terms_say_the_four_noes_and_keep_what_the_law_gives(german: str) -> None:
    """compliance.md section 1, rows 12, 21, 23 and 24."""
    assert german in _texts(NEWEST)[0]


def test_the_terms_say_of_themselves_that_a_lawyer_has_to_check_them() -> None:
    german, english = _texts(NEWEST)

    assert german.startswith(
        "Muster für die Vorführung. Vor dem Einsatz lässt der Betreiber diesen Text anwaltlich prüfen"
    )
    assert english.startswith("A template for the demonstration.")


def _texts(name: str) -> tuple[str, str]:
    german, english = (
        (FOLDER / f"terms_{name}_{language}.txt").read_text(encoding="utf-8") for language in ("de", "en")
    )
    return german, english
