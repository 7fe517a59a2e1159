"""The languages: every text is marked, both catalogues are complete, and collecting again changes nothing."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from app.core.i18n import LANGUAGES, LOCALES, catalogue, translate

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))
KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "translate": (2,)}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
LETTERS = re.compile(r"[^\W\d_]{2,}")
READ_ATTRIBUTES = {"alt", "aria-label", "aria-description", "data-label", "label", "placeholder", "title"}
SAME_IN_EVERY_LANGUAGE = {
    "kg",
    "ml",
    "cm",
    "mm",
    "m²",
    "m³",
    "Deutsch",
    "English",
    "PDF",
    "XML",
    "XRechnung",
    "SHA",
    "ZIP",
}
CLASS = re.compile(r"\{% block body_class %\}[\w -]*\{% endblock %\}")
NO_WORDS = re.compile(r'''(?<![\w/])/[\w/·-]+|[\w-]+="[^"<>]*"''')  # addresses; attributes written by a macro

# What German shares with English; any other entry that equals its msgid was forgotten.
SAME_IN_GERMAN = {
    *("A", "B", "C", "Administrator", "Browser", "Code", "Cookies", "Message-ID", "Name", "Person"),
    *("Import", "Partner", "Register", "Route", "Version", "Version %(number)s"),
}
NAMED_BY_LAW = {
    "Order with obligation to pay": "Zahlungspflichtig bestellen",
    "plus VAT": "zzgl. USt",
    "Sale to businesses only (§ 14 BGB), no sale to consumers.": (
        "Verkauf nur an Unternehmer (§ 14 BGB), kein Verkauf an Verbraucher."
    ),
    "Low-quantity surcharge": "Mindermengenzuschlag",
    "Minimum order value": "Mindestbestellwert",
    "Imprint": "Impressum",
}


@pytest.fixture(scope="module")
def collected() -> Catalog:
    """All texts that the program and its templates mark, as `make messages` collects them."""
    method_map, options = parse_mapping_cfg(io.StringIO((ROOT / "babel.cfg").read_text(encoding="utf-8")))
    found = Catalog()
    for _, _, message, _, context in extract_from_dir(ROOT, method_map, options, keywords=KEYWORDS):
        found.add(message, context=context)
    return found


@pytest.fixture(scope="module")
def catalogues() -> dict[str, Catalog]:
    return {language: _read(language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_holds_exactly_the_texts_that_are_marked(
    language: str, collected: Catalog, catalogues: dict[str, Catalog]
) -> None:
    marked, kept = (
        {message.id for message in found if message.id} for found in (collected, catalogues[language])
    )

    assert len(marked) > 1_000
    assert marked - kept == set(), "make messages, then translate"
    assert kept - marked == set(), "make messages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_collecting_the_texts_again_changes_no_byte_of_a_catalogue(language: str, collected: Catalog) -> None:
    found = _read(language)
    again = io.BytesIO()

    found.update(_sorted(collected), no_fuzzy_matching=True)
    write_po(again, found, width=110, omit_header=True, ignore_obsolete=True)

    assert again.getvalue() == _file(language).read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_entry_is_fuzzy_or_obsolete_or_lacks_a_plural_form(
    language: str, catalogues: dict[str, Catalog]
) -> None:
    found = catalogues[language]

    assert [message.id for message in found if message.id and message.fuzzy] == []
    assert list(found.obsolete) == []
    for message in found:
        if isinstance(message.id, tuple):
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            assert len(forms) == found.num_plurals == 2, message.id
            assert all(forms) or not any(forms), message.id


def test_every_text_has_a_german_translation_of_its_own(catalogues: dict[str, Catalog]) -> None:
    empty = [message.id for message in catalogues["de"] if message.id and not all(_strings(message))]
    copied = {message.id for message in catalogues["de"] if message.id and message.string == message.id}

    assert empty == []
    assert copied <= SAME_IN_GERMAN


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_text_and_can_be_filled_in(
    language: str, catalogues: dict[str, Catalog]
) -> None:
    for message in catalogues[language]:
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        for text, string in zip(texts, _strings(message), strict=True):
            if message.id and string:
                names = set(PLACEHOLDER.findall(text))

                assert set(PLACEHOLDER.findall(string)) == names, message.id
                assert "%" not in string % dict.fromkeys(PLACEHOLDER.findall(texts[-1]), "x"), message.id


def test_german_addresses_people_formally_and_uses_its_own_quotation_marks(
    catalogues: dict[str, Catalog],
) -> None:
    strings = [string for message in catalogues["de"] if message.id for string in _strings(message)]

    informal = [one for one in strings if re.search(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]eine?[mnrs]?)\b", one)]
    wrong_quotes = [one for one in strings if '"' in one or "”" in one or one.count("„") != one.count("“")]

    assert informal == []
    assert wrong_quotes == []


def test_one_thing_has_one_german_word(catalogues: dict[str, Catalog]) -> None:
    strings = [string for message in catalogues["de"] if message.id for string in _strings(message)]
    others = re.compile(
        "Dauerauftr|Bestellrat|Bestellberatung|Die rationelle Bestellung|Verwarn|Zuschlag für Zwi"
    )

    assert [one for one in strings if others.search(one)] == []


@pytest.mark.parametrize(("text", "german"), NAMED_BY_LAW.items())
def test_what_the_law_and_the_trade_name_has_its_fixed_german_words(text: str, german: str) -> None:
    assert translate("de", text) == german


@pytest.mark.parametrize(
    ("count", "german", "english"), [(1, "1 Paket", "1 bundle"), (0, "0 Pakete", "0 bundles")]
)
def test_a_count_takes_its_plural_form_in_both_languages(count: int, german: str, english: str) -> None:
    forms = "%(num)s bundle found.", "%(num)s bundles found."

    assert catalogue("de").ngettext(*forms, count) % {"num": count} == f"{german} gefunden."
    assert catalogue("en").ngettext(*forms, count) % {"num": count} == f"{english} found."


def test_an_empty_text_stays_empty() -> None:
    assert [translate(language, "") for language in LANGUAGES] == ["", ""]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_word_of_a_template_stands_outside_the_catalogue(path: Path) -> None:
    # Jinja's own marks become one sign that is no letter; what is left are the words as they are written.
    text = JINJA.sub("·", CLASS.sub("", path.read_text(encoding="utf-8")))

    written = [text] if path.suffix == ".txt" else _Words.of(text)
    words = {word for part in written for word in LETTERS.findall(NO_WORDS.sub("", part))}

    assert words - SAME_IN_EVERY_LANGUAGE == set()


class _Words(HTMLParser):
    """Collects what people see or hear of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def of(cls, text: str) -> list[str]:
        parser = cls()
        # A tag that Jinja builds in parts is closed before the parser sees the rest.
        parser.feed(re.sub(r"<(\w+)·", r"<\1 ", text))
        parser.close()
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in READ_ATTRIBUTES and value]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _file(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "messages.po"


def _read(language: str) -> Catalog:
    with _file(language).open("rb") as source:
        return read_po(source, locale=language)


def _sorted(found: Catalog) -> Catalog:
    template = Catalog()
    for message in sorted((message for message in found if message.id), key=lambda message: message):
        template.add(message.id)
    return template


def _strings(message: Any) -> Iterator[str]:
    yield from message.string if isinstance(message.string, tuple) else (message.string,)
