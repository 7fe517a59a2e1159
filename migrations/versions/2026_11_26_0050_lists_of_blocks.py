"""Blocks come in as lists too, and what stood there before is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "lists_of_blocks"
down_revision = "discovery"
branch_labels = None
depends_on = None

KINDS = ("accounts", "purchases", "blocks")
OLD_KINDS = KINDS[:2]


def upgrade() -> None:
    _set_kinds(KINDS)
    op.create_table(
        "former_blocks",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("former", sa.JSON(), nullable=True),
        sa.Column("left", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_former_blocks_import_id")),
        sa.PrimaryKeyConstraint("import_id", "block_id", name=op.f("pk_former_blocks")),
    )


def downgrade() -> None:
    op.drop_table("former_blocks")
    _set_kinds(OLD_KINDS)


def _set_kinds(kinds: tuple[str, ...]) -> None:
    check = "kind IN (" + ", ".join(f"'{kind}'" for kind in kinds) + ")"
    with _former_accounts_aside():
        for table in ("imports", "import_sources"):
            name = op.f(f"ck_{table}_is_importkind")
            with op.batch_alter_table(table) as batch:
                batch.drop_constraint(name, type_="check")
                batch.create_check_constraint(name, check)


@contextmanager
def _former_accounts_aside() -> Iterator[None]:
    """SQLite makes a table anew to change its check, and refuses that while other rows refer to its rows."""
    if op.get_bind().dialect.name != "sqlite":
        yield
        return
    op.execute("CREATE TEMP TABLE former_accounts_aside AS SELECT * FROM former_accounts")
    op.execute("DELETE FROM former_accounts")
    yield
    op.execute("INSERT INTO former_accounts SELECT * FROM former_accounts_aside")
    op.execute("DROP TABLE former_accounts_aside")
