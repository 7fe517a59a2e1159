"""The schema: one line of migrations, which makes from nothing exactly the tables of the models."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from app.tables import metadata
from tests.architecture.tree import ROOT, modules
from tests.databases import Databases, migrate, opened

SOLD_BEFORE = (
    "INSERT INTO blocks (id, sku, name_de, name_en, kind, unit_code, unit_cost_cents, main_brand_price_cents,"
    " main_brand_lead_time_days, vat_rate_bp, source, created_at)"
    " VALUES (1, 'PF-1', 'Öl', 'Oil', 'care_product', 'LTR', 200, 500, 2, 1900, 'own', '2026-01-01 00:00:00')",
    "INSERT INTO bundles (id, slug, state, current_version_id, created_at)"
    " VALUES (1, 'oel', 'published', 1, '2026-01-01 00:00:00')",
    "INSERT INTO bundle_versions (id, bundle_id, version_number, name_de, name_en, text_de, text_en, kind,"
    " price_cents, minimum_quantity, order_step, created_at)"
    " VALUES (1, 1, 1, 'Öl', 'Oil', '', '', 'care_product', 4000, 1, 1, '2026-01-01 00:00:00')",
    "INSERT INTO bundle_items (id, bundle_version_id, block_id, quantity, sku, name_de, name_en, unit_code,"
    " vat_rate_bp, reference_price_cents, unit_cost_cents, main_brand_lead_time_days)"
    " VALUES (1, 1, 1, 7, 'PF-1', 'Öl', 'Oil', 'LTR', 1900, 500, 200, 2)",
    "UPDATE bundle_versions SET published_at = '2026-01-02 00:00:00'",
    "INSERT INTO listings (bundle_id, bundle_version_id, slug, name_de, name_en, kind, price_cents,"
    " minimum_quantity, order_step, main_brand_lead_time_days, block_count, has_image, position, kind_position,"
    " sort_key, search_name, search_text)"
    " VALUES (1, 1, 'oel', 'Öl', 'Oil', 'care_product', 4000, 1, 1, 2, 1, false, 1, 1, 'oel', 'oel', 'oel')",
)

IMPORTED_BEFORE = (
    "INSERT INTO imports (id, kind, state, file_name, file_bytes, file_hash, source, titles, sample, preview, mapping,"
    " number_style, date_style, currency, is_automatic, is_dry_run, is_writing, read_count, new_count, changed_count,"
    " unchanged_count, rejected_count, noted_count, reasons, error_code, error_text, error_values, actor_kind,"
    " actor_name, created_at, undone_by) VALUES (7, 'accounts', 'applied', 'x', 1, '', '', '[]', '[]', '[]', '{}',"
    " 'plain', 'plain', 'EUR', false, false, false, 1, 1, 0, 0, 0, 0, '[]', '', '', '{}', 'staff', 'x',"
    " '2026-01-01 00:00:00', '')",
    "INSERT INTO former_accounts (import_id, account_id, left_hash, left_segment) VALUES (7, 9, '', '')",
)


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
    compared = {"compare_type": True, "compare_server_default": False}

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


def test_what_was_sold_before_keeps_its_quantities_and_stays_frozen(databases: Databases) -> None:
    made = databases.new_blank()
    migrate(made.url, "imports")
    with opened(made) as database:
        with database.writing.connect().execution_options(is_write=True) as connection, connection.begin():
            for statement in SOLD_BEFORE:
                connection.execute(text(statement))

        migrate(made.url)

        with database.reading.connect() as connection:
            item = connection.execute(text("SELECT quantity_milli, weight_g FROM bundle_items")).one()
            stage = connection.execute(text("SELECT stage FROM bundle_versions")).scalar_one()
            listed = connection.execute(
                text("SELECT single_unit_code, single_quantity_milli, stock_level FROM listings")
            )
            assert (tuple(item), stage) == ((7_000, 0), "published")
            assert tuple(listed.one()) == ("LTR", 7_000, "plenty")
        with (
            database.writing.connect().execution_options(is_write=True) as connection,
            pytest.raises(DBAPIError, match="frozen"),
        ):
            connection.execute(text("UPDATE bundle_items SET quantity_milli = 1"))


def test_imports_and_what_stood_there_before_them_survive_the_lists_of_blocks(databases: Databases) -> None:
    made = databases.new_blank()
    migrate(made.url, "discovery")
    with opened(made) as database:
        with database.writing.connect().execution_options(is_write=True) as connection, connection.begin():
            for statement in IMPORTED_BEFORE:
                connection.execute(text(statement))

        migrate(made.url)

        with database.reading.connect() as connection:
            kept = connection.execute(
                text(
                    "SELECT i.kind, f.account_id FROM imports i JOIN former_accounts f ON f.import_id = i.id"
                )
            )
            assert tuple(kept.one()) == ("accounts", 9)


def _checks(connection: Connection) -> dict[str, list[str]]:
    inspector = inspect(connection)
    return {
        table.name: sorted(str(check["name"]) for check in inspector.get_check_constraints(table.name))
        for table in metadata.sorted_tables
    }
