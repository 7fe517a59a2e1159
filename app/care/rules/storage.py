"""What storage does to an order of goods: until when it stays, with which run it leaves then, and when it arrives."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta

from app.fulfilment.rules.runs import Course

STORED_PER_UNIT = timedelta(days=7)
"""What one unit of storage is: a started week after the run that would take the order."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """The run that would take the order, the day until which it stays, the run that takes it then, and its arrival."""

    from_on: date
    until_on: date
    run_on: date
    arrives_on: date


def keeping(course: Course, *, dispatch_on: date, promised_on: date, quantity: int) -> Keeping:
    """What so many units of storage do now to an order that should leave on `dispatch_on` and is still here.

    It arrives no earlier than it is promised. Raises ValueError where closing days leave no run within reach.
    """
    from_on = course.run_for(dispatch_on).run_on
    until_on = from_on + quantity * STORED_PER_UNIT
    run_on = course.run_for(until_on).run_on
    return Keeping(from_on, until_on, run_on, max(course.arrival_of(run_on), promised_on))


def details_of_keeping(kept: Keeping) -> dict[str, object]:
    """The same as plain values by name, to be kept."""
    return {name: day.isoformat() for name, day in asdict(kept).items()}


def told_of_keeping(
    details: Mapping[str, object], number: str, *, arrives_on: date | None = None
) -> dict[str, str]:
    """What e-mails say of a storage as it was ordered: for which order, until when, and when it arrives."""
    day = arrives_on.isoformat() if arrives_on else str(details["arrives_on"])
    return {"number": number, "until_on": str(details["until_on"]), "arrives_on": day}


def is_as_agreed(
    details: Mapping[str, object], course: Course, *, dispatch_on: date, promised_on: date
) -> bool:
    """Whether the storage that was ordered (see `details_of_keeping`) would do now just what was shown then."""
    days = {one.name: str(details[one.name]) for one in fields(Keeping)}
    agreed = Keeping(**{name: date.fromisoformat(day) for name, day in days.items()})
    quantity = (agreed.until_on - agreed.from_on) // STORED_PER_UNIT
    return agreed == keeping(course, dispatch_on=dispatch_on, promised_on=promised_on, quantity=quantity)
