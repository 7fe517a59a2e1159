"""Which bundles share a block is read from indexes alone."""

from alembic import op

revision = "related_bundles"
down_revision = "lists_of_blocks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_bundle_items_block_id_bundle_version_id", "bundle_items", ["block_id", "bundle_version_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_bundle_items_block_id_bundle_version_id", "bundle_items")
