from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.rules.changes import (
    FIELDS,
    HeldBlock,
    ItemChange,
    Piece,
    block_changes,
    field_changes,
    word_pieces,
)

VALUES: dict[str, Any] = dict.fromkeys(FIELDS, "") | {"price_cents": 1_000, "maximum_quantity": None}


def held(sku: str, quantity_milli: int) -> HeldBlock:
    return HeldBlock(sku, f"Teil {sku}", f"Part {sku}", "C62", quantity_milli)


def test_equal_versions_differ_in_nothing() -> None:
    assert [one.field for one in field_changes(VALUES, dict(VALUES)) if one.is_different] == []


def test_price_maximum_and_the_very_words_are_found() -> None:
    new = VALUES | {"price_cents": 1_100, "maximum_quantity": 9, "text_de": "Für den Winter."}

    found = {one.field: one for one in field_changes(VALUES | {"text_de": "Für den Sommer."}, new)}

    assert [field for field, one in found.items() if one.is_different] == [
        "price_cents",
        "maximum_quantity",
        "text_de",
    ]
    assert found["text_de"].new_pieces == (Piece("Für den ", False), Piece("Winter.", True))


def test_blocks_are_same_added_removed_or_of_another_quantity() -> None:
    changes = block_changes(
        [held("A", 1_000), held("B", 2_500), held("C", 1_000)],
        [held("D", 500), held("B", 3_000), held("A", 1_000)],
    )

    assert [(one.block.sku, one.change, one.old_milli, one.new_milli) for one in changes] == [
        ("A", ItemChange.SAME, 1_000, 1_000),
        ("B", ItemChange.QUANTITY, 2_500, 3_000),
        ("C", ItemChange.REMOVED, 1_000, None),
        ("D", ItemChange.ADDED, None, 500),
    ]


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_pieces_make_the_whole_texts_and_what_is_not_marked_is_in_both(old: str, new: str) -> None:
    left, right = word_pieces(old, new)

    assert ("".join(piece.text for piece in left), "".join(piece.text for piece in right)) == (old, new)
    assert [one.text for one in left if not one.is_different] == [
        one.text for one in right if not one.is_different
    ]
