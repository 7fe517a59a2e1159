"""Reviews keep reasons, time and proof asked for; labels, objections, attempts at the gate, signed audits."""

import json

import sqlalchemy as sa
from alembic import op

from app.core.db import UTCDateTime

revision = "review_desk"
down_revision = "incoming_applications"
branch_labels = None
depends_on = None

SCREENING_COLUMNS = (
    ("reason_code", sa.String(32), ""),
    ("decided_account_id", sa.Integer(), None),
    ("decision_seconds", sa.Integer(), None),
    ("proof_kind", sa.String(32), ""),
    ("proof_asked_by", sa.String(200), ""),
    ("proof_asked_at", UTCDateTime(timezone=True), None),
    ("proof_due_at", UTCDateTime(timezone=True), None),
    ("proof_arrived_at", UTCDateTime(timezone=True), None),
)
LABEL_COLUMNS = ("screening_id", "customer_id", "account_id", "is_same", "decided_at")


def upgrade() -> None:
    for name, kind, default in SCREENING_COLUMNS:
        column = sa.Column(name, kind, nullable=default is None, server_default=default)
        op.add_column("screenings", column)
    op.create_index("ix_screenings_decided_at", "screenings", ["decided_at"])
    op.add_column("blocked_attempts", sa.Column("window_key", sa.String(100), nullable=True))
    op.create_index("ix_blocked_attempts_window_key", "blocked_attempts", ["window_key"], unique=True)
    for name in ("previous_signature", "signature"):
        op.add_column("gate_audits", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    _add_labels()
    _label_what_was_decided()
    _add_objections()


def downgrade() -> None:
    op.drop_table("objections")
    op.drop_table("match_labels")
    for name in ("signature", "previous_signature"):
        op.drop_column("gate_audits", name)
    op.drop_index("ix_blocked_attempts_window_key", "blocked_attempts")
    op.drop_column("blocked_attempts", "window_key")
    op.drop_index("ix_screenings_decided_at", "screenings")
    for name, _, _ in reversed(SCREENING_COLUMNS):
        op.drop_column("screenings", name)


def _add_labels() -> None:
    op.create_table(
        "match_labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("is_same", sa.Boolean(), nullable=True),
        sa.Column("decided_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screenings.id"], name=op.f("fk_match_labels_screening_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_match_labels_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_labels")),
        sa.UniqueConstraint(
            "screening_id", "account_id", name=op.f("uq_match_labels_screening_id_account_id")
        ),
    )
    op.create_index("ix_match_labels_customer_id", "match_labels", ["customer_id"])
    op.create_index("ix_match_labels_account_id", "match_labels", ["account_id"])


def _label_what_was_decided() -> None:
    """Decisions that people took before: admitted without a link means that no candidate was the same company."""
    bind = op.get_bind()
    decided = bind.execute(
        sa.text(
            "SELECT s.id, s.customer_id, s.matches, s.decision, s.decided_at, c.main_account_id"
            " FROM screenings s JOIN customers c ON c.id = s.customer_id"
            " WHERE s.decision IS NOT NULL AND s.decided_by NOT IN ('', 'schlicht')"
        )
    ).all()
    labels = sa.table("match_labels", *(sa.column(name) for name in LABEL_COLUMNS))
    for screening_id, customer_id, matches, decision, decided_at, linked_id in decided:
        found = json.loads(matches) if isinstance(matches, str) else matches
        for account_id in {match["account_id"] for match in found}:
            is_same = True if account_id == linked_id else None
            if decision == "clear" and linked_id is None:
                is_same = False
            values = (screening_id, customer_id, account_id, is_same, decided_at)
            bind.execute(labels.insert(), dict(zip(LABEL_COLUMNS, values, strict=True)))


def _add_objections() -> None:
    op.create_table(
        "objections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("against", sa.String(32), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "upheld",
                "dismissed",
                name="is_outcome",
                native_enum=False,
                length=32,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("answer", sa.String(2000), nullable=False),
        sa.Column("answered_by", sa.String(200), nullable=False),
        sa.Column("answered_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_objections_customer_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_objections_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
    )
    op.create_index("ix_objections_customer_id", "objections", ["customer_id"])
    op.create_index("ix_objections_answered_at", "objections", ["answered_at"])
    op.create_index(
        "uq_objections_open",
        "objections",
        ["customer_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )
