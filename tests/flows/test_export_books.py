"""An export is asked for once, made by the worker, and gone after two weeks."""

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.books.models import BookExport
from app.books.rules.gdpdu import Supplier
from app.books.rules.months import Month
from app.books.rules.states import ExportState
from app.core.errors import Invalid
from app.flows.export_books import KEPT, ask_export, export_path, forget_exports, give_up_export, make_export
from app.jobs.models import Job
from tests.make_invoices import issued, paid_order

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 3, 9, tzinfo=UTC)
NOVEMBER = Month(2026, 11)
FINANCE = Actor(ActorKind.STAFF, "Fina Nanz", 4)


def ask(session: Session, first: Month = NOVEMBER, last: Month = NOVEMBER) -> int:
    return ask_export(session, first, last, zone=BERLIN, actor=FINANCE, now=NOW)


def make_it(session: Session, reading: Session, export_id: int, folder: Path) -> bool:
    supplier = Supplier("Kessler GmbH", "Leipzig", "")
    made = make_export(session, reading, export_id, folder=folder, zone=BERLIN, supplier=supplier, now=NOW)
    return made is not None


def export(session: Session) -> BookExport:
    session.rollback()
    return session.exec(select(BookExport)).one()


def test_an_export_is_made_once_however_often_it_is_asked_for(
    session: Session, read_session: Session, tmp_path: Path
) -> None:
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    issued(session, paid_order(session, paid_at=at, dispatched_at=at), issued_at=at)

    first, second = ask(session), ask(session)
    made = [make_it(session, read_session, first, tmp_path) for _ in range(2)]

    assert first == second
    assert made == [True, False]
    row = export(session)
    assert (row.state, row.document_count, row.asked_by) == (ExportState.READY, 1, "Fina Nanz")
    with zipfile.ZipFile(export_path(tmp_path, row)) as archive:
        assert archive.testzip() is None
    assert [entry.action for entry in session.exec(select(AuditEntry))] == ["books.exported"]
    assert len(session.exec(select(Job)).all()) == 1


def test_a_kill_before_the_end_leaves_an_export_that_is_made_again(
    session: Session, read_session: Session, tmp_path: Path
) -> None:
    export_id = ask(session)
    leftover = export_path(tmp_path, export(session)).with_suffix(".zip.part")
    leftover.write_bytes(b"half")

    assert make_it(session, read_session, export_id, tmp_path)

    assert [path.suffix for path in tmp_path.iterdir()] == [".zip"]


def test_files_go_after_two_weeks_and_the_row_says_so(
    session: Session, read_session: Session, tmp_path: Path
) -> None:
    make_it(session, read_session, ask(session), tmp_path)

    assert forget_exports(session, folder=tmp_path, now=NOW + KEPT) == 0
    assert forget_exports(session, folder=tmp_path, now=NOW + KEPT + timedelta(seconds=1)) == 1

    assert export(session).state is ExportState.GONE
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_could_not_be_made_says_so(session: Session) -> None:
    export_id = ask(session)

    give_up_export(session, export_id, now=NOW)

    assert export(session).state is ExportState.FAILED


@pytest.mark.parametrize(
    "first, last",
    [
        (NOVEMBER, Month(2026, 10)),
        (NOVEMBER, Month(2027, 1)),
        (Month(2016, 1), Month(2026, 1)),
    ],
)
def test_months_that_make_no_export_are_refused(session: Session, first: Month, last: Month) -> None:
    with pytest.raises(Invalid):
        ask(session, first, last)

    assert session.exec(select(BookExport)).all() == []
    assert session.exec(select(Job)).all() == []
