"""A month of the books: its days where the shop is, its moments, and its neighbours."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

WRITTEN = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of a year; written `2026-11`, and ordered in time."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month of a day."""
        return cls(day.year, day.month)

    @classmethod
    def at(cls, moment: datetime, zone: ZoneInfo) -> "Month":
        """The month that the clocks of a zone show at a moment."""
        return cls.of(moment.astimezone(zone).date())

    @classmethod
    def read(cls, text: str) -> "Month":
        """The month of `2026-11`. Raises ValueError for what is none of the years 2000 to 2999."""
        found = WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError("month")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_on(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_on(self) -> date:
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    @property
    def following(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.month == 1), (self.month + 10) % 12 + 1)

    def begins_at(self, zone: ZoneInfo) -> datetime:
        """Its first moment (UTC) in a zone."""
        return datetime.combine(self.first_on, time(), tzinfo=zone).astimezone(UTC)

    def ends_at(self, zone: ZoneInfo) -> datetime:
        """The first moment (UTC) after it."""
        return self.following.begins_at(zone)


def months_of(year: int) -> list[Month]:
    """The twelve months of a year."""
    return [Month(year, month) for month in range(1, 13)]
