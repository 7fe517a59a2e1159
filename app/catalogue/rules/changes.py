"""What differs between two versions of a bundle: values, words of its texts, blocks and their quantities."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

WORD = re.compile(r"\s+|\S+")
FIELDS = (
    "name_de",
    "name_en",
    "kind",
    "category_id",
    "pictogram",
    "price_cents",
    "own_minimum_quantity",
    "own_order_step",
    "maximum_quantity",
    "text_de",
    "text_en",
    "purpose_de",
    "purpose_en",
)
TEXTS = frozenset({"name_de", "name_en", "text_de", "text_en", "purpose_de", "purpose_en"})


class ItemChange(StrEnum):
    """What became of a block from the older version to the newer one."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    QUANTITY = "quantity"


@dataclass(frozen=True)
class Piece:
    """A part of a text, and whether the other text has it not."""

    text: str
    is_different: bool


@dataclass(frozen=True)
class FieldChange:
    """One value of both versions; texts come in pieces."""

    field: str
    old: Any
    new: Any
    old_pieces: tuple[Piece, ...] = ()
    new_pieces: tuple[Piece, ...] = ()

    @property
    def is_different(self) -> bool:
        return bool(self.old != self.new)


@dataclass(frozen=True)
class HeldBlock:
    """A block in a version: thousandths of its unit."""

    sku: str
    name_de: str
    name_en: str
    unit_code: str
    quantity_milli: int


@dataclass(frozen=True)
class BlockChange:
    """One block of either version; the quantity is None where a version does not hold it."""

    block: HeldBlock
    old_milli: int | None
    new_milli: int | None

    @property
    def change(self) -> ItemChange:
        if self.old_milli is None:
            return ItemChange.ADDED
        if self.new_milli is None:
            return ItemChange.REMOVED
        return ItemChange.SAME if self.old_milli == self.new_milli else ItemChange.QUANTITY


def field_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[FieldChange]:
    """Each value of two versions in a fixed order; those of equal versions are all the same."""
    changes = []
    for field in FIELDS:
        before, after = old[field], new[field]
        pieces = word_pieces(before, after) if field in TEXTS else ((), ())
        changes.append(FieldChange(field, before, after, *pieces))
    return changes


def block_changes(old: Sequence[HeldBlock], new: Sequence[HeldBlock]) -> list[BlockChange]:
    """Each block of the older version in its order, then those that the newer one added."""
    before = {block.sku: block for block in old}
    after = {block.sku: block for block in new}
    kept = [
        BlockChange(
            after.get(sku, block), block.quantity_milli, after[sku].quantity_milli if sku in after else None
        )
        for sku, block in before.items()
    ]
    added = [
        BlockChange(block, None, block.quantity_milli) for sku, block in after.items() if sku not in before
    ]
    return kept + added


def word_pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces, with the words marked that the other one has not; the pieces make the whole text."""
    old_words, new_words = WORD.findall(old), WORD.findall(new)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old_words, new_words, autojunk=False).get_opcodes():
        is_different = kind != "equal"
        if b > a:
            left.append(Piece("".join(old_words[a:b]), is_different))
        if d > c:
            right.append(Piece("".join(new_words[c:d]), is_different))
    return tuple(left), tuple(right)
