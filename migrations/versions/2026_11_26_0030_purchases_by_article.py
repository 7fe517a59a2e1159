"""Purchases are found by article."""

from alembic import op

revision = "purchases_by_article"
down_revision = "synonyms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_purchases_sku", "purchases", ["sku"])


def downgrade() -> None:
    op.drop_index("ix_purchases_sku", table_name="purchases")
