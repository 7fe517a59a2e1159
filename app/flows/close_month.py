"""A month of the books is closed: from now on no document is dated into it, and its sums stay as they are."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from app.audit.service import Actor, record
from app.books.models import MonthClose
from app.books.queries_closing import close_of, last_close
from app.books.queries_month import sum_month
from app.books.queries_open import count_drafts, count_unsettled
from app.books.queries_sealing import has_anything_before, last_event_id, seal_of
from app.books.rules.months import Month
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction

LONGEST_REASON = 1_000


def close_month(
    session: Session, month: Month, *, reason: str, zone: ZoneInfo, actor: Actor, now: datetime
) -> bool:
    """Closes a month for good; False where it is closed already: twice is once.

    Raises Refused (`books.month_not_over`, `books.earlier_month_open`), and Invalid without a reason where something
    of the month still waits for its document, or with one that is too long.
    """
    if len(reason.strip()) > LONGEST_REASON:
        raise _invalid(N_("Please use at most 1,000 characters."))
    with transaction(session):
        _keep_others_out(session)
        if close_of(session, month) is not None:
            return False
        _check_turn(session, month, zone, now=now)
        open_count = count_drafts(session, month, zone) + count_unsettled(session, month, zone)
        if open_count and not reason.strip():
            raise _invalid(N_("Please say why the month is closed although not all of it has its document."))
        seal = seal_of(session, month, zone)
        sums = {**sum_month(session, month, zone).to_json(), "timezone": zone.key}
        close = MonthClose(
            month=month.first_on,
            closed_at=now,
            closed_by=actor.name,
            open_count=open_count,
            reason=reason.strip(),
            document_count=seal.document_count,
            last_money_event_id=last_event_id(session),
            sums=sums,
            sha256=seal.sha256,
        )
        session.add(close)
        session.flush()
        record(
            session,
            actor,
            action="books.month_closed",
            object_kind="month",
            object_id=close.id,
            object_name=str(month),
            reason=close.reason,
            new={"sha256": close.sha256, "open_count": open_count, **sums},
            now=now,
        )
    return True


def _keep_others_out(session: Session) -> None:
    """On PostgreSQL whoever is writing a document or an event ends first, and the next waits; SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE month_closes, invoices, money_events IN SHARE ROW EXCLUSIVE MODE"))


def _check_turn(session: Session, month: Month, zone: ZoneInfo, *, now: datetime) -> None:
    """Months are closed one after the other, and only when they are over."""
    if now < month.ends_at(zone):
        raise Refused(N_("The month is not over yet."), code="books.month_not_over")
    newest = last_close(session)
    is_next = (
        not has_anything_before(session, month, zone)
        if newest is None
        else Month.of(newest.month).following == month
    )
    if not is_next:
        raise Refused(N_("Please close the months before it first."), code="books.earlier_month_open")


def _invalid(message: str) -> Invalid:
    return Invalid(
        N_("Please check the entries."), code="books.invalid", fields=(FieldError("reason", message),)
    )
