"""Money, numbers and dates as German and English readers write them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.core.rendering import make_environments

FORMATS = {
    "{{ 123456789|money }}": ("1.234.567,89\xa0€", "€1,234,567.89"),
    "{{ 0|money }}": ("0,00\xa0€", "€0.00"),
    "{{ -990|money }}": ("-9,90\xa0€", "-€9.90"),
    "{{ 12345|number }}": ("12.345", "12,345"),
    "{{ 2.5|number }}": ("2,5", "2.5"),
    "{{ 1900|percent_bp }}": ("19\xa0%", "19\xa0%"),
    "{{ 725|percent_bp }}": ("7,25\xa0%", "7.25\xa0%"),
    "{{ day|date }}": ("01.12.2026", "1 Dec 2026"),
    "{{ day|weekday_date }}": ("Dienstag, 1. Dezember 2026", "Tuesday, 1 December 2026"),
    '{{ "2026-03-09"|iso_date|weekday_date }}': ("Montag, 9. März 2026", "Monday, 9 March 2026"),
    "{{ winter|datetime }}": ("24.11.26, 00:30", "24/11/2026, 00:30"),
    "{{ summer|datetime }}": ("01.07.26, 14:00", "01/07/2026, 14:00"),
}
VALUES = {
    "day": date(2026, 12, 1),
    "winter": datetime(2026, 11, 23, 23, 30, tzinfo=UTC),
    "summer": datetime(2026, 7, 1, 12, 0, tzinfo=UTC),
}


@pytest.fixture(scope="module")
def environments() -> dict[str, Any]:
    return make_environments(timezone="Europe/Berlin")


@pytest.mark.parametrize(("text", "german", "english"), [(text, *both) for text, both in FORMATS.items()])
def test_a_value_is_written_as_its_readers_write_it(
    environments: dict[str, Any], text: str, german: str, english: str
) -> None:
    assert environments["de"].from_string(text).render(VALUES) == german
    assert environments["en"].from_string(text).render(VALUES) == english


def test_a_text_with_values_is_translated_before_they_are_filled_in(environments: dict[str, Any]) -> None:
    text = '{{ _("Order %(number)s", number="S-1%") }}'

    assert environments["de"].from_string(text).render() == "Bestellung S-1%"
    assert environments["en"].from_string(text).render() == "Order S-1%"
