"""What the demo company wrote is in the language of its readers, and promises nothing that the shop does not keep."""

from pathlib import Path

import app.cli.demo_company
from app.cli.demo_company.people import PERSONAS
from tests.web.reading import english_in

FOLDER = Path(app.cli.demo_company.__file__).parent


def test_a_german_customer_reads_its_reason_in_german() -> None:
    reasons = [one.suspended_reason for one in PERSONAS if one.suspended_reason and one.language == "de"]

    assert len(reasons) == 1
    assert english_in(f"<p>{reasons[0]}</p>") == set()


def test_the_terms_promise_the_orders_text_by_mail_and_in_the_account_only_while_it_is_open() -> None:
    english = (FOLDER / "terms_en.txt").read_text(encoding="utf-8")
    german = (FOLDER / "terms_de.txt").read_text(encoding="utf-8")

    assert "The text of the order stands in our e-mails" in english
    assert "while your account is open" in english
    assert "Der Text der Bestellung steht in unseren E-Mails" in german
    assert "Solange Ihr Konto offen ist" in german
