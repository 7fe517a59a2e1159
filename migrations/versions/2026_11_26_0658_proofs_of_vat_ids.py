"""Each question about a VAT id is kept with its answer; an order keeps the id that was used for it."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import app.core.db

revision = "proofs_of_vat_ids"
down_revision = "money_and_paper"
branch_labels = None
depends_on = None

WORDS = {
    "service": ("is_vatservice", ("vies", "evatr")),
    "outcome": ("is_vatoutcome", ("valid", "mismatch", "invalid", "unavailable")),
    "purpose": ("is_vatpurpose", ("registration", "change", "checkout", "invoice", "staff")),
}


def upgrade() -> None:
    op.create_table(
        "vat_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("vat_id", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        *(_word(name) for name in ("service", "outcome")),
        sa.Column("request_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("matched", sa.JSON(), nullable=False),
        _word("purpose"),
        sa.Column("at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_vat_checks_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_checks")),
    )
    op.create_index("ix_vat_checks_customer_id_id", "vat_checks", ["customer_id", "id"], unique=False)
    op.execute("ALTER TABLE orders ADD COLUMN vat_id VARCHAR(20) NOT NULL DEFAULT ''")
    _seal("vat_checks")


def downgrade() -> None:
    raise NotImplementedError("Proofs cannot be taken away again: restore the backup instead.")


def _word(name: str) -> sa.Column[str]:
    check, words = WORDS[name]
    kind = sa.Enum(*words, name=check, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, kind, nullable=False)


def _seal(table: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
