"""From upload to result, step by step, with the real reading process: `app/flows/*_import.py`."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select

from app.audit.models import AuditEntry
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.flows.receive_import import receive_import
from app.flows.start_import import cancel_import, start_import
from app.flows.tidy_imports import tidy_imports
from app.imports.child import Message
from app.imports.models import FormerAccount, ImportSource
from app.imports.rules.states import ImportKind, ImportState
from app.imports.service import lock_import
from app.imports.service_reading import read_into
from app.imports.spool import Incoming
from app.imports.task import ReadTask
from app.jobs.models import Job
from app.mainbrand.models import MainAccount, Purchase
from app.mainbrand.rules.notation import DateStyle, NumberStyle
from tests.imports.hand_in import ACCOUNTS, CLERK, Office, files_in, table_rows

PURCHASES = "Rechnung;Artikel;Menge;Datum;Preis;Kunde Nr\n"


def accounts(session: Session) -> dict[str, str]:
    session.rollback()
    return dict(session.exec(select(MainAccount.account_number, MainAccount.company_name)).all())


def count_jobs(session: Session, kind: str) -> int:
    return session.exec(select(func.count()).select_from(Job).where(col(Job.kind) == kind)).one()


def test_an_upload_is_looked_into_and_its_columns_are_suggested(office: Office) -> None:
    entry = office.entry(office.hand_in(ACCOUNTS + "1;Ahrenborn;Ulm;A\n2;Birkeck;;\n"))

    assert entry.state is ImportState.MAPPING
    assert entry.titles == ["Kundennummer", "Firma", "Ort", "Segment"]
    assert entry.sample == [["1", "Ahrenborn", "Ulm", "A"], ["2", "Birkeck", "", ""]]
    assert entry.mapping == {
        "account_number": "Kundennummer",
        "company_name": "Firma",
        "city": "Ort",
        "segment": "Segment",
    }


def test_a_dry_run_shows_the_first_lines_as_understood_counts_and_writes_nothing(
    office: Office, session: Session
) -> None:
    office.applied(ACCOUNTS + "1;Ahrenborn;Ulm;A\n2;Birkeck;;\n")

    entry = office.checked(ACCOUNTS + "1;Ahrenborn KG;Ulm;A\n2;Birkeck;;\n3;Neu;;C\n4;Falsch;;Z\n")

    assert entry.state is ImportState.CHECKED
    assert (entry.new_count, entry.changed_count, entry.unchanged_count, entry.rejected_count) == (1, 1, 1, 1)
    assert entry.reasons == [{"column": "segment", "reason": "is neither A, B nor C", "count": 1}]
    assert accounts(session) == {"1": "Ahrenborn", "2": "Birkeck"}
    first, *_, last = entry.preview
    assert (first["line"], first["faults"]) == (2, [])
    assert first["cells"][0] == {"column": "account_number", "raw": "1", "kind": "text", "value": "1"}
    assert last["faults"] == [{"column": "segment", "reason": "is neither A, B nor C", "is_note": False}]


def test_what_was_checked_is_written_once_and_audited_with_its_counts(
    office: Office, session: Session
) -> None:
    entry = office.checked(ACCOUNTS + "1;Ahrenborn;Ulm;A\n")
    assert entry.id is not None
    start_import(session, entry.id, actor=CLERK, now=office.now)
    start_import(session, entry.id, actor=CLERK, now=office.now)

    first, again = office.apply(entry.id), office.apply(entry.id)

    assert (first.state, first.new_count, first.applied_at) == (ImportState.APPLIED, 1, office.now)
    assert again.new_count == 1
    assert accounts(session) == {"1": "Ahrenborn"}
    assert count_jobs(session, "apply_import") == 1
    assert count_jobs(session, "screen_all") == 1
    actions = session.exec(
        select(AuditEntry.action, AuditEntry.actor_name).order_by(col(AuditEntry.id))
    ).all()
    assert [action for action, _ in actions] == [
        "import.received",
        "import.mapped",
        "import.started",
        "accounts.imported",
    ]
    assert {name for _, name in actions} == {"Kim Büro"}


def test_repeating_an_import_changes_nothing_and_screens_nobody(office: Office, database: Database) -> None:
    office.applied(ACCOUNTS + "1;Ahrenborn;Ulm;A\n2;Birkeck;;\n")
    before = table_rows(database, "main_accounts", "former_accounts")

    again = office.applied(ACCOUNTS + "1;Ahrenborn;Ulm;A\n2;Birkeck;;\n")

    assert (again.new_count, again.changed_count, again.unchanged_count) == (0, 0, 2)
    assert table_rows(database, "main_accounts", "former_accounts") == before
    assert count_jobs(office.session, "screen_all") == 1


def test_columns_chosen_by_hand_are_remembered_for_the_source_and_for_the_headings(
    office: Office, session: Session
) -> None:
    titles = "Nr;Wer;Seit\n"
    chosen = {"account_number": "Nr", "company_name": "Wer"}
    first = office.hand_in(titles + "1;Ahrenborn;2001\n", source="  ERP  Export ")
    office.map(first, chosen, numbers=NumberStyle.GERMAN)

    same_headings = office.entry(office.hand_in("Wer;Nr;Seit\nBirkeck;2;2002\n"))
    same_source = office.entry(office.hand_in("Nr;Wer;Ort\n3;Celle;Ulm\n", source="ERP Export"))

    assert same_headings.mapping == chosen
    assert same_source.mapping == {**chosen, "city": "Ort"}
    assert same_source.number_style is NumberStyle.GERMAN
    names = session.exec(select(ImportSource.name)).all()
    assert "ERP Export" in names


@pytest.mark.parametrize(
    "mapping, field",
    [
        ({"account_number": "Kundennummer"}, "company_name"),
        ({"account_number": "Kundennummer", "company_name": "Nirgends"}, "company_name"),
        ({"account_number": "Firma", "company_name": "Firma"}, "account_number"),
    ],
)
def test_wrong_columns_are_named_and_nothing_goes_on(
    office: Office, mapping: dict[str, str], field: str
) -> None:
    import_id = office.hand_in(ACCOUNTS + "1;Ahrenborn;Ulm;A\n")

    with pytest.raises(Invalid) as refused:
        office.map(import_id, mapping)

    assert field in [fault.field for fault in refused.value.fields]
    assert office.entry(import_id).state is ImportState.MAPPING
    assert count_jobs(office.session, "check_import") == 0


def test_a_heading_that_stands_twice_may_be_there_but_not_be_chosen(office: Office) -> None:
    import_id = office.hand_in("Nr;Firma;Notiz;Notiz\n1;Ahrenborn;a;b\n")

    with pytest.raises(Invalid):
        office.map(import_id, {"account_number": "Nr", "company_name": "Firma", "city": "Notiz"})
    office.map(import_id, {"account_number": "Nr", "company_name": "Firma"})

    assert office.check(import_id).new_count == 1


def test_german_and_english_numbers_and_dates_are_read_as_the_person_says(
    office: Office, session: Session
) -> None:
    mapping = {
        "invoice": "Rechnung", "stock_code": "Artikel", "quantity": "Menge", "invoice_ts": "Datum",
        "unit_price": "Preis", "customer_id": "Kunde Nr",
    }  # fmt: skip
    line = "R1;A;1.234;03/04/2025;2;7\n"
    plain = office.hand_in(PURCHASES + line, kind=ImportKind.PURCHASES)
    office.map(plain, mapping)
    german = office.hand_in(PURCHASES + line, kind=ImportKind.PURCHASES)
    office.map(german, mapping, numbers=NumberStyle.GERMAN, dates=DateStyle.DAY_FIRST)
    english = office.hand_in(PURCHASES + line, kind=ImportKind.PURCHASES)
    office.map(english, mapping, numbers=NumberStyle.ENGLISH, dates=DateStyle.MONTH_FIRST)

    checks = [office.check(import_id) for import_id in (plain, german, english)]

    assert [check.rejected_count for check in checks] == [1, 0, 0]
    shown = [{cell["column"]: cell["value"] for cell in check.preview[0]["cells"]} for check in checks[1:]]
    assert [(one["quantity"], one["invoice_ts"]) for one in shown] == [
        (1_234_000, "2025-04-02T22:00:00+00:00"),
        (1_234, "2025-03-03T23:00:00+00:00"),
    ]


def test_a_purchase_dated_after_tomorrow_is_refused_by_the_reading_process(office: Office) -> None:
    mapping = {
        "invoice": "Rechnung", "stock_code": "Artikel", "quantity": "Menge", "invoice_ts": "Datum",
        "unit_price": "Preis", "customer_id": "Kunde Nr",
    }  # fmt: skip
    lines = "R1;A;1;2026-03-03;2;7\nR2;A;1;2026-03-04;2;7\n"
    import_id = office.hand_in(PURCHASES + lines, kind=ImportKind.PURCHASES)
    office.map(import_id, mapping)

    entry = office.check(import_id)

    assert (entry.new_count, entry.rejected_count) == (1, 1)
    assert [(one["column"], one["reason"]) for one in entry.reasons] == [
        ("invoice_ts", "is after tomorrow: nothing can have been bought then")
    ]


def test_refused_lines_come_back_corrected_with_the_same_columns_and_values(
    office: Office, session: Session
) -> None:
    source = "Nr;Wer;Wo;Klasse\n1;=HYPERLINK(1);Ulm;Z\n2;'-quoted;@here;Z\n3;+49;-1;Z\n"
    mapping = {"account_number": "Nr", "company_name": "Wer", "city": "Wo", "segment": "Klasse"}
    first = office.hand_in(source)
    office.map(first, mapping)
    rejects = office.rejects(office.check(first))
    assert rejects.splitlines()[1:] == [
        "1;'=HYPERLINK(1);Ulm;Z;2;segment;is neither A, B nor C",
        "2;''-quoted;'@here;Z;3;segment;is neither A, B nor C",
        "3;'+49;'-1;Z;4;segment;is neither A, B nor C",
    ]
    again = office.hand_in("\ufeff" + rejects.replace(";Z;", ";C;"))
    office.map(again)
    office.check(again)
    start_import(session, again, actor=CLERK, now=office.now)
    office.apply(again)

    assert accounts(session) == {"1": "=HYPERLINK(1)", "2": "'-quoted", "3": "+49"}
    cities = session.exec(select(MainAccount.city).order_by(col(MainAccount.account_number))).all()
    assert list(cities) == ["Ulm", "@here", "-1"]


def test_a_file_that_is_no_list_ends_its_import_with_the_reason(office: Office, session: Session) -> None:
    entry = office.entry(office.hand_in(b"%PDF-1.7 something", file_name="liste.pdf"))

    assert entry.state is ImportState.FAILED
    assert (entry.error_code, entry.error_values["path"]) == ("file.unknown_kind", "liste.pdf")
    assert accounts(session) == {}


def test_a_file_that_breaks_off_further_down_changes_nothing_and_says_why(
    office: Office, session: Session
) -> None:
    entry = office.checked(ACCOUNTS + "1;Ahrenborn;Ulm;A\n" * 30 + "2;" + "x" * 200_000 + "\n")

    assert (entry.state, entry.error_code) == (ImportState.FAILED, "file.damaged")
    assert accounts(session) == {}


def test_an_import_is_cancelled_before_it_is_written_and_its_file_is_gone(
    office: Office, session: Session
) -> None:
    entry = office.checked(ACCOUNTS + "1;Ahrenborn;Ulm;A\n")
    assert entry.id is not None

    cancel_import(session, entry.id, spool=office.spool, actor=CLERK, now=office.now)

    with pytest.raises(Refused, match="gone on"):
        start_import(session, entry.id, actor=CLERK, now=office.now)
    assert office.apply(entry.id).state is ImportState.CANCELLED
    assert files_in(office.spool.folder) == []
    assert accounts(session) == {}


def test_one_that_is_cancelled_while_it_is_read_is_not_written(office: Office, session: Session) -> None:
    entry = office.checked(ACCOUNTS + "1;Ahrenborn;Ulm;A\n")
    assert entry.id is not None
    import_id = entry.id
    start_import(session, import_id, actor=CLERK, now=office.now)

    def read(task: ReadTask, folder: Path, listen: Callable[[Message], bool]) -> Message:
        done = read_into(task, folder, lambda _: True)
        cancel_import(session, import_id, spool=office.spool, actor=CLERK, now=office.now)
        return done

    office.read = read

    assert office.apply(import_id).state is ImportState.CANCELLED
    assert accounts(session) == {}


def test_what_is_being_written_at_this_moment_is_not_cancelled(
    office: Office, database: Database, session: Session
) -> None:
    entry = office.checked(ACCOUNTS + "1;Ahrenborn;Ulm;A\n")
    assert entry.id is not None
    import_id, faults = entry.id, []
    start_import(session, import_id, actor=CLERK, now=office.now)

    def cancel() -> None:
        with database.session() as own:
            try:
                cancel_import(own, import_id, spool=office.spool, actor=CLERK, now=office.now)
            except Refused as error:
                faults.append(error.code)

    with transaction(session):
        lock_import(session, import_id).state = ImportState.APPLIED
        session.flush()
        canceller = threading.Thread(target=cancel)
        canceller.start()
        canceller.join(timeout=1)
    canceller.join()

    assert faults == ["import.being_written" if not database.is_sqlite else "import.wrong_state"]
    assert office.entry(import_id).state is ImportState.APPLIED
    assert ".list" in files_in(office.spool.folder)


def test_of_two_imports_at_once_the_second_waits_and_both_are_there(
    office: Office, database: Database, session: Session
) -> None:
    ids = []
    for first in (0, 500):
        lines = "".join(f"{number};Firma {number};;C\n" for number in range(first, first + 700))
        entry = office.checked(ACCOUNTS + lines)
        assert entry.id is not None
        start_import(session, entry.id, actor=CLERK, now=office.now)
        ids.append(entry.id)
    faults: list[BaseException] = []

    def write(import_id: int) -> None:
        try:
            with database.session() as own:
                Office(own, office.spool, office.now).apply(import_id)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    counts = sorted((office.entry(one).new_count, office.entry(one).unchanged_count) for one in ids)
    assert counts == [(500, 200), (700, 0)]
    assert len(accounts(session)) == 1_200


def test_an_empty_upload_and_one_too_many_are_refused_and_leave_no_file(office: Office) -> None:
    with pytest.raises(Invalid, match="not empty"):
        office.hand_in(b"")
    for _ in range(20):
        incoming = office.spool.receive()
        incoming.write(b"x")
        office_receive(office, incoming)
    incoming = office.spool.receive()
    incoming.write(b"x")

    with pytest.raises(Refused, match="Too many"):
        office_receive(office, incoming)

    assert files_in(office.spool.folder) == [".list"] * 20


def office_receive(office: Office, incoming: Incoming) -> None:
    receive_import(
        office.session,
        incoming,
        kind=ImportKind.ACCOUNTS,
        file_name="a.csv",
        source="",
        actor=CLERK,
        now=office.now,
    )


def test_what_nobody_finishes_ends_after_a_week_and_old_files_go(office: Office, session: Session) -> None:
    waiting = office.checked(ACCOUNTS + "1;Ahrenborn;Ulm;Z\n")
    done = office.applied(ACCOUNTS + "2;Birkeck;Ulm;A\n3;Celle;;Z\n")
    half = office.spool.receive()
    half.write(b"broke off")
    half._file.close()
    assert waiting.id is not None
    assert done.id is not None

    tidy_imports(session, spool=office.spool, now=office.now + timedelta(days=6))
    assert office.entry(waiting.id).state is ImportState.CHECKED
    later = utc_now() + timedelta(days=40)
    tidy_imports(session, spool=office.spool, now=later)

    assert office.entry(waiting.id).state is ImportState.CANCELLED
    assert office.entry(done.id).state is ImportState.APPLIED
    assert session.exec(select(func.count()).select_from(FormerAccount)).one() == 0
    assert files_in(office.spool.folder) == []
    assert (office.entry(done.id).sample, office.entry(done.id).preview) == ([], [])


def test_purchases_carry_the_import_that_added_them(office: Office, session: Session) -> None:
    mapping = {
        "invoice": "Rechnung", "stock_code": "Artikel", "quantity": "Menge", "invoice_ts": "Datum",
        "unit_price": "Preis", "customer_id": "Kunde Nr",
    }  # fmt: skip
    import_id = office.hand_in(PURCHASES + "R1;A;1;2026-01-05;2;7\n", kind=ImportKind.PURCHASES)
    office.map(import_id, mapping)
    office.check(import_id)
    start_import(session, import_id, actor=CLERK, now=office.now)

    office.apply(import_id)

    assert [row.import_id for row in session.exec(select(Purchase))] == [import_id]
