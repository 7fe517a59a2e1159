from hypothesis import given, settings
from hypothesis import strategies as st

from app.ordering.rules.terms_text import Block, BlockKind, ChangeKind, compare_terms, read_blocks

TEXT = """1. Für wen
(1) Nur für Unternehmer.
(2) Nicht für
Verbraucher.

§ 2 Zahlung
Karte.
- keine Rechnung
- kein Guthaben,
auch kein kleines

3 Tage nach der Bestellung.
"""


def test_a_text_is_read_as_headings_paragraphs_and_points() -> None:
    assert read_blocks(TEXT) == [
        Block(BlockKind.HEADING, "1. Für wen"),
        Block(BlockKind.PARAGRAPH, "(1) Nur für Unternehmer."),
        Block(BlockKind.PARAGRAPH, "(2) Nicht für Verbraucher."),
        Block(BlockKind.HEADING, "§ 2 Zahlung"),
        Block(BlockKind.PARAGRAPH, "Karte."),
        Block(BlockKind.POINT, "keine Rechnung"),
        Block(BlockKind.POINT, "kein Guthaben, auch kein kleines"),
        Block(BlockKind.PARAGRAPH, "3 Tage nach der Bestellung."),
    ]


def test_line_ends_of_other_machines_read_alike() -> None:
    assert read_blocks(TEXT.replace("\n", "\r\n")) == read_blocks(TEXT)


def test_a_comparison_names_what_is_new_what_is_gone_and_which_words_changed() -> None:
    old = "1. A\nWir liefern am Dienstag.\n\n2. B\nGleich."
    new = "1. A\nWir liefern am Mittwoch.\n\n2. B\nGleich.\n\n3. C\nNeu."

    changes = compare_terms(old, new)

    assert [change.kind for change in changes] == [
        ChangeKind.SAME, ChangeKind.CHANGED, ChangeKind.SAME, ChangeKind.SAME, ChangeKind.ADDED, ChangeKind.ADDED,
    ]  # fmt: skip
    assert [piece.text for piece in changes[1].old if piece.is_different] == ["Dienstag."]
    assert [piece.text for piece in changes[1].new if piece.is_different] == ["Mittwoch."]


def test_blocks_far_too_long_to_compare_count_as_changed_at_once() -> None:
    old, new = "a " * 60_000, "a b " * 30_000

    changes = compare_terms(f"x {old}", f"x {new}")

    assert len(changes) == 1
    assert len(changes[0].old) == len(changes[0].new) == 1


def test_blocks_that_say_something_else_do_not_stand_beside_each_other() -> None:
    changes = compare_terms("Wir liefern am Dienstag.", "Bezahlt wird mit Karte.\n\nWir liefern am Mittwoch.")

    assert [change.kind for change in changes] == [ChangeKind.ADDED, ChangeKind.CHANGED]


@given(st.text(alphabet="ab1.-( )\n", max_size=120), st.text(alphabet="ab1.-( )\n", max_size=120))
@settings(max_examples=80)
def test_a_comparison_holds_the_whole_of_both_texts(old: str, new: str) -> None:
    changes = compare_terms(old, new)

    for side, text in (("old", old), ("new", new)):
        pieces = [getattr(change, side) for change in changes if getattr(change, side)]
        assert ["".join(piece.text for piece in one) for one in pieces] == [
            block.text for block in read_blocks(text)
        ]
