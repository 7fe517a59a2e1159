"""What an import is about, and which state may follow which."""

from enum import StrEnum


class ImportKind(StrEnum):
    """The main brand's list of companies, what they bought, or default blocks."""

    ACCOUNTS = "accounts"
    PURCHASES = "purchases"
    BLOCKS = "blocks"


class ImportState(StrEnum):
    """`uploaded`: nobody has looked into the file yet. `mapping`: a person chooses the columns. `checking`: a dry run
    is under way. `checked`: its counts are there. `applying`: it is being written. `applied`, `undone`, `failed` (the
    file was refused) and `cancelled` say what became of it.
    """

    UPLOADED = "uploaded"
    MAPPING = "mapping"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDONE = "undone"
    FAILED = "failed"
    CANCELLED = "cancelled"


FOLLOWS: dict[ImportState, frozenset[ImportState]] = {
    ImportState.UPLOADED: frozenset(
        {
            ImportState.MAPPING,
            ImportState.CHECKING,
            ImportState.APPLYING,
            ImportState.FAILED,
            ImportState.CANCELLED,
        }
    ),
    ImportState.MAPPING: frozenset({ImportState.CHECKING, ImportState.CANCELLED}),
    ImportState.CHECKING: frozenset({ImportState.CHECKED, ImportState.FAILED, ImportState.CANCELLED}),
    ImportState.CHECKED: frozenset({ImportState.CHECKING, ImportState.APPLYING, ImportState.CANCELLED}),
    ImportState.APPLYING: frozenset({ImportState.APPLIED, ImportState.FAILED, ImportState.CANCELLED}),
    ImportState.APPLIED: frozenset({ImportState.UNDONE}),
    ImportState.UNDONE: frozenset(),
    ImportState.FAILED: frozenset(),
    ImportState.CANCELLED: frozenset(),
}
BUSY = frozenset({ImportState.UPLOADED, ImportState.CHECKING, ImportState.APPLYING})
"""The worker's turn: the page looks again by itself."""
WAITING = BUSY | {ImportState.MAPPING, ImportState.CHECKED}
"""Not at an end: the file is still needed."""
MAPPABLE = frozenset({ImportState.MAPPING, ImportState.CHECKED})
"""Columns may be chosen, for the first time or again."""


def may_follow(present: ImportState, wanted: ImportState) -> bool:
    """Whether an import may go from one state to the other."""
    return wanted in FOLLOWS[present]
