"""Who wrote and scheduled a bundle version, how often it was changed, and why it could not be published."""

import sqlalchemy as sa
from alembic import op

revision = "life_of_a_version"
down_revision = "purchases_by_article"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("written_by", 200), ("scheduled_by", 200)):
        op.add_column(
            "bundle_versions", sa.Column(name, sa.String(length), nullable=False, server_default="")
        )
    op.add_column("bundle_versions", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("bundle_versions", sa.Column("scheduled_by_id", sa.Integer(), nullable=True))
    op.add_column("bundle_versions", sa.Column("refusal", sa.JSON(), nullable=True))


def downgrade() -> None:
    for name in ("refusal", "scheduled_by_id", "revision", "scheduled_by", "written_by"):
        op.drop_column("bundle_versions", name)
