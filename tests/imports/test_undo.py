"""An import is taken back to the last byte, or refused where something builds on it: `app/flows/undo_import.py`."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, func, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.admission import ScreeningState
from app.flows.rate_accounts import rate_accounts
from app.flows.undo_import import Undone, undo_import
from app.imports.models import Import
from app.imports.rules.states import ImportKind, ImportState
from app.insights.invariants import check_invariants
from app.jobs.models import Job
from app.mainbrand.models import Cause, MainAccount, SegmentChange
from app.mainbrand.rules.segments import Segment
from tests import make
from tests.imports.hand_in import ACCOUNTS, CLERK, Office, table_rows

BEFORE = ACCOUNTS + "1;Ahrenborn „Süd“ 'x';Ulm;A\n2;Birkeck;;\n3;Celle;;C\n"
AFTER = ACCOUNTS + "1;Ahrenborn Nord;Köln;C\n2;Birkeck;;\n4;Dorn;;B\n5;Esche;;C\n"
PURCHASES = "invoice;stock_code;quantity;invoice_ts;unit_price;customer_id\n"


def undo(office: Office, entry: Import, *, later: timedelta = timedelta(0)) -> Undone:
    assert entry.id is not None
    return undo_import(office.session, entry.id, actor=CLERK, now=office.now + later)


def count_jobs(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Job).where(col(Job.kind) == "screen_all")).one()


def test_every_account_stands_there_as_before_in_every_column(office: Office, database: Database) -> None:
    office.applied(BEFORE)
    with transaction(office.session):
        rated = office.session.exec(select(MainAccount).where(col(MainAccount.account_number) == "1")).one()
        rated.rated_at, rated.revenue_12m_cents = (
            office.now - timedelta(days=1, microseconds=7),
            9_000_000_000,
        )
    before = table_rows(database, "main_accounts")
    office.now += timedelta(days=1)
    entry = office.applied(AFTER)
    assert (entry.new_count, entry.changed_count, entry.unchanged_count) == (2, 1, 1)

    undone = undo(office, entry)

    assert undone == Undone(2, 1, 0)
    assert table_rows(database, "main_accounts") == before
    found = check_invariants(office.session, now=office.now)
    assert [one for one in found if one.invariant != "no_job_is_left_lying"] == []
    assert office.entry(entry.id or 0).state is ImportState.UNDONE
    assert count_jobs(office.session) == 3
    last = office.session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert last is not None
    assert (last.action, last.actor_name, last.new) == (
        "import.undone",
        "Kim Büro",
        {"removed": 2, "restored": 1, "unlinked": 0},
    )


def test_a_segment_that_goes_back_stands_in_the_history_and_the_old_keys_find_the_company_again(
    office: Office, database: Database
) -> None:
    office.applied(ACCOUNTS + "1;Ahrenborn;Ulm;A\n")
    with_old_keys = table_rows(database, "match_keys")
    office.now += timedelta(days=1)
    entry = office.applied(ACCOUNTS + "1;Krögelin;Ulm;C\n2;Esche;;C\n")

    undo(office, entry)

    account = office.session.exec(select(MainAccount)).one()
    changes = office.session.exec(select(SegmentChange).order_by(col(SegmentChange.id))).all()
    assert [(one.old_segment, one.new_segment, one.cause) for one in changes] == [
        (Segment.A, Segment.C, Cause.LIST),
        (Segment.C, Segment.A, Cause.UNDO),
    ]
    assert account.segment is Segment.A
    assert table_rows(database, "match_keys") == with_old_keys


def test_undoing_twice_undoes_once_and_the_import_before_becomes_the_last(
    office: Office, database: Database
) -> None:
    first, second = office.applied(BEFORE), office.applied(AFTER)
    undo(office, second)
    between = table_rows(database, "main_accounts", "audit_entries")

    again = undo(office, second)

    assert again == Undone(0, 0, 0)
    assert table_rows(database, "main_accounts", "audit_entries") == between
    undo(office, first)
    assert table_rows(database, "main_accounts")["main_accounts"] == []


def test_an_import_that_a_newer_one_builds_on_is_not_undone(office: Office, database: Database) -> None:
    first, second = office.applied(BEFORE), office.applied(AFTER)
    before = table_rows(database, "main_accounts", "imports", "former_accounts", "jobs", "audit_entries")

    with pytest.raises(Refused, match="newer import") as refused:
        undo(office, first)

    assert refused.value.values["file_name"] == second.file_name
    assert (
        table_rows(database, "main_accounts", "imports", "former_accounts", "jobs", "audit_entries") == before
    )


def test_an_import_that_changed_nothing_does_not_stand_in_the_way(office: Office) -> None:
    first = office.applied(BEFORE)
    office.applied(BEFORE)

    assert undo(office, first).removed_count == 3


def test_an_import_that_a_rating_builds_on_is_not_undone(office: Office, database: Database) -> None:
    entry = office.applied("Kundennummer;Firma;Umsatz\n1;Ahrenborn;20000\n")
    with transaction(office.session):
        account = office.session.exec(select(MainAccount)).one()
        account.segment = Segment.C
    before = table_rows(database, "main_accounts")

    with pytest.raises(Refused, match="1 companies were rated") as refused:
        undo(office, entry)

    assert refused.value.code == "import.rated"
    assert table_rows(database, "main_accounts") == before


def test_purchases_that_an_import_added_go_and_others_stay(office: Office, database: Database) -> None:
    office.applied(PURCHASES + "R1;A;1;2026-01-05;2;7\n", kind=ImportKind.PURCHASES)
    before = table_rows(database, "purchases")
    entry = office.applied(
        PURCHASES + "R1;A;1;2026-01-05;2;7\nR2;B;3;2026-01-06;2;7\n", kind=ImportKind.PURCHASES
    )
    assert (entry.new_count, entry.unchanged_count) == (1, 1)

    undone = undo(office, entry)

    assert undone == Undone(1, 0, 0)
    assert table_rows(database, "purchases") == before
    assert count_jobs(office.session) == 0


def test_purchases_by_which_a_company_was_rated_stay(office: Office, database: Database) -> None:
    entry = office.applied(PURCHASES + "R1;A;1;2026-01-05;2;7\n", kind=ImportKind.PURCHASES)
    later = office.now + timedelta(hours=1)
    rate_accounts(office.session, as_of=None, is_dry_run=False, actor=CLERK, now=later)
    before = table_rows(database, "purchases", "main_accounts")

    with pytest.raises(Refused, match="rated"):
        undo(office, entry, later=timedelta(hours=2))

    assert table_rows(database, "purchases", "main_accounts") == before


def test_a_customer_of_an_account_that_goes_is_unlinked_and_compared_again(office: Office) -> None:
    entry = office.applied(ACCOUNTS + "1;Ahrenborn;Ulm;C\n")
    account = office.session.exec(select(MainAccount)).one()
    customer = make.customer(office.session, main_account_id=account.id)
    jobs_before = count_jobs(office.session)

    undone = undo(office, entry)

    assert undone == Undone(1, 0, 1)
    office.session.rollback()
    fresh = office.session.get_one(Customer, customer.id, populate_existing=True)
    assert (fresh.main_account_id, fresh.screening) == (None, ScreeningState.CLEAR)
    assert count_jobs(office.session) == jobs_before + 1


def test_after_a_month_it_is_too_late_and_a_list_never_written_cannot_be_undone(office: Office) -> None:
    entry = office.applied(BEFORE)
    checked = office.checked(AFTER)

    with pytest.raises(Refused, match="30 days"):
        undo(office, entry, later=timedelta(days=31))
    with pytest.raises(Refused, match="was written"):
        undo(office, checked)

    assert office.entry(entry.id or 0).state is ImportState.APPLIED
