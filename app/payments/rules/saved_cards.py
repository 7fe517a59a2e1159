"""A card kept for later: the consent that allows it, until when it is good, and how it ends."""

import calendar
from datetime import date
from enum import StrEnum

from app.core.errors import N_

CONSENT_VERSION = "2026-11"
"""Names the words of CONSENT: whoever changes them gives them a new name (a test holds both together)."""
CONSENT_LABEL = N_("Keep this card for later fees")
CONSENT = N_(
    "We keep the brand, the last four digits and the expiry of this card; its number stays with Stripe. We may charge"
    " it for special services that your company orders with it, and for fees of our price list for which we give a"
    " reason. Each charge is told by e-mail with its amount, its reason and how to object. You can remove the card in"
    " your account at any time."
)
"""What a person agrees to by ticking the box; stored word for word in the language in which it was read."""


class CardEnd(StrEnum):
    """Why a kept card is no longer kept: a person removed it, a newer one took its place, or Stripe let it go."""

    REMOVED = "removed"
    REPLACED = "replaced"
    DETACHED = "detached"


class CardStanding(StrEnum):
    """How a kept card stands on a day; an expired one is never charged."""

    GOOD = "good"
    EXPIRES_SOON = "expires_soon"
    EXPIRED = "expired"


def last_day(*, expires_year: int, expires_month: int) -> date:
    """The last day on which a card is good: the end of the month printed on it."""
    return date(expires_year, expires_month, calendar.monthrange(expires_year, expires_month)[1])


def standing(*, expires_year: int, expires_month: int, today: date, warn_days: int) -> CardStanding:
    """How a card stands today; `warn_days` before its last day (calendar days) it begins to expire soon."""
    left_days = (last_day(expires_year=expires_year, expires_month=expires_month) - today).days
    if left_days < 0:
        return CardStanding.EXPIRED
    return CardStanding.EXPIRES_SOON if left_days <= warn_days else CardStanding.GOOD
