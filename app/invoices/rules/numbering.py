"""Numbers of documents, and whether the clock lets one be given."""

from datetime import date, datetime, timedelta

from app.invoices.rules.document import PREFIXES, DocumentKind

CLOCK_SLACK = timedelta(seconds=10)
"""So far the clocks of two machines may be apart; the later document then bears the moment of the one before."""
KEPT_YEARS = 8
"""§ 147 (3) AO, § 14 b UStG: eight years from the end of the calendar year."""


def number_of(kind: DocumentKind, year: int, last_number: int) -> str:
    """The number after `last_number` in the range of a kind and a local year: `RE-2026-000001`."""
    return f"{PREFIXES[kind]}-{year}-{last_number + 1:06d}"


def moment_of_issue(now: datetime, last_issued_at: datetime | None) -> datetime | None:
    """When a document is issued: now, never before the last one; None while the clock stands too far back."""
    if last_issued_at is None or now >= last_issued_at:
        return now
    return last_issued_at if last_issued_at - now <= CLOCK_SLACK else None


def retain_until(issued_on: date) -> date:
    """The last day on which a document must be kept."""
    return date(issued_on.year + KEPT_YEARS, 12, 31)
