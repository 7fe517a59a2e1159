"""A worker that is killed while it writes a list leaves the former state, and the list is written once all the same."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import bindparam, delete, text, update
from sqlmodel import Session, col, func, select

from app.core.clock import utc_now
from app.core.db import UTCDateTime
from app.core.failpoints import ALL
from app.core.transaction import transaction
from app.customers.models import Customer
from app.flows.start_import import start_import
from app.imports.models import FormerAccount, Import
from app.imports.rules.states import ImportState
from app.imports.spool import Spool
from app.jobs.models import Job
from app.mainbrand.models import MainAccount, MatchKey, RatingOverride, RatingResult, SegmentChange
from app.worker import run_until_idle
from tests.faults.conftest import World
from tests.faults.test_killed_at_each_point import _assert_killed
from tests.imports.hand_in import ACCOUNTS, CLERK, Office, files_in
from tests.processes import run_shop

BY_WORKER = [name for name in ALL if name.startswith("apply_import.")]
BEFORE = ACCOUNTS + "1;Ahrenborn;Ulm;A\n2;Birkeck;;C\n"
AFTER = ACCOUNTS + "1;Ahrenborn Nord;Ulm;A\n2;Birkeck;;C\n3;Celle;;B\n4;Falsch;;Z\n"


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    """A clerk of the world's shop, whose list before is written."""
    with world.db.session() as session:
        with transaction(session):
            # Companies of other tests in this world may be linked to accounts that go.
            session.execute(update(Customer).values(main_account_id=None))
            notes = (RatingResult, SegmentChange, RatingOverride, MatchKey)
            for model in (*notes, FormerAccount, MainAccount, Import, Job):
                session.execute(delete(model))
        made = Office(session, Spool(world.shop.settings.spool_folder), utc_now())
        made.applied(BEFORE)
        run_until_idle(world.shop)
        yield made


def names(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(MainAccount.company_name).order_by(col(MainAccount.account_number))))


def let_the_lease_run_out(world: World) -> None:
    statement = text("UPDATE jobs SET lease_until_at = :now WHERE state = 'running'")
    with world.db.writing.connect().execution_options(is_write=True) as connection:
        connection.execute(statement.bindparams(bindparam("now", type_=UTCDateTime)), {"now": utc_now()})
        connection.commit()


@pytest.mark.parametrize("name", BY_WORKER)
def test_a_worker_killed_while_it_writes_a_list_writes_it_once(
    name: str, world: World, office: Office
) -> None:
    entry = office.checked(AFTER)
    assert entry.id is not None
    start_import(office.session, entry.id, actor=CLERK, now=utc_now())
    armed = world.work(name)
    try:
        _assert_killed(armed)
    finally:
        armed.kill9()
    is_written = name == "apply_import.after_commit"

    assert names(office.session) == (
        ["Ahrenborn Nord", "Birkeck", "Celle"] if is_written else ["Ahrenborn", "Birkeck"]
    )
    assert office.entry(entry.id).state is (ImportState.APPLIED if is_written else ImportState.APPLYING)
    let_the_lease_run_out(world)
    time.sleep(0.01)
    run_until_idle(world.shop)

    done = office.entry(entry.id)
    assert names(office.session) == ["Ahrenborn Nord", "Birkeck", "Celle"]
    assert (done.state, done.new_count, done.changed_count, done.rejected_count) == (
        ImportState.APPLIED,
        1,
        1,
        1,
    )
    kept = office.session.exec(
        select(func.count()).select_from(FormerAccount).where(col(FormerAccount.import_id) == entry.id)
    ).one()
    assert kept == 2
    assert "4;Falsch;;Z" in office.rejects(done)
    unfinished = office.session.exec(
        select(Job.kind).where(col(Job.kind) == "apply_import", col(Job.state) != "done")
    ).all()
    assert unfinished == []


def test_an_undoing_killed_before_its_commit_undoes_nothing_and_can_be_repeated(
    world: World, office: Office
) -> None:
    entry = office.applied(AFTER)
    settings = {**world.settings, "SHOP_FAILPOINT": "undo_import.before_commit"}

    killed = run_shop("undo-import", str(entry.id), database_url=world.database_url, settings=settings)

    assert killed.returncode == -9
    assert names(office.session) == ["Ahrenborn Nord", "Birkeck", "Celle"]
    again = run_shop("undo-import", "--json", database_url=world.database_url, settings=world.settings)
    assert again.returncode == 0, again.stderr
    assert names(office.session) == ["Ahrenborn", "Birkeck"]
    assert office.entry(entry.id or 0).state is ImportState.UNDONE


def test_what_a_killed_worker_left_on_the_disk_goes(world: World, office: Office) -> None:
    folder = world.shop.settings.spool_folder
    assert ".rejects.csv" in files_in(folder)
    (folder / "work-left").mkdir(exist_ok=True)

    swept = Spool(folder).sweep(known=frozenset(), before=utc_now())

    assert swept >= 2
    assert not (folder / "work-left").exists()
