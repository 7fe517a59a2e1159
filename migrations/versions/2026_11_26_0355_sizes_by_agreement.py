"""Blocks and bundles say themselves in which sizes they are sold, or inherit it; exceptions end at a moment."""

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "sizes_by_agreement"
down_revision = "effort_results"
branch_labels = None
depends_on = None

ADDED = {
    "blocks": {"minimum_quantity_milli": "minimum_quantity", "order_step_milli": "order_step"},
    "bundle_versions": {"own_minimum_quantity": "own_minimum", "own_order_step": "own_step"},
}
"""The new columns of each table with the names of their checks."""


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column, check in columns.items():
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN {column} INTEGER"
                f" CONSTRAINT ck_{table}_{check} CHECK ({column} > 0)"
            )
    # Published versions take what they had as their own word: only here they may be written to.
    _thaw()
    op.execute(
        "UPDATE bundle_versions SET own_minimum_quantity = minimum_quantity, own_order_step = order_step"
    )
    _freeze()
    with op.batch_alter_table("agreements") as batch:
        batch.add_column(sa.Column("ends_at", app.core.db.UTCDateTime(timezone=True), nullable=False))
    op.create_index(
        "uq_agreements_open",
        "agreements",
        ["customer_id", "bundle_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("What was added here cannot be taken away again: restore the backup instead.")


def _thaw() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER frozen_versions_update")
    else:
        op.execute("ALTER TABLE bundle_versions DISABLE TRIGGER frozen_versions")


def _freeze() -> None:
    """As `2026_11_23_0903_published_versions_are_frozen.py` made it."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER frozen_versions_update BEFORE UPDATE ON bundle_versions"
            " WHEN old.published_at IS NOT NULL"
            " BEGIN SELECT RAISE(ABORT, 'a published bundle version is frozen'); END"
        )
    else:
        op.execute("ALTER TABLE bundle_versions ENABLE TRIGGER frozen_versions")
