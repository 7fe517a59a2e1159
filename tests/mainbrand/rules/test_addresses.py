import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mainbrand.rules.addresses import address_parts, place_code, town_key


@pytest.mark.parametrize(
    "street, name, first, last, letter",
    [
        ("Hauptstr. 12-16", "hauptstr", 12, 16, ""),
        ("HAUPTSTRASSE 12 - 16", "hauptstr", 12, 16, ""),
        ("Haupt Straße 35/37", "hauptstr", 35, 37, ""),
        ("Leyher Str.80", "leyherstr", 80, 80, ""),
        ("Karl-Heine-Straße 9 a", "karlheinestr", 9, 9, "a"),
        ("Karl Heine Str. 9A", "karlheinestr", 9, 9, "a"),
        ("Straße des 17. Juni 135", "strdesx17juni", 135, 135, ""),
        ("12 Hauptstraße", "hauptstr", 12, 12, ""),
        ("Hauptstraße 12/4", "hauptstr", 12, 12, ""),
        ("Parkweg 4 OT Neuendorf A", "parkweg", 4, 4, ""),
        ("O4, 4", "o4", 4, 4, ""),
        ("Am Markt", "ammarkt", 0, 0, ""),
        ("", "", 0, 0, ""),
    ],
)
def test_a_street_is_taken_apart(street: str, name: str, first: int, last: int, letter: str) -> None:
    parts = address_parts(street, "04177", "Leipzig")

    assert (parts.street, parts.first, parts.last, parts.letter) == (name, first, last, letter)


@pytest.mark.parametrize("text", ["Postfach 16 13", "PF 1613", "Postfach: 1613", "P.O. Box 1613"])
def test_a_po_box_is_a_place_of_its_own(text: str) -> None:
    parts = address_parts(text, "04177", "Leipzig")

    assert (parts.street, parts.first, parts.po_box) == ("", 0, "1613")


@pytest.mark.parametrize(
    "town, key",
    [
        ("Leipzig (Plagwitz)", "leipzig"),
        ("Leipzig OT Plagwitz", "leipzig"),
        ("04177 Leipzig", "leipzig"),
        ("Frankfurt a. M.", "frankfurt"),
        ("Frankfurt am Main", "frankfurt"),
        ("Weiden i.d.OPf", "weiden"),
        ("Bad Hersfeld", "badhersfeld"),
        ("St. Georgen", "sanktgeorgen"),
        ("Sankt Georgen im Schwarzwald", "sanktgeorgen"),
        ("Am Mellensee", "ammellensee"),
        ("KÖLN", "koeln"),
        ("", ""),
    ],
)
def test_a_town_is_one_word_without_what_is_often_left_out(town: str, key: str) -> None:
    assert town_key(town) == key


@pytest.mark.parametrize("code", ["04177", "D-04177", " 04177 ", "D 04177", "DE-04177"])
def test_a_postal_code_comes_without_its_country(code: str) -> None:
    assert place_code(code) == "04177"


@given(st.text(max_size=80), st.text(max_size=12), st.text(max_size=60))
def test_any_text_is_taken_apart_without_an_error(street: str, code: str, town: str) -> None:
    parts = address_parts(street, code, town)

    assert 0 <= parts.first <= parts.last
