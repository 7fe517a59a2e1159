"""Runs of bundle discovery, and what they propose."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.core.db

revision = "discovery"
down_revision = "largest_need"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "discovery_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("aims", sa.JSON(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("basket_count", sa.Integer(), nullable=False),
        sa.Column("buyer_count", sa.Integer(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("found_count", sa.Integer(), nullable=False),
        sa.Column("started_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery_runs")),
    )
    state = sa.Enum(
        "open",
        "drafted",
        "dismissed",
        name="is_proposalstate",
        native_enum=False,
        create_constraint=True,
        length=32,
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("set_key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("decided_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("bundle_id", sa.Integer(), nullable=True),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'drafted') = (bundle_id is not null)", name=op.f("ck_proposals_drafted")
        ),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_proposals_bundle_id_bundles")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["discovery_runs.id"], name=op.f("fk_proposals_run_id_discovery_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("bundle_id", name=op.f("uq_proposals_bundle_id")),
        sa.UniqueConstraint("set_key", name=op.f("uq_proposals_set_key")),
    )
    op.create_index(op.f("ix_proposals_run_id"), "proposals", ["run_id"])
    op.create_index(op.f("ix_proposals_state"), "proposals", ["state"])


def downgrade() -> None:
    op.drop_table("proposals")
    op.drop_table("discovery_runs")
