"""How long somebody looks at a case: the moment it was opened travels in the form, signed."""

from datetime import UTC, datetime

from app.core.security import is_signed, sign
from app.customers.rules.reviewing import seconds_at_work

PURPOSE = "review_opened"


def opened_mark(secret_key: str, *, screening_id: int, staff_member_id: int, now: datetime) -> str:
    """The moment, bound to the case and the person, for the form's hidden field: looking writes no row."""
    moment = str(int(now.timestamp()))
    value = f"{screening_id}:{staff_member_id}:{moment}"
    return f"{moment}.{sign(secret_key, purpose=PURPOSE, value=value)}"


def seconds_looked(
    mark: str, secret_key: str, *, screening_id: int, staff_member_id: int, now: datetime
) -> int | None:
    """The seconds since the case was opened; None for over 30 minutes, and for a mark that is not ours."""
    moment, _, signature = mark.partition(".")
    if not (moment.isascii() and moment.isdecimal() and len(moment) < 12):
        return None
    value = f"{screening_id}:{staff_member_id}:{moment}"
    if not is_signed(secret_key, purpose=PURPOSE, value=value, signature=signature):
        return None
    return seconds_at_work(opened_at=datetime.fromtimestamp(int(moment), UTC), now=now)
