"""Months are closed, exports are asked for, and papers whose time is over may be deleted, no earlier."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import app.core.db

revision = "the_books"
down_revision = "proofs_of_vat_ids"
branch_labels = None
depends_on = None

# When a row is kept no longer, by the database's own clock; money of a year's last day counts for the next year, so
# that no time zone makes it go too early.
IS_OVER = {
    "sqlite": {
        "invoices": "OLD.retain_until < date('now')",
        "invoice_taxes": (
            "NOT EXISTS (SELECT 1 FROM invoices WHERE id = OLD.invoice_id AND retain_until >= date('now'))"
        ),
        "money_events": "date(OLD.at, '+1 day', 'start of year', '+9 years') <= date('now')",
    },
    "postgresql": {
        "invoices": "OLD.retain_until < CURRENT_DATE",
        "invoice_taxes": (
            "NOT EXISTS (SELECT 1 FROM invoices WHERE id = OLD.invoice_id AND retain_until >= CURRENT_DATE)"
        ),
        "money_events": (
            "date_trunc('year', OLD.at AT TIME ZONE 'UTC' + interval '1 day') + interval '9 years' <= CURRENT_DATE"
        ),
    },
}


def upgrade() -> None:
    _make_tables()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER month_closes_no_{verb.lower()} BEFORE {verb} ON month_closes "
            "BEGIN SELECT RAISE(ABORT, 'month_closes is append-only'); END"
        )
    op.execute(
        "CREATE TRIGGER invoices_in_open_months BEFORE INSERT ON invoices "
        "WHEN EXISTS (SELECT 1 FROM month_closes WHERE month >= date(NEW.issued_on, 'start of month')) "
        "BEGIN SELECT RAISE(ABORT, 'the month of this document is closed'); END"
    )
    for table, is_over in IS_OVER["sqlite"].items():
        op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT ({is_over}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is kept longer than today'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER month_closes_append_only BEFORE UPDATE OR DELETE ON month_closes "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE FUNCTION refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT 1 FROM month_closes WHERE month >= date_trunc('month', NEW.issued_on)::date) THEN "
        "RAISE EXCEPTION 'the month of this document is closed'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER invoices_in_open_months BEFORE INSERT ON invoices "
        "FOR EACH ROW EXECUTE FUNCTION refuse_closed_month()"
    )
    for table, is_over in IS_OVER["postgresql"].items():
        op.execute(
            f"CREATE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'DELETE' AND {is_over} THEN RETURN OLD; END IF; "
            "RAISE EXCEPTION '% is append-only, and kept longer than today', TG_TABLE_NAME; END $$"
        )
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION keep_{table}()"
        )


def _make_tables() -> None:
    op.create_table(
        "month_closes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("open_count", sa.Integer(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("document_count", sa.Integer(), nullable=False),
        sa.Column("last_money_event_id", sa.Integer(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.CheckConstraint("open_count = 0 or reason <> ''", name=op.f("ck_month_closes_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_closes")),
        sa.UniqueConstraint("month", name=op.f("uq_month_closes_month")),
    )
    op.create_table(
        "book_exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "ready",
                "failed",
                "gone",
                name="is_exportstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("asked_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("asked_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("done_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("document_count", sa.Integer(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.CheckConstraint("first_month <= last_month", name=op.f("ck_book_exports_months")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_exports")),
        sa.UniqueConstraint("token", name=op.f("uq_book_exports_token")),
    )
    op.create_index(op.f("ix_book_exports_state"), "book_exports", ["state"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Closed months cannot be opened again: restore the backup instead.")
