import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules.contact_lines import ContactLine, read_contact


@pytest.mark.parametrize(
    "line, name, phone, email",
    [
        (
            "Jule Kern, jk@brand.example, +49 30 23125 210",
            "Jule Kern",
            "+49 30 23125 210",
            "jk@brand.example",
        ),
        (
            "+49 30 23125 210; Jule Kern <jk@brand.example>",
            "Jule Kern",
            "+49 30 23125 210",
            "jk@brand.example",
        ),
        ("vertrieb@brand.example, 030/23125-200", "", "030/23125-200", "vertrieb@brand.example"),
        ("Tel.: 030 23125 Kern", "Kern", "030 23125", ""),
        ("Team Nord", "Team Nord", "", ""),
        ("", "", "", ""),
    ],
)
def test_the_parts_of_a_contact_are_found_in_any_order(line: str, name: str, phone: str, email: str) -> None:
    assert read_contact(line) == ContactLine(name, phone, email)


@given(st.text(max_size=300))
def test_any_line_can_be_read(line: str) -> None:
    read_contact(line)
