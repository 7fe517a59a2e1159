"""Which pieces a refund pays back, one open complaint per line and reason, and messages that are sent once."""

import sqlalchemy as sa
from alembic import op

revision = "refunds_of_lines"
down_revision = "sizes_by_agreement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refund_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0 and amount_cents >= 0", name=op.f("ck_refund_lines_amount")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_refund_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_lines")),
        sa.UniqueConstraint(
            "refund_id", "order_line_id", name=op.f("uq_refund_lines_refund_id_order_line_id")
        ),
    )
    op.create_index(op.f("ix_refund_lines_order_line_id"), "refund_lines", ["order_line_id"], unique=False)
    op.execute("ALTER TABLE complaint_lines ADD COLUMN open_key VARCHAR(64)")
    op.create_index("uq_complaint_lines_open_key", "complaint_lines", ["open_key"], unique=True)
    op.execute("ALTER TABLE complaint_messages ADD COLUMN form_key VARCHAR(64)")
    op.create_index(
        "uq_complaint_messages_form_key", "complaint_messages", ["complaint_id", "form_key"], unique=True
    )


def downgrade() -> None:
    op.drop_index("uq_complaint_messages_form_key", "complaint_messages")
    op.execute("ALTER TABLE complaint_messages DROP COLUMN form_key")
    op.drop_index("uq_complaint_lines_open_key", "complaint_lines")
    op.execute("ALTER TABLE complaint_lines DROP COLUMN open_key")
    op.drop_table("refund_lines")
