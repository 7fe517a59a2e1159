"""Charges are decided once and called the same on every surface."""

import pytest

from app.core.i18n import LANGUAGES
from app.core.rendering import make_environments
from app.ordering.rules.charges import charge_name
from app.ordering.rules.pricing import ChargeKind

MACRO = '{% from "macros/charge.txt" import charge_name with context %}{{ charge_name(charge) }}'
ENVIRONMENTS = make_environments(timezone="Europe/Berlin")


@pytest.mark.parametrize("kind", ChargeKind)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name, quantity", [("", 1), ("Dichtungssatz", 1), ("Kopie", 3)])
def test_the_card_page_calls_a_charge_as_the_pages_and_mails_do(
    kind: ChargeKind, language: str, name: str, quantity: int
) -> None:
    charge = {"kind": kind.value, "name": name, "quantity": quantity}

    shown = ENVIRONMENTS[language].from_string(MACRO).render(charge=charge)

    assert shown == charge_name(kind, language, name=name, quantity=quantity)
