"""Pages that are the same for every admitted visitor, kept as bytes with slots for what is not."""

import re
import secrets
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

MOST_ENTRIES = 2_000
MOST_BYTES = 48_000_000
LARGEST_SHARE = 20


class SlotMarkers:
    """Texts that stand for a visitor's values while a page is rendered; no text of the catalogue can equal one."""

    def __init__(self, *names: str) -> None:
        secret = secrets.token_hex(12)
        self._texts = {name: f"slot-{secret}-{name}" for name in names}
        self._pattern = re.compile(f"slot-{secret}-({'|'.join(map(re.escape, names))})")

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def cut(self, text: str) -> "SlottedPage":
        """The rendered page, taken apart at the markers."""
        pieces = self._pattern.split(text)
        return SlottedPage(tuple(piece.encode() for piece in pieces[::2]), tuple(pieces[1::2]))


@dataclass(frozen=True, slots=True)
class SlottedPage:
    """A page without its visitor: `parts` with one slot between each two."""

    parts: tuple[bytes, ...]
    slots: tuple[str, ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.parts))

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """The page for one visitor; the values must be escaped already."""
        pieces = [self.parts[0]]
        for slot, part in zip(self.slots, self.parts[1:], strict=True):
            pieces += (values[slot], part)
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept page and the moment (seconds since 1970) from which it would say something wrong."""

    page: SlottedPage
    good_until: float


class PageCache:
    """The pages asked for last, bounded in number and bytes. It keeps pages, never a decision who may see them.

    The key holds everything that a page depends on, with the catalogue's version that the gate has just
    read: a page of an older catalogue is never found again. Used from the event loop only.
    """

    def __init__(self, *, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        self._pages: OrderedDict[Hashable, Kept] = OrderedDict()
        self._most_entries, self._most_bytes = most_entries, most_bytes
        self.byte_count = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable, *, now: float) -> SlottedPage | None:
        """The page of a key, or None where there is none that is still right."""
        kept = self._pages.get(key)
        if kept is None:
            return None
        if now >= kept.good_until:
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return kept.page

    def put(self, key: Hashable, page: SlottedPage, *, good_until: float) -> None:
        """Keeps a page; those not asked for longest make room. A page larger than a share of all is not kept."""
        self._drop(key)
        if page.size * LARGEST_SHARE > self._most_bytes:
            return
        self._pages[key] = Kept(page, good_until)
        self.byte_count += page.size
        while len(self._pages) > self._most_entries or self.byte_count > self._most_bytes:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: Hashable) -> None:
        kept = self._pages.pop(key, None)
        if kept is not None:
            self.byte_count -= kept.page.size
