"""How many unpaid orders one company may place in an hour: each holds goods and writes an e-mail."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.core.errors import N_, Refused

WINDOW = timedelta(hours=1)


def check_pace(unpaid_at: Iterable[datetime], *, most: int, now: datetime) -> None:
    """Raises Refused `throttled` (with `minutes` and `retry_after_seconds`) where `most` or more of the unpaid orders
    were placed in the last hour.
    """
    recent = sorted(moment for moment in unpaid_at if moment > now - WINDOW)
    if len(recent) < most:
        return
    seconds = max(1, math.ceil((recent[-most] + WINDOW - now).total_seconds()))
    raise Refused(
        N_(
            "Many orders of your company were not paid. Please try again in %(minutes)s min; nothing was ordered."
        ),
        code="throttled",
        minutes=-(-seconds // 60),
        retry_after_seconds=seconds,
    )
