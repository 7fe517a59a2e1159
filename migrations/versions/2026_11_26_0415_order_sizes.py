"""How far each customer's orders are from their rational size is kept for the report."""

import sqlalchemy as sa
from alembic import op

from app.core.db import UTCDateTime

revision = "order_sizes"
down_revision = "price_list_of_services"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_sizes",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("order_count", sa.Integer(), nullable=False),
        sa.Column("size_cents", sa.Integer(), nullable=False),
        sa.Column("recent_cents", sa.Integer(), nullable=True),
        sa.Column("earlier_cents", sa.Integer(), nullable=True),
        sa.Column("rational_cents", sa.Integer(), nullable=True),
        sa.Column("every_days", sa.Integer(), nullable=True),
        sa.Column("saving_cents", sa.Integer(), nullable=False),
        sa.Column("distance_bp", sa.Integer(), nullable=True),
        sa.Column("earlier_distance_bp", sa.Integer(), nullable=True),
        sa.Column("change_bp", sa.Integer(), nullable=True),
        sa.Column("measured_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("order_count > 0 and saving_cents >= 0", name=op.f("ck_order_sizes_counts")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_order_sizes_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_order_sizes")),
    )
    op.create_index(op.f("ix_order_sizes_distance_bp"), "order_sizes", ["distance_bp"])


def downgrade() -> None:
    op.drop_table("order_sizes")
