"""What staff pay back, disputes with their evidence, and early fraud warnings."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import app.core.db

revision = "disputes"
down_revision = "the_books"
branch_labels = None
depends_on = None

# Until now a charge-back stood only on the order's timeline and in the ledger of efforts; the sweep reads the rest.
KNOWN_DISPUTES = """
INSERT INTO disputes (dispute_id, payment_id, order_id, amount_cents, reason, status, opened_at, taken_at, checked_at,
 passed_at, passed_by, pass_reason, evidence, token, retry_count, submitted_by, failure)
SELECT substr(e.source_key, 9), p.id, p.order_id, p.amount_cents, substr(replace(e.note, ' ', '_'), 1, 64),
 CASE WHEN e.cause = 'theirs' AND e.corrected_at IS NULL THEN 'won' ELSE 'needs_response' END,
 e.at, e.at, e.at,
 (SELECT max(o.at) FROM order_events o WHERE o.order_id = p.order_id AND o.kind = 'chargeback_passed' AND o.at >= e.at),
 '', '', '{}', 'of-' || e.id, 0, '', ''
FROM effort_events e JOIN payments p ON p.order_id = e.order_id AND p.state = 'captured'
WHERE e.kind = 'chargeback' AND e.source_key LIKE 'dispute:%'
"""
KNOWN_MONEY = (
    "INSERT INTO money_events (order_id, payment_id, kind, amount_cents, key, stripe_id, at)"
    " SELECT order_id, payment_id, 'disputed', amount_cents, 'disputed:' || id, dispute_id, opened_at FROM disputes",
    "INSERT INTO money_events (order_id, payment_id, kind, amount_cents, key, stripe_id, at)"
    " SELECT order_id, payment_id, 'dispute_won', amount_cents, 'dispute_won:' || id, dispute_id, opened_at"
    " FROM disputes WHERE status = 'won'",
)


def upgrade() -> None:
    _make_tables()
    op.execute(KNOWN_DISPUTES)
    for rows in KNOWN_MONEY:
        op.execute(rows)
    op.execute("UPDATE jobs SET kind = 'follow_dispute' WHERE kind = 'note_chargeback'")


def downgrade() -> None:
    op.execute("UPDATE jobs SET kind = 'note_chargeback' WHERE kind = 'follow_dispute'")
    for table in ("dispute_files", "disputes", "fraud_warnings", "refund_charges", "refund_requests"):
        op.drop_table(table)


def _make_tables() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("due_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("opened_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("taken_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("checked_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("passed_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("passed_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("pass_reason", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("submitting_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.CheckConstraint("amount_cents >= 0", name=op.f("ck_disputes_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_disputes_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_disputes_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_disputes_dispute_id")),
    )
    op.create_index(op.f("ix_disputes_order_id"), "disputes", ["order_id"], unique=False)
    op.create_index(op.f("ix_disputes_payment_id"), "disputes", ["payment_id"], unique=False)
    op.create_index(op.f("ix_disputes_status"), "disputes", ["status"], unique=False)
    op.create_table(
        "fraud_warnings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("warning_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("fraud_type", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("told_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "refund",
                "leave",
                name="is_warningdecision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("decided_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fraud_warnings_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_fraud_warnings_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fraud_warnings")),
        sa.UniqueConstraint("warning_id", name=op.f("uq_fraud_warnings_warning_id")),
    )
    op.create_index(op.f("ix_fraud_warnings_order_id"), "fraud_warnings", ["order_id"], unique=False)
    op.create_index(op.f("ix_fraud_warnings_payment_id"), "fraud_warnings", ["payment_id"], unique=False)
    op.create_table(
        "dispute_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_row_id", sa.Integer(), nullable=False),
        sa.Column("field", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("content_type", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("stripe_file_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("added_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("added_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispute_row_id"], ["disputes.id"], name=op.f("fk_dispute_files_dispute_row_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_files")),
        sa.UniqueConstraint("dispute_row_id", "field", name=op.f("uq_dispute_files_dispute_row_id_field")),
    )
    op.create_table(
        "refund_charges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refund_charges_amount")),
        sa.ForeignKeyConstraint(["charge_id"], ["charges.id"], name=op.f("fk_refund_charges_charge_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_charges_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_charges")),
        sa.UniqueConstraint("refund_id", "charge_id", name=op.f("uq_refund_charges_refund_id_charge_id")),
    )
    op.create_index(op.f("ix_refund_charges_charge_id"), "refund_charges", ["charge_id"], unique=False)
    op.create_table(
        "refund_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "not_delivered",
                "faulty",
                "wrong_price",
                "duplicate",
                "withdrawn",
                "fraud",
                "goodwill",
                name="is_refundreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "granted",
                "declined",
                name="is_requeststate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refund_requests_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refund_requests_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_requests_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_requests")),
        sa.UniqueConstraint("form_key", name=op.f("uq_refund_requests_form_key")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_refund_requests_refund_id")),
    )
    op.create_index(op.f("ix_refund_requests_order_id"), "refund_requests", ["order_id"], unique=False)
    op.create_index(op.f("ix_refund_requests_state"), "refund_requests", ["state"], unique=False)
