"""When the last number of a range was given."""

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "when_a_number_was_given"
down_revision = "cards_kept_for_later"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "number_ranges", sa.Column("last_issued_at", app.core.db.UTCDateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("number_ranges", "last_issued_at")
