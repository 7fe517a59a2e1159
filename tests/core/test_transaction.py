"""The one door through which anything is written."""

import threading

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from app.catalogue.models import CatalogueState
from app.core.db import Database
from app.core.transaction import OutsideTransaction, transaction


def _version(database: Database) -> int:
    with database.read_session() as session:
        return session.get_one(CatalogueState, 1).version


def test_what_is_written_outside_a_transaction_is_refused(session: Session, database: Database) -> None:
    row = session.get_one(CatalogueState, 1)
    row.version = 99

    with pytest.raises(OutsideTransaction):
        session.commit()
    with pytest.raises(OutsideTransaction):
        session.execute(update(CatalogueState).values(version=99))

    assert _version(database) == 1


def test_transactions_do_not_nest(session: Session) -> None:
    with transaction(session), pytest.raises(OutsideTransaction), transaction(session):
        pass


def test_an_exception_takes_everything_back(session: Session, database: Database) -> None:
    def change_half() -> None:
        with transaction(session):
            session.get_one(CatalogueState, 1).version = 7
            session.flush()
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        change_half()

    assert _version(database) == 1


def test_rows_read_before_are_read_again_inside(session: Session, database: Database) -> None:
    row = session.get_one(CatalogueState, 1)
    with database.session() as other, transaction(other):
        other.get_one(CatalogueState, 1).version = 5

    with transaction(session):
        assert row.version == 5


def test_parallel_increments_are_never_lost(database: Database) -> None:
    def increment() -> None:
        for _ in range(25):
            with database.session() as session, transaction(session):
                row = session.get_one(CatalogueState, 1, with_for_update=True)
                row.version += 1

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _version(database) == 201


def test_a_change_is_not_written_by_a_page_that_only_reads(read_session: Session, database: Database) -> None:
    read_session.get_one(CatalogueState, 1).version = 42

    with pytest.raises(OutsideTransaction):
        read_session.commit()

    assert _version(database) == 1


def test_a_bulk_update_counts_its_rows(session: Session) -> None:
    with transaction(session):
        done = session.execute(update(CatalogueState).where(col(CatalogueState.id) == 1).values(version=3))

        assert done.rowcount == 1  # type: ignore[attr-defined]


def test_a_locked_row_is_read_afresh_even_if_it_was_touched_before(
    session: Session, database: Database
) -> None:
    with transaction(session):
        row = session.get_one(CatalogueState, 1)
        assert row.version == 1
        if not database.is_sqlite:
            with database.session() as other, transaction(other):
                other.get_one(CatalogueState, 1).version = 8

        locked = session.get_one(CatalogueState, 1, with_for_update=True)

        assert locked.version == (1 if database.is_sqlite else 8)
