"""A refund says whether it made good a fault of ours: no later decision about its complaint changes that."""

from alembic import op

revision = "refunds_for_our_faults"
down_revision = "order_sizes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE refunds ADD COLUMN is_for_us BOOLEAN NOT NULL DEFAULT false")
    op.execute(
        "UPDATE refunds SET is_for_us = true"
        " WHERE id IN (SELECT refund_id FROM complaints WHERE fault = 'ours' AND refund_id IS NOT NULL)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE refunds DROP COLUMN is_for_us")
