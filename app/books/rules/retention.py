"""Until when papers are kept: § 147 AO, § 257 HGB, § 14b UStG."""

from datetime import date

VOUCHER_YEARS = 8
"""Invoices and other vouchers (§ 147 (3) AO, since 2025); the ledger of money counts as one."""
LETTER_YEARS = 6
"""Business letters, and that is what mails about orders are (§ 147 (3) AO, § 257 (4) HGB)."""


def keep_until(day: date, *, years: int) -> date:
    """The last day on which a paper of a day is kept: years count from the end of its calendar year."""
    return date(day.year + years, 12, 31)


def is_over(retain_until: date, *, today: date) -> bool:
    """Whether a paper may go: on the day after its last one."""
    return retain_until < today


def last_year_over(today: date, *, years: int) -> int:
    """The newest year whose papers may go today."""
    return today.year - years - 1
