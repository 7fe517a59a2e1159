"""Slots for the proof that goods sold without VAT left the country."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import app.core.db

revision = "proofs_of_delivery"
down_revision = "copies_of_invoices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    kind = sa.Enum(
        "arrival", "exit", name="is_proofkind", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "delivery_proofs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reference", text(length=64), nullable=False),
        sa.Column("content_type", text(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", text(length=64), nullable=False),
        sa.Column("uploaded_by", text(length=200), nullable=False),
        sa.Column("uploaded_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("retain_until", sa.Date(), nullable=True),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_delivery_proofs_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_proofs")),
        sa.UniqueConstraint("order_id", name=op.f("uq_delivery_proofs_order_id")),
    )
    op.create_index(
        "ix_delivery_proofs_uploaded_at_due_on", "delivery_proofs", ["uploaded_at", "due_on"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_proofs_uploaded_at_due_on", table_name="delivery_proofs")
    op.drop_table("delivery_proofs")
