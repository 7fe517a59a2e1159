"""Indexes by which the staff's lists show payments and shipments in the order of time."""

from alembic import op

revision = "time_order"
down_revision = "rating"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_payments_created_at"), "payments", ["created_at"], unique=False)
    op.create_index(op.f("ix_shipments_dispatched_at"), "shipments", ["dispatched_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_shipments_dispatched_at"), table_name="shipments")
    op.drop_index(op.f("ix_payments_created_at"), table_name="payments")
