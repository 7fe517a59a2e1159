"""An application waits in a row of its own until the worker takes it up."""

import sqlalchemy as sa
from alembic import op

from app.core.db import UTCDateTime

revision = "incoming_applications"
down_revision = "frozen"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incoming_applications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("contact_name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("incoming_applications")
