"""The states of an export for an audit."""

from enum import StrEnum


class ExportState(StrEnum):
    """An export waits for the worker, lies ready, could not be made, or its file is gone again."""

    ASKED = "asked"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"


FOLLOWING: dict[ExportState, frozenset[ExportState]] = {
    ExportState.ASKED: frozenset({ExportState.READY, ExportState.FAILED}),
    ExportState.READY: frozenset({ExportState.GONE}),
    ExportState.FAILED: frozenset(),
    ExportState.GONE: frozenset(),
}


def may_follow(present: ExportState, following: ExportState) -> bool:
    """Whether an export in `present` may become `following`."""
    return following in FOLLOWING[present]
