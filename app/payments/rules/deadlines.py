"""How long an order may stay unpaid, and when an attempt is looked at again without being told."""

from datetime import datetime, timedelta

UNPAID_AFTER = timedelta(hours=24)
"""An order that is not paid by then is cancelled."""
SHORTEST_PAGE = timedelta(minutes=31)
LONGEST_PAGE = timedelta(hours=23, minutes=59)
"""The life of a card page: Stripe allows 30 minutes to 24 hours from its own clock's present."""
TRANSIENT_AFTER = timedelta(minutes=1)
"""A state in which our own process works is left by a crash when it lasts longer."""
CHECK_OPEN_AFTER = timedelta(minutes=3)
"""An open card page is read again after this time, told or not: the shop works without any webhook."""
CHECK_HELD_AFTER = timedelta(minutes=10)
"""A held payment is looked at again after this time: decided, lapsed, or its company no longer admitted."""


def pay_until(placed_at: datetime) -> datetime:
    """The moment from which an unpaid order is cancelled."""
    return placed_at + UNPAID_AFTER


def page_expires_at(*, placed_at: datetime, now: datetime) -> datetime:
    """When a card page opened now should close: with the order, within what Stripe allows, in whole seconds."""
    expires_at = max(now + SHORTEST_PAGE, min(pay_until(placed_at), now + LONGEST_PAGE))
    return expires_at.replace(microsecond=0)
