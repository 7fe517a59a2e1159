"""What is there of a block, what is promised of it, and how much of a bundle that allows."""

from enum import StrEnum


class StockLevel(StrEnum):
    """How much of a bundle can be sold now, as customers may know it."""

    PLENTY = "plenty"
    FEW = "few"
    NONE = "none"


class StockCause(StrEnum):
    """Why a block's stock changed."""

    COUNTED = "counted"
    RECEIVED = "received"
    DISPATCHED = "dispatched"
    IMPORT = "import"


class ReservationState(StrEnum):
    """An order holds its blocks, then uses them or gives them free."""

    HELD = "held"
    USED = "used"
    RELEASED = "released"
