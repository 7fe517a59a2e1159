import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.pdf import known_characters
from app.core.typesetting import REPLACEMENT, printable, width_of, wrap

KNOWN = known_characters()
WIDTHS = dict.fromkeys(KNOWN, 10)


def test_names_of_central_europe_print_as_they_are() -> None:
    for name in ("Łódź Sp. z o.o.", "Žďár nad Sázavou", "Ödön Szőlő Kft.", "Şişli", "Weißenfels · 12 €", "ẞ"):
        assert printable(name, KNOWN) == name


def test_letters_in_two_parts_become_one() -> None:
    assert printable(unicodedata.normalize("NFD", "Łódź"), KNOWN) == "Łódź"


def test_what_the_font_lacks_prints_in_its_plain_form_or_as_the_replacement() -> None:
    assert printable("ﬁ ＡＢ → x", KNOWN) == "fi AB > x"
    assert printable("漢😀Я", KNOWN) == REPLACEMENT * 3


def test_nothing_hides_in_a_text() -> None:
    assert (
        printable("a\u202eb\x00c\x1b[31m\ud800", KNOWN)
        == f"a{REPLACEMENT}b{REPLACEMENT}c{REPLACEMENT}[31m{REPLACEMENT}"
    )


def test_joiners_and_soft_hyphens_vanish_and_strange_spaces_become_spaces() -> None:
    assert printable("Zu\u00adcker\u200b\u2003x\ty", KNOWN) == "Zucker x y"


@given(st.text(max_size=80))
@settings(max_examples=120)
def test_whatever_is_printed_is_in_the_font(text: str) -> None:
    assert all(char == "\n" or ord(char) in KNOWN for char in printable(text, KNOWN))


@given(st.text(alphabet="ab \n", max_size=60), st.integers(10, 90))
@settings(max_examples=120)
def test_no_line_is_wider_than_the_page_and_no_letter_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width=width, widths=WIDTHS)

    assert lines
    assert all(width_of(line, WIDTHS) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_lines_break_at_spaces_and_a_long_word_anywhere() -> None:
    assert wrap("ab cd efghijkl m", width=50, widths=WIDTHS) == ["ab cd", "efghi", "jkl m"]
    assert wrap("a\n\nb", width=50, widths=WIDTHS) == ["a", "", "b"]
