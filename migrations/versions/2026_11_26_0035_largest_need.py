"""Blocks know the most that one smallest order takes of them; listings are found by their version."""

import sqlalchemy as sa
from alembic import op

revision = "largest_need"
down_revision = "life_of_a_version"
branch_labels = None
depends_on = None

NEEDS = (
    "UPDATE blocks SET largest_need_milli = coalesce((SELECT max(CAST(i.quantity_milli AS BIGINT)"
    " * ((l.minimum_quantity + l.order_step - 1) / l.order_step) * l.order_step) FROM listings l"
    " JOIN bundle_items i ON i.bundle_version_id = l.bundle_version_id WHERE i.block_id = blocks.id), 0)"
)


def upgrade() -> None:
    op.add_column(
        "blocks", sa.Column("largest_need_milli", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute(NEEDS)
    op.create_index("ix_listings_bundle_version_id", "listings", ["bundle_version_id"])


def downgrade() -> None:
    op.drop_index("ix_listings_bundle_version_id", table_name="listings")
    op.drop_column("blocks", "largest_need_milli")
