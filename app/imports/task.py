"""What the reading process is asked to do, as one line of JSON."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Self

from app.imports.rules.known_block import KnownBlock
from app.mainbrand.rules.notation import DateStyle, NumberStyle
from app.mainbrand.rules.shares import RevenueBounds
from app.mainbrand.rules.thresholds import Thresholds


@dataclass(frozen=True)
class ReadTask:
    """A file to read: where it lies, what it is, how its columns are read, and the folder for what comes of it.

    `known_blocks` are the blocks that exist by SKU; only for lists of blocks. `is_automatic`: nobody looks. No
    purchase is at `before_at` (ISO, UTC; empty: any time) or later.
    """

    path: str
    file_name: str
    kind: str
    is_head_only: bool = False
    folder: str = ""
    mapping: dict[str, str] | None = None
    number_style: NumberStyle = NumberStyle.PLAIN
    date_style: DateStyle = DateStyle.PLAIN
    currency: str = "EUR"
    timezone: str = "UTC"
    latest_year: int = 9999
    before_at: str = ""
    thresholds: Thresholds | None = None
    is_automatic: bool = False
    known_blocks: dict[str, KnownBlock] = field(default_factory=dict)

    def as_text(self) -> str:
        """The line that `from_text` reads."""
        return json.dumps(dataclasses.asdict(self)) + "\n"

    @classmethod
    def from_text(cls, line: str) -> Self:
        """The task that was written. Raises ValueError or TypeError for another line."""
        values = json.loads(line)
        values["number_style"] = NumberStyle(values["number_style"])
        values["date_style"] = DateStyle(values["date_style"])
        if values["thresholds"] is not None:
            bounds = RevenueBounds(**values["thresholds"].pop("bounds"))
            values["thresholds"] = Thresholds(bounds, **values["thresholds"])
        values["known_blocks"] = {sku: KnownBlock(**one) for sku, one in values["known_blocks"].items()}
        return cls(**values)
