"""Rating in two axes: growth models, runs and their results, overrides, and a history of segments."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.core.db

revision = "rating"
down_revision = "match_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prospect_models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("bound_cents", sa.BigInteger(), nullable=False),
        sa.Column("company_count", sa.Integer(), nullable=False),
        sa.Column("grower_count", sa.Integer(), nullable=False),
        sa.Column("auc_bp", sa.Integer(), nullable=False),
        sa.Column("learned_to", sa.Date(), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prospect_models")),
    )
    op.create_table(
        "rating_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "applied",
                "undone",
                "superseded",
                "unchanged",
                name="is_runstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("basis", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("policy_version_id", sa.Integer(), nullable=False),
        sa.Column("prospect_model_id", sa.Integer(), nullable=True),
        sa.Column("ends_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("night_on", sa.Date(), nullable=True),
        sa.Column("started_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("applied_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("undone_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["prospect_model_id"], ["prospect_models.id"], name=op.f("fk_rating_runs_prospect_model_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_runs")),
        sa.UniqueConstraint("night_on", name=op.f("uq_rating_runs_night_on")),
    )
    op.create_table(
        "rating_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("main_account_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column(
            "segment",
            sa.Enum(
                "A",
                "B",
                "C",
                "unrated",
                name="is_segment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "before_segment",
            sa.Enum(
                "A",
                "B",
                "C",
                "unrated",
                name="is_before_segment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("before_reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "active",
                "refused",
                "ended",
                name="is_overridestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("proposed_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("proposed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("decided_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("ended_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_rating_overrides_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["main_account_id"], ["main_accounts.id"], name=op.f("fk_rating_overrides_main_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_overrides")),
    )
    with op.batch_alter_table("rating_overrides", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rating_overrides_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_rating_overrides_main_account_id"), ["main_account_id"], unique=False
        )
        batch_op.create_index("ix_rating_overrides_state_last_on", ["state", "last_on"], unique=False)

    op.create_table(
        "rating_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("main_account_id", sa.Integer(), nullable=False),
        sa.Column("has_moved", sa.Boolean(), nullable=False),
        sa.Column(
            "old_segment",
            sa.Enum(
                "A",
                "B",
                "C",
                "unrated",
                name="is_old_segment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "new_segment",
            sa.Enum(
                "A",
                "B",
                "C",
                "unrated",
                name="is_new_segment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("old", sa.JSON(), nullable=False),
        sa.Column("new", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["main_account_id"], ["main_accounts.id"], name=op.f("fk_rating_results_main_account_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["rating_runs.id"], name=op.f("fk_rating_results_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_results")),
    )
    with op.batch_alter_table("rating_results", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rating_results_main_account_id"), ["main_account_id"], unique=False
        )
        batch_op.create_index("ix_rating_results_run_id_has_moved", ["run_id", "has_moved"], unique=False)

    op.create_table(
        "segment_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("main_account_id", sa.Integer(), nullable=False),
        sa.Column("at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "old_segment",
            sa.Enum(
                "A",
                "B",
                "C",
                "unrated",
                name="is_old_segment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "new_segment",
            sa.Enum(
                "A",
                "B",
                "C",
                "unrated",
                name="is_new_segment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "cause",
            sa.Enum(
                "rating",
                "undo",
                "override",
                "override_ended",
                "list",
                name="is_cause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("changed_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("prospect_model_id", sa.Integer(), nullable=True),
        sa.Column("policy_version_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["main_account_id"], ["main_accounts.id"], name=op.f("fk_segment_changes_main_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["prospect_model_id"], ["prospect_models.id"], name=op.f("fk_segment_changes_prospect_model_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["rating_runs.id"], name=op.f("fk_segment_changes_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment_changes")),
    )
    with op.batch_alter_table("segment_changes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_segment_changes_main_account_id_at", ["main_account_id", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_segment_changes_run_id"), ["run_id"], unique=False)

    # Plain ADD COLUMN: rebuilding a table that others refer to would fail on SQLite.
    op.add_column(
        "customers", sa.Column("growing_since", app.core.db.UTCDateTime(timezone=True), nullable=True)
    )
    for column in (
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("industry", sa.String(length=120), nullable=False, server_default=""),
        sa.Column("override_id", sa.Integer(), nullable=True),
        sa.Column("prospect_bp", sa.Integer(), nullable=True),
        sa.Column("prospect_low_bp", sa.Integer(), nullable=True),
        sa.Column("prospect_high_bp", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=True),
    ):
        op.add_column("main_accounts", column)
    for column, rule, values in (
        ("sales_judgement", "judgement", "'high', 'even', 'low'"),
        ("rated_segment", "rated_segment", "'A', 'B', 'C', 'unrated'"),
    ):
        op.execute(
            f"ALTER TABLE main_accounts ADD COLUMN {column} VARCHAR(32) "
            f"CONSTRAINT ck_main_accounts_is_{rule} CHECK ({column} IN ({values}))"
        )


def downgrade() -> None:
    for table in ("segment_changes", "rating_results", "rating_overrides", "rating_runs", "prospect_models"):
        op.drop_table(table)
    for column in (
        "headcount",
        "industry",
        "override_id",
        "prospect_bp",
        "prospect_low_bp",
        "prospect_high_bp",
        "evidence",
        "sales_judgement",
        "rated_segment",
    ):
        op.drop_column("main_accounts", column)
    op.drop_column("customers", "growing_since")
