"""The plain text of the terms as what it means: headings, paragraphs, points; and what differs between two."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from app.catalogue.rules.changes import Piece, word_pieces

HEADING = re.compile(r"(§ ?)?\d{1,3}\.? \S.{0,118}")
MOST_COMPARED = 4_000
"""Characters of one block up to which single words are compared; above it the block counts as new."""

MOST_SKIPPED = 50
"""How many blocks further on a block that was moved or reworded is looked for."""


class BlockKind(StrEnum):
    """What a block of the text is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    POINT = "point"


@dataclass(frozen=True)
class Block:
    """A part of the text that is set as one."""

    kind: BlockKind
    text: str


class ChangeKind(StrEnum):
    """What became of a block from the older version to the newer one."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class BlockChange:
    """A block of both versions in pieces; the side that has it not is empty."""

    kind: ChangeKind
    old: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()


def read_blocks(text: str) -> list[Block]:
    """The blocks of a text in their order.

    A blank line ends a block. A line such as "4. Payment" or "§ 4 Payment" that does not end like a sentence is a
    heading, a line that begins with "- " a point, and one that begins with "(2)" a paragraph of its own.
    """
    blocks: list[Block] = []
    is_open = False
    for raw in text.replace("\r\n", "\n").split("\n"):
        line = " ".join(raw.split())
        if not line:
            is_open = False
        elif line.startswith("- "):
            blocks.append(Block(BlockKind.POINT, line[2:]))
            is_open = True
        elif not is_open and HEADING.fullmatch(line) and line[-1] not in ".;,":
            blocks.append(Block(BlockKind.HEADING, line))
        elif is_open and not re.match(r"\(\d+\) ", line):
            blocks[-1] = Block(blocks[-1].kind, f"{blocks[-1].text} {line}")
        else:
            blocks.append(Block(BlockKind.PARAGRAPH, line))
            is_open = True
    return blocks


def compare_terms(old: str, new: str) -> list[BlockChange]:
    """Both texts block by block, in the order of the newer one; changed blocks with the words that differ."""
    before, after = [block.text for block in read_blocks(old)], [block.text for block in read_blocks(new)]
    changes: list[BlockChange] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            changes += [BlockChange(ChangeKind.SAME, _same(text), _same(text)) for text in before[a:b]]
            continue
        changes += _replaced(before[a:b], after[c:d])
    return changes


def _replaced(old: list[str], new: list[str]) -> list[BlockChange]:
    """Blocks that say nearly the same stand beside each other, the others alone; in the order of the newer text."""
    changes: list[BlockChange] = []
    reached = 0
    for text in new:
        alike = next(
            (at for at in range(reached, min(reached + MOST_SKIPPED, len(old))) if _is_alike(old[at], text)),
            None,
        )
        if alike is None:
            changes.append(BlockChange(ChangeKind.ADDED, new=_different(text)))
            continue
        changes += [BlockChange(ChangeKind.REMOVED, old=_different(gone)) for gone in old[reached:alike]]
        changes.append(_changed(old[alike], text))
        reached = alike + 1
    return changes + [BlockChange(ChangeKind.REMOVED, old=_different(gone)) for gone in old[reached:]]


def _is_alike(old: str, new: str) -> bool:
    """Whether at least half of the words of the shorter one stand in the other too."""
    words, others = set(old.split()), set(new.split())
    return 2 * len(words & others) >= min(len(words), len(others)) > 0


def _changed(old: str, new: str) -> BlockChange:
    if max(len(old), len(new)) > MOST_COMPARED:
        return BlockChange(ChangeKind.CHANGED, _different(old), _different(new))
    return BlockChange(ChangeKind.CHANGED, *word_pieces(old, new))


def _same(text: str) -> tuple[Piece, ...]:
    return (Piece(text, False),)


def _different(text: str) -> tuple[Piece, ...]:
    return (Piece(text, True),)
