"""Invoices, the numbers they take, the ledger of money, and what VAT an order bears."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import app.core.db

revision = "money_and_paper"
down_revision = "refunds_for_our_faults"
branch_labels = None
depends_on = None

VAT_CASES = ("domestic", "intra_community", "reverse_charge", "export", "outside")
VAT_STATES = ("unchecked", "confirmed", "invalid", "unavailable")
SEALED = ("money_events", "invoices", "invoice_taxes")

# What the ledger would hold had it been there from the beginning.
BACKFILL = (
    "SELECT order_id, id, 'authorised', amount_cents, 'authorised:' || id, coalesce(intent_id, ''), authorised_at"
    " FROM payments WHERE authorised_at IS NOT NULL",
    "SELECT order_id, id, 'captured', amount_cents, 'captured:' || id, coalesce(intent_id, ''), settled_at"
    " FROM payments WHERE state = 'captured'",
    "SELECT order_id, id, 'released', amount_cents, 'released:' || id, coalesce(intent_id, ''), settled_at"
    " FROM payments WHERE state = 'released'",
    "SELECT order_id, payment_id, 'refunded', amount_cents, 'refunded:' || id || '-' || retry_count,"
    " coalesce(refund_id, ''), done_at FROM refunds WHERE state = 'done'",
)


def upgrade() -> None:
    _make_tables()
    _add_word("customers", "vat_status", "is_vatidstatus", VAT_STATES)
    op.add_column(
        "customers", sa.Column("vat_confirmed_at", app.core.db.UTCDateTime(timezone=True), nullable=True)
    )
    _add_word("orders", "vat_case", "is_vatcase", VAT_CASES)
    _add_word("payments", "way", "is_paymentway", ("card_page", "off_session"))
    op.execute("ALTER TABLE mails ADD COLUMN attachments JSON NOT NULL DEFAULT '[]'")
    for rows in BACKFILL:
        op.execute(
            "INSERT INTO money_events (order_id, payment_id, kind, amount_cents, key, stripe_id, at) " + rows
        )
    for table in SEALED:
        _seal(table)


def downgrade() -> None:
    raise NotImplementedError("Invoices cannot be taken away again: restore the backup instead.")


def _add_word(table: str, column: str, check: str, words: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(32) NOT NULL DEFAULT '{words[0]}'"
        f" CONSTRAINT ck_{table}_{check} CHECK ({column} IN ({listed}))"
    )


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


def _make_tables() -> None:
    op.create_table(
        "number_ranges",
        sa.Column("prefix", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.CheckConstraint("last_number >= 0", name=op.f("ck_number_ranges_last_number")),
        sa.PrimaryKeyConstraint("prefix", "year", name=op.f("pk_number_ranges")),
    )
    op.create_table(
        "billing_profiles",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("street", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("postal_code", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("city", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("country", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("buyer_reference", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("wants_xrechnung", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("changed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_billing_profiles_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_billing_profiles")),
    )
    op.create_table(
        "money_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "authorised",
                "captured",
                "released",
                "refunded",
                "refund_failed",
                "disputed",
                "dispute_won",
                "dispute_lost",
                "fee",
                name="is_moneykind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("stripe_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_money_events_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_money_events_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_money_events_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_events")),
        sa.UniqueConstraint("key", name=op.f("uq_money_events_key")),
    )
    op.create_index(op.f("ix_money_events_at"), "money_events", ["at"], unique=False)
    op.create_index("ix_money_events_order_id_id", "money_events", ["order_id", "id"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice",
                "prepayment",
                "correction",
                name="is_documentkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("supplied_on", sa.Date(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(length=3), nullable=False),
        sa.Column(
            "vat_case",
            sa.Enum(
                "domestic",
                "intra_community",
                "reverse_charge",
                "export",
                "outside",
                name="is_vatcase",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("vat_cents", sa.Integer(), nullable=False),
        sa.Column("gross_cents", sa.Integer(), nullable=False),
        sa.Column("buyer_name", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("buyer_vat_id", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("buyer_country", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.Column("xml_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("retain_until", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'correction') = (corrects_id is not null)", name=op.f("ck_invoices_corrects")
        ),
        sa.CheckConstraint("gross_cents = net_cents + vat_cents", name=op.f("ck_invoices_sum")),
        sa.CheckConstraint("net_cents >= 0 and vat_cents >= 0", name=op.f("ck_invoices_amounts")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoices.id"], name=op.f("fk_invoices_corrects_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoices_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_invoices_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_invoices_refund_id")),
    )
    op.create_index(op.f("ix_invoices_corrects_id"), "invoices", ["corrects_id"], unique=False)
    op.create_index("ix_invoices_customer_id_id", "invoices", ["customer_id", "id"], unique=False)
    op.create_index("ix_invoices_issued_on_id", "invoices", ["issued_on", "id"], unique=False)
    op.create_index(op.f("ix_invoices_order_id"), "invoices", ["order_id"], unique=False)
    op.create_index(op.f("ix_invoices_retain_until"), "invoices", ["retain_until"], unique=False)
    op.create_index(
        "uq_invoices_one_per_order",
        "invoices",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("kind in ('invoice', 'prepayment')"),
        postgresql_where=sa.text("kind in ('invoice', 'prepayment')"),
    )
    op.create_table(
        "invoice_drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice",
                "prepayment",
                "correction",
                name="is_documentkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "blocked",
                "issued",
                name="is_draftstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("buyer_reference", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("billing_name", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("billing_street", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("billing_postal_code", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("billing_city", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("billing_country", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_drafts_invoice_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoice_drafts_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_invoice_drafts_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_drafts")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_invoice_drafts_refund_id")),
    )
    op.create_index(op.f("ix_invoice_drafts_order_id"), "invoice_drafts", ["order_id"], unique=False)
    op.create_index("ix_invoice_drafts_state_id", "invoice_drafts", ["state", "id"], unique=False)
    op.create_index(
        "uq_invoice_drafts_one_per_order",
        "invoice_drafts",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("refund_id is null"),
        postgresql_where=sa.text("refund_id is null"),
    )
    op.create_table(
        "invoice_taxes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("vat_rate_bp", sa.Integer(), nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("vat_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("net_cents >= 0 and vat_cents >= 0", name=op.f("ck_invoice_taxes_amounts")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_taxes_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_taxes")),
        sa.UniqueConstraint(
            "invoice_id",
            "category",
            "vat_rate_bp",
            name=op.f("uq_invoice_taxes_invoice_id_category_vat_rate_bp"),
        ),
    )
    op.create_index(op.f("ix_invoice_taxes_invoice_id"), "invoice_taxes", ["invoice_id"], unique=False)
