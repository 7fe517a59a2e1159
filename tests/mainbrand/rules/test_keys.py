"""Tests of app/mainbrand/rules/keys.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mainbrand.rules.keys import court_key, email_domain, name_key, register_key, vat_key


@pytest.mark.parametrize(
    "one, other",
    [
        ("Müller Maschinenbau GmbH", "MUELLER MASCHINENBAU G.m.b.H."),
        ("Groß & Söhne GmbH & Co. KG", "Gross und Soehne GmbH&Co.KG"),
        ("Bäckerei Anna Huber e.K.", "Huber, Anna - Bäckerei e. K."),
        ("Holzbau Weiß UG (haftungsbeschränkt)", "Holzbau Weiss UG"),
        ("Kranz Gesellschaft mit beschränkter Haftung", "Kranz mbH"),
        ("Kranz Ges.m.b.H.", "Kranz"),
        ("Ruhland Technik AG", "Technik Ruhland"),
        ("Café L'Été S.à.r.l.", "cafe lete sarl"),
        ("Brandt GmbH Werkzeuge", "Brandt Werkzeuge GmbH"),
        ("Vogel Kommanditgesellschaft", "Vogel & Co. KG"),
        ("Lindner e.Kfm.", "Lindner"),
        ("Dörfler-Bau OHG", "Doerfler Bau"),
        ("Dörfler GmbH & Co. KG Altstadt", "Dörfler Altstadt"),
    ],
)
def test_two_spellings_of_one_company_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Müller Maschinenbau GmbH", "Müller Anlagenbau GmbH"),
        ("Muller GmbH", "Müller GmbH"),
        ("Bau 1 GmbH", "Bau 2 GmbH"),
        ("AB Bau GmbH", "Bau GmbH"),
    ],
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    "name, key",
    [
        ("", ""),
        (" - ", ""),
        ("GmbH", "gmbh"),
        ("Groß & Söhne GmbH", "gross soehne"),
        ("SE", "se"),
        ("東京 GmbH", "東京"),
    ],
)
def test_a_key_is_empty_only_without_any_letter(name: str, key: str) -> None:
    assert name_key(name) == key


@given(st.text(max_size=400))
def test_a_key_of_a_key_is_short_and_never_breaks(name: str) -> None:
    key = name_key(name)

    assert len(key) <= 300
    assert key == " ".join(key.split())


@pytest.mark.parametrize(
    "vat_id, country, key",
    [
        ("de 900 000 014", "", "DE900000014"),
        ("DE-900.000.014", "", "DE900000014"),
        ("900000014", "DE", "DE900000014"),
        ("900000014", "", None),
        ("USt-IdNr. DE900000014", "", "DE900000014"),
        ("GR999000018", "", "EL999000018"),
        ("CHE-999.000.019 MWST", "", "CHE999000019"),
        ("ATU99000017", "", "ATU99000017"),
        ("DE000000000", "", None),
        ("DE999999999", "", None),
        ("DE", "", None),
        ("", "", None),
        (None, "", None),
    ],
)
def test_vat_ids_are_compared_without_separators(vat_id: str | None, country: str, key: str | None) -> None:
    assert vat_key(vat_id, country=country) == key


@pytest.mark.parametrize(
    "court, number, key",
    [
        ("Amtsgericht Leipzig", "HRB 12345", "leipzig HRB 12345"),
        ("leipzig", "hrb012345", "leipzig HRB 12345"),
        ("leipzig", "HRB-Nr.: 12 345", "leipzig HRB 12345"),
        ("leipzig", "HRB 000", None),
        ("leipzig", "hrb 012345", "leipzig HRB 12345"),
        ("AG Frankfurt a. M.", "HRB 7", "frankfurt main HRB 7"),
        ("Frankfurt am Main", "HRB 7", "frankfurt main HRB 7"),
        ("Frankfurt (Oder)", "HRB 7", "frankfurt oder HRB 7"),
        ("Charlottenburg", "HRB 12345 B", "berlin HRB 12345"),
        ("Berlin (Charlottenburg)", "HRB 12345", "berlin HRB 12345"),
        ("Kiel", "HRB 1234 KI", "kiel HRB 1234 KI"),
        ("", "HRB 12345, Amtsgericht Köln", "koeln HRB 12345"),
        (None, "Amtsgericht Köln HRB 12345", "koeln HRB 12345"),
        ("Bad Homburg v.d.H.", "HRB 7", "bad homburg HRB 7"),
        ("Köln", "HRA 12345", "koeln HRA 12345"),
        ("Wien", "FN 123456a", "FN 123456a"),
        ("", "HRB 12345", None),
        ("Leipzig", "12345", None),
        ("Leipzig", "", None),
        (None, None, None),
    ],
)
def test_register_entries_are_compared_by_court_kind_and_digits(
    court: str | None, number: str | None, key: str | None
) -> None:
    assert register_key(court, number) == key


def test_one_court_has_one_key() -> None:
    assert court_key("Freiburg i. Br.") == court_key("Amtsgericht Freiburg im Breisgau") == "freiburg"


@pytest.mark.parametrize(
    "email, domain",
    [
        ("Anna@Firma.example", "firma.example"),
        ("a@shop.firma.example", "firma.example"),
        ("a@firma.co.at", "firma.co.at"),
        ("a@mail.firma.co.at", "firma.co.at"),
        ("a@müller.example", "xn--mller-kva.example"),
        ("a@xn--mller-kva.example", "xn--mller-kva.example"),
        ("a@straße.example", "xn--strae-oqa.example"),
        ("www.firma.example", "firma.example"),
        ("firma.example", "firma.example"),
        ("x@gmx.de", None),
        ("x@GMAIL.com", None),
        ("x@localhost", None),
        ("x@fir ma.example", None),
        ("", None),
        (None, None),
    ],
)
def test_only_an_own_domain_says_which_company_it_is(email: str | None, domain: str | None) -> None:
    assert email_domain(email) == domain
