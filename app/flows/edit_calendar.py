"""Staff close the warehouse on days of its own, or open it again: every promise from then on knows it."""

from datetime import date, datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.catalogue.service import touch_catalogue
from app.core.errors import N_, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.fulfilment.models import WAREHOUSE, ClosingDay
from app.fulfilment.queries import due_counts
from app.fulfilment.queries_calendar import closing_days_from, read_course
from app.fulfilment.rules.closing import ClosingSpan, faults_of_span
from app.fulfilment.rules.runs import Course, with_closed_days
from app.jobs.service import put_job


def add_closing_days(
    session: Session,
    span: ClosingSpan,
    *,
    state: str,
    timezone: str,
    confirmed_count: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Closes the warehouse on the days of a span; the number of days that were not closed before.

    Accepted orders keep the day that was promised; the worker tells those that become late. Raises Invalid with a
    sentence per field, and Refused `calendar.moves_orders` where more orders become late than were confirmed.
    """
    with transaction(session):
        # Its row lock lets one change after the other through, and pages that are kept know the new days.
        touch_catalogue(session)
        course = read_course(session, state=state, timezone=timezone, now=now)
        known = {row.day for row in closing_days_from(session, since=course.today)}
        wrong = faults_of_span(span, today=course.today, ahead_count=len(known - set(span.days)))
        if wrong:
            raise Invalid(N_("Please check the days."), code="calendar.invalid", fields=tuple(wrong))
        new = [day for day in span.days if day not in known]
        late_count = _newly_late(session, course, new)
        if late_count > confirmed_count:
            raise Refused(
                N_(
                    "Accepted orders that become late by it: %(count)s. Tick the box, and their customers are told."
                ),
                code="calendar.moves_orders",
                count=late_count,
            )
        for day in new:
            session.add(
                ClosingDay(warehouse=WAREHOUSE, day=day, name=span.name, added_by=actor.name, created_at=now)
            )
        if new:
            _record(session, "calendar.closed", new, name=span.name, late=late_count, actor=actor, now=now)
            put_job(session, "tell_late_orders", now=now)
    return len(new)


def remove_closing_day(
    session: Session, day: date, *, state: str, timezone: str, actor: Actor, now: datetime
) -> None:
    """Opens the warehouse on a day again. Raises NotFound for a day that is none, or gone by.

    Who was told a later day keeps it; it may come earlier.
    """
    with transaction(session):
        touch_catalogue(session)
        course = read_course(session, state=state, timezone=timezone, now=now)
        rows = [row for row in closing_days_from(session, since=course.today) if row.day == day]
        if not rows:
            raise NotFound(N_("This is no closing day that lies ahead."), code="calendar.unknown_day")
        session.delete(rows[0])
        _record(session, "calendar.opened", [day], name=rows[0].name, late=0, actor=actor, now=now)


def _newly_late(session: Session, course: Course, closing: list[date]) -> int:
    """How many accepted orders would leave later than now if the warehouse were closed on more days."""
    after = with_closed_days(course, closing)
    return sum(
        count
        for dispatch_on, count in due_counts(session)
        if after.run_for(dispatch_on).run_on > course.run_for(dispatch_on).run_on
    )


def _record(
    session: Session,
    action: str,
    days: list[date],
    *,
    name: str,
    late: int,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="calendar",
        object_id=None,
        object_name=name,
        now=now,
        new={"days": [day.isoformat() for day in days], "late_order_count": late},
    )
