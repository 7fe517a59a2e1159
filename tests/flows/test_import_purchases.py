"""Purchases come in once, whole or not at all; rating sorts their buyers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid
from app.core.transaction import transaction
from app.flows.import_purchases import Imported, import_purchases
from app.flows.rate_accounts import Rated, SegmentSum, rate_accounts
from app.jobs.models import Job
from app.mainbrand.files import open_table
from app.mainbrand.models import MainAccount, Purchase
from app.mainbrand.rejects import Reject
from app.mainbrand.rules.columns import PURCHASE_COLUMNS
from app.mainbrand.rules.segments import Segment
from tests import make

COMMAND = Actor(ActorKind.COMMAND, "shop test")
TITLES = "Rechnungsnummer;Artikelnummer;Menge;Rechnungsdatum;Einzelpreis;Kundennummer;Zeilenart;Währung"


def load(
    session: Session, folder: Path, *lines: str, now: datetime, is_dry_run: bool = False
) -> tuple[Imported, list[Reject]]:
    path = folder / "purchases.csv"
    path.write_text("\n".join((TITLES, *lines)) + "\n", encoding="utf-8")
    rejects: list[Reject] = []
    with open_table(path, PURCHASE_COLUMNS) as table:
        done = import_purchases(
            session,
            table,
            currency="EUR",
            timezone="Europe/Berlin",
            on_reject=rejects.append,
            on_progress=lambda _: None,
            is_dry_run=is_dry_run,
            actor=COMMAND,
            now=now,
        )
    return done, rejects


def rate(
    session: Session, now: datetime, *, is_dry_run: bool = False, as_of: datetime | None = None
) -> Rated:
    return rate_accounts(session, as_of=as_of, is_dry_run=is_dry_run, actor=COMMAND, now=now)


def account(session: Session, number: str) -> MainAccount:
    session.rollback()
    session.expire_all()
    return session.exec(select(MainAccount).where(col(MainAccount.account_number) == number)).one()


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Purchase)).one()


LINES = (
    "R1;ET-1001;10;2026-01-05 10:00;49,00;4711;;",
    "R1;ET-1002;-2;2026-01-05 10:00;18,50;4711;;",
    "R2;POST;1;2026-01-06 10:00;9,00;4711;non_product;",
)


def test_a_line_dated_after_tomorrow_is_refused_and_the_others_come_in(
    session: Session, tmp_path: Path, now: datetime
) -> None:
    ahead = "R9;ET-1001;10;2026-03-04 00:00;49,00;4711;;"

    _, rejects = load(session, tmp_path, LINES[0], ahead, now=now)

    assert [(one.column, one.reason) for one in rejects] == [
        ("invoice_ts", "is after tomorrow: nothing can have been bought then")
    ]
    assert count(session) == 1


def test_a_line_becomes_a_purchase_with_exact_values(session: Session, tmp_path: Path, now: datetime) -> None:
    load(session, tmp_path, LINES[1], now=now)

    row = session.exec(select(Purchase)).one()
    assert (row.account_number, row.invoice_number, row.sku) == ("4711", "R1", "ET-1002")
    assert (row.quantity_milli, row.net_cents, row.currency, row.is_goods) == (-2_000, -3_700, "EUR", True)
    assert row.purchased_at == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def test_a_second_time_adds_only_what_is_new(session: Session, tmp_path: Path, now: datetime) -> None:
    first, _ = load(session, tmp_path, *LINES, now=now)

    second, _ = load(session, tmp_path, *LINES, LINES[0], now=now)
    third, _ = load(session, tmp_path, *LINES, LINES[0], now=now)

    assert first == Imported(3, 0, 0)
    assert second == Imported(1, 3, 0)
    assert third == Imported(0, 4, 0)
    assert count(session) == 4
    assert len(session.exec(select(AuditEntry)).all()) == 2


def test_a_dry_run_counts_and_writes_nothing(session: Session, tmp_path: Path, now: datetime) -> None:
    load(session, tmp_path, LINES[0], now=now)

    done, _ = load(session, tmp_path, *LINES, "R3;;1;2026-01-01;1;4711;;", now=now, is_dry_run=True)

    assert done == Imported(2, 1, 1)
    assert count(session) == 1


def test_a_file_that_breaks_off_changes_nothing(session: Session, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(Invalid):
        load(session, tmp_path, LINES[0], "R2;" + "x" * 200_000, now=now)

    assert count(session) == 0


def test_buyers_are_rated_by_the_goods_of_twelve_months(
    session: Session, tmp_path: Path, now: datetime
) -> None:
    load(
        session,
        tmp_path,
        "R1;X;1;2026-01-10 12:00;50000;100;;",
        "R2;X;1;2025-01-10 12:01;10000;200;;",
        "R3;X;1;2026-01-10 12:00;9999,99;300;;",
        "R4;POST;1;2026-01-10 12:00;70000;300;non_product;",
        "R5;X;1;2025-01-10 12:00;80000;400;;",
        "R6;X;1;2026-01-09 12:00;90000;500;;USD",
        now=now,
    )

    rated = rate(session, now)

    assert rated.segments == {
        Segment.A: SegmentSum(1, 5_000_000),
        # 9,999.99 in two months are a pace far above the bound: low revenue, but no C-customer.
        Segment.B: SegmentSum(2, 1_999_999),
        Segment.C: SegmentSum(1, 0),
        # Dollars are not counted: nobody knows whether that buyer is small.
        Segment.UNRATED: SegmentSum(1, 0),
    }
    assert (rated.added_count, rated.changed_count, rated.foreign_line_count) == (5, 5, 1)
    assert rated.ends_at == datetime(2026, 1, 10, 11, 0, tzinfo=UTC)
    assert account(session, "300").segment_reason == (
        "revenue 9,999.99 in 12 months is below the B threshold of 10,000.00, "
        "but the prospect of growth is 0.26 ± 0.13"
    )
    assert (account(session, "100").company_name, account(session, "100").rated_at) == ("100", now)


def test_rating_again_changes_nothing(session: Session, tmp_path: Path, now: datetime) -> None:
    load(session, tmp_path, *LINES, now=now)
    rate(session, now)

    again = rate(session, now + timedelta(days=1))

    assert (again.added_count, again.changed_count) == (0, 0)
    assert account(session, "4711").rated_at == now
    entries = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "accounts.rated")).all()
    assert len(entries) == 1
    assert len(session.exec(select(Job).where(col(Job.kind) == "screen_all")).all()) == 1


def test_a_dry_run_shows_the_same_sums_and_writes_nothing(
    session: Session, tmp_path: Path, now: datetime
) -> None:
    load(session, tmp_path, *LINES, now=now)

    shown = rate(session, now, is_dry_run=True)

    assert session.exec(select(MainAccount)).all() == []
    assert rate(session, now) == shown


def test_the_end_of_the_twelve_months_can_be_chosen(session: Session, tmp_path: Path, now: datetime) -> None:
    load(session, tmp_path, *LINES, now=now)

    rated = rate(session, now, as_of=datetime(2025, 12, 31, tzinfo=UTC))

    assert rated.segments[Segment.C] == SegmentSum(1, 0)


def test_an_account_without_purchases_keeps_what_the_list_says(
    session: Session, tmp_path: Path, now: datetime
) -> None:
    with transaction(session):
        for number, listed, revenue in (("1", Segment.A, 5), ("2", None, 2_000_000), ("3", None, None)):
            make.main_account(
                session,
                account_number=number,
                listed_segment=listed,
                segment=listed or Segment.UNRATED,
                revenue_12m_cents=revenue,
            )

    rate(session, now)

    assert [account(session, number).segment for number in "123"] == [Segment.A, Segment.B, Segment.UNRATED]
    assert account(session, "2").rated_at is None


def test_purchases_outrank_the_segment_of_the_list(session: Session, tmp_path: Path, now: datetime) -> None:
    with transaction(session):
        make.main_account(session, account_number="4711", segment=Segment.A, listed_segment=Segment.A)
    load(session, tmp_path, *LINES, now=now)

    rate(session, now)

    assert account(session, "4711").segment is Segment.C
    assert account(session, "4711").revenue_12m_cents == 45_300
