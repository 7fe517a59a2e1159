"""The schema: one line of migrations, which makes from nothing exactly the tables of the models."""

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from app.tables import metadata
from tests.architecture.tree import ROOT, modules
from tests.databases import Databases, migrate, opened

# Each engine keeps its full-text index in its own way; the models do not know these tables.
UNMAPPED = ("search_", "catalogue_search")


def include_object(
    _thing: object, name: str | None, kind: str, is_reflected: bool, _compared: object
) -> bool:
    return not (kind in ("table", "index") and is_reflected and str(name).startswith(UNMAPPED))


def test_there_is_one_newest_migration() -> None:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))

    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_the_name_of_every_migration_says_when_and_what() -> None:
    names = [
        module.path.rpartition("/")[2] for module in modules("migrations") if "/versions/" in module.path
    ]

    assert names
    assert [name for name in names if not name[:15].replace("_", "").isdigit() or len(name) < 20] == []


def test_migrating_from_nothing_makes_exactly_the_tables_of_the_models(databases: Databases) -> None:
    made = databases.new_blank()
    migrate(made.url)
    compared = {"include_object": include_object, "compare_type": True, "compare_server_default": False}

    with opened(made) as database, database.reading.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=compared), metadata)
        checks = _checks(connection)

    assert differences == []
    assert checks == {
        table.name: sorted(
            str(rule.name) for rule in table.constraints if rule.__class__.__name__ == "CheckConstraint"
        )
        for table in metadata.sorted_tables
    }


def test_migrating_twice_changes_nothing(databases: Databases) -> None:
    made = databases.new()
    with opened(made) as database:
        with database.reading.connect() as connection:
            before = sorted(inspect(connection).get_table_names())

        migrate(made.url)

        with database.reading.connect() as connection:
            assert sorted(inspect(connection).get_table_names()) == before


def _checks(connection: Connection) -> dict[str, list[str]]:
    inspector = inspect(connection)
    return {
        table.name: sorted(str(check["name"]) for check in inspector.get_check_constraints(table.name))
        for table in metadata.sorted_tables
    }
