"""An effort standing keeps what is left of a customer after all effort, and since when only new effort counts."""

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "effort_results"
down_revision = "rational_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "effort_standings", sa.Column("settled_at", app.core.db.UTCDateTime(timezone=True), nullable=True)
    )
    for name in ("total_cost_cents", "result_cents"):
        op.add_column("effort_standings", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_effort_standings_result_cents"), "effort_standings", ["result_cents"])
