"""Which days staff may enter as closing days."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.core.errors import N_, FieldError

MOST_AT_ONCE_DAYS = 31
MOST_AHEAD_DAYS = 200
FURTHEST_DAYS = 800
"""Below the thousand days within which a run is looked for: with weekends and holidays there is always one."""
MOST_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class ClosingSpan:
    """Days in a row, both included, and why the warehouse is closed; None for a day that was not given or is none."""

    first_on: date | None
    last_on: date | None
    name: str

    @property
    def days(self) -> list[date]:
        """The days from first to last; none where they are no span that may be entered."""
        if self.first_on is None or self.last_on is None:
            return []
        count = (self.last_on - self.first_on).days + 1
        if count > MOST_AT_ONCE_DAYS:
            return []
        return [self.first_on + timedelta(days=n) for n in range(count)]


def faults_of_span(span: ClosingSpan, *, today: date, ahead_count: int) -> list[FieldError]:
    """For each field of a span what would be right; `ahead_count` other closing days lie ahead already."""
    faults = []
    if span.first_on is None:
        faults.append(FieldError("first_on", N_("Please enter a day.")))
    elif span.first_on < today:
        faults.append(FieldError("first_on", N_("Please enter today or a later day.")))
    if span.last_on is None and span.first_on is not None:
        faults.append(FieldError("last_on", N_("Please enter a day.")))
    elif span.last_on is not None and span.first_on is not None:
        faults += _faults_of_length(span.first_on, span.last_on, today=today, ahead_count=ahead_count)
    if not span.name:
        faults.append(FieldError("name", N_("Please say why, such as: company holidays.")))
    elif len(span.name) > MOST_CHARACTERS:
        message = N_("Please use at most %(most)s characters.")
        faults.append(FieldError("name", message, {"most": MOST_CHARACTERS}))
    return faults


def _faults_of_length(first_on: date, last_on: date, *, today: date, ahead_count: int) -> list[FieldError]:
    length = (last_on - first_on).days + 1
    if length < 1:
        return [FieldError("last_on", N_("The last day is before the first."))]
    if length > MOST_AT_ONCE_DAYS:
        message = N_("Please enter at most %(most)s days at once.")
        return [FieldError("last_on", message, {"most": MOST_AT_ONCE_DAYS})]
    if (last_on - today).days > FURTHEST_DAYS:
        return [FieldError("last_on", N_("Please enter a day of the next two years."))]
    if ahead_count + length > MOST_AHEAD_DAYS:
        message = N_("At most %(most)s closing days may lie ahead.")
        return [FieldError("last_on", message, {"most": MOST_AHEAD_DAYS})]
    return []
