"""A month is closed once, in its turn, and nothing is dated into it afterwards."""

import threading
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.books.models import MonthClose
from app.books.queries_closing import earliest_open_day, is_closed
from app.books.queries_sealing import FIRST, seal_of
from app.books.rules.months import Month
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.flows.close_month import close_month
from app.invoices.models import InvoiceDraft
from app.invoices.rules.document import DocumentKind, DraftState
from app.payments.rules.ledger import MoneyKind
from tests.make import saved
from tests.make_invoices import issued, money, paid_order

BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
FINANCE = Actor(ActorKind.STAFF, "Fina Nanz", 4)


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def close(session: Session, month: Month, *, reason: str = "", now: datetime | None = None) -> bool:
    now = now or month.ends_at(BERLIN)
    return close_month(session, month, reason=reason, zone=BERLIN, actor=FINANCE, now=now)


def closes(session: Session) -> list[MonthClose]:
    session.rollback()
    return list(session.exec(select(MonthClose).order_by(text("month"))))


def sold(session: Session, month: int) -> None:
    order = paid_order(session, paid_at=at(month, 3), dispatched_at=at(month, 10))
    issued(session, order, issued_at=at(month, 10))


def test_a_closed_month_keeps_its_sums_and_its_seal(session: Session) -> None:
    sold(session, 10)

    assert close(session, OCTOBER)

    (row,) = closes(session)
    assert (row.month, row.closed_by, row.open_count, row.document_count) == (
        date(2026, 10, 1),
        "Fina Nanz",
        0,
        1,
    )
    assert (row.sums["gross_cents"], row.sums["taken_cents"], row.sums["timezone"]) == (
        11_900,
        11_900,
        "Europe/Berlin",
    )
    assert row.sha256 == seal_of(session, OCTOBER, BERLIN).sha256
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "books.month_closed")).one()
    assert (entry.object_name, entry.new and entry.new["sha256"]) == ("2026-10", row.sha256)


def test_closing_twice_is_closing_once(session: Session) -> None:
    sold(session, 10)

    assert [close(session, OCTOBER) for _ in range(2)] == [True, False]

    assert len(closes(session)) == 1
    assert len(session.exec(select(AuditEntry)).all()) == 1


def test_a_month_that_is_not_over_stays_open(session: Session) -> None:
    sold(session, 10)
    last_moment = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)

    with pytest.raises(Refused) as refused:
        close(session, OCTOBER, now=last_moment)

    assert refused.value.code == "books.month_not_over"
    assert closes(session) == []
    assert earliest_open_day(session) == date.min


def test_months_are_closed_one_after_the_other(session: Session) -> None:
    sold(session, 10)
    sold(session, 11)

    with pytest.raises(Refused) as refused:
        close(session, NOVEMBER)
    assert refused.value.code == "books.earlier_month_open"
    assert closes(session) == []

    assert close(session, OCTOBER)
    assert close(session, NOVEMBER)
    first, second = closes(session)
    assert first.sha256 != second.sha256
    assert is_closed(session, date(2026, 11, 30))
    assert not is_closed(session, date(2026, 12, 1))
    assert earliest_open_day(session) == date(2026, 12, 1)


def test_what_waits_for_its_document_needs_a_reason(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 30))
    saved(
        session,
        InvoiceDraft(
            order_id=order.id,
            kind=DocumentKind.INVOICE,
            state=DraftState.BLOCKED,
            created_at=at(10, 30),
            changed_at=at(10, 30),
        ),
    )

    with pytest.raises(Invalid) as invalid:
        close(session, OCTOBER, reason="  ")
    assert invalid.value.fields[0].field == "reason"
    assert closes(session) == []

    assert close(session, OCTOBER, reason="The customer's address is in dispute.")
    assert (closes(session)[0].open_count, closes(session)[0].reason) == (
        2,
        "The customer's address is in dispute.",
    )


def test_money_whose_document_came_after_the_month_needs_none(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 30))
    issued(session, order, kind=DocumentKind.PREPAYMENT, issued_at=at(11, 1))

    assert close(session, OCTOBER)
    assert closes(session)[0].sums["closing_cents"] == 11_900


def test_a_reason_that_is_too_long_is_told(session: Session) -> None:
    with pytest.raises(Invalid):
        close(session, OCTOBER, reason="x" * 1_001)
    assert closes(session) == []


@pytest.mark.parametrize("day", [10, 31])
def test_the_database_takes_no_document_of_a_closed_month(session: Session, day: int) -> None:
    sold(session, 10)
    close(session, OCTOBER)
    order = paid_order(session, paid_at=at(10, 20))

    with pytest.raises(DatabaseError, match="closed"):
        issued(session, order, issued_at=at(10, day))
    with pytest.raises(DatabaseError, match="closed"):
        issued(session, order, issued_at=at(9, day - 1))

    assert seal_of(session, OCTOBER, BERLIN).document_count == 1
    issued(session, order, issued_at=at(11, 1))


@pytest.mark.parametrize("statement", ["UPDATE month_closes SET reason = 'x'", "DELETE FROM month_closes"])
def test_a_close_is_never_changed(session: Session, statement: str) -> None:
    sold(session, 10)
    close(session, OCTOBER)

    with pytest.raises(DatabaseError, match="append-only"), transaction(session):
        session.execute(text(statement))
    assert len(closes(session)) == 1


def test_money_that_is_heard_of_later_does_not_change_a_closed_month(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 5), dispatched_at=at(10, 6))
    issued(session, order, issued_at=at(10, 6))
    close(session, OCTOBER)
    before = closes(session)[0].sha256

    money(session, order, MoneyKind.FEE, 300, at=at(10, 7))

    assert seal_of(session, OCTOBER, BERLIN).sha256 == before
    close(session, NOVEMBER)
    assert closes(session)[1].sums["fee_cents"] == -300


def test_closing_waits_for_the_document_that_is_just_being_written(
    session: Session, database: Database
) -> None:
    sold(session, 10)
    late = paid_order(session, paid_at=at(10, 30), dispatched_at=at(10, 31))
    closed: list[bool] = []

    def close_it() -> None:
        with database.session() as other:
            closed.append(close(other, OCTOBER))

    thread = threading.Thread(target=close_it)
    with transaction(session):
        issued(session, late, issued_at=at(10, 31))
        thread.start()
        thread.join(timeout=0.4)
        assert thread.is_alive()
    thread.join(timeout=20)

    assert closed == [True]
    row = closes(session)[0]
    assert row.document_count == 2
    assert row.sha256 == seal_of(session, OCTOBER, BERLIN).sha256


def test_the_seal_of_an_empty_first_month_is_that_of_nothing(session: Session) -> None:
    close(session, OCTOBER)

    assert closes(session)[0].document_count == 0
    assert closes(session)[0].sha256 != FIRST
