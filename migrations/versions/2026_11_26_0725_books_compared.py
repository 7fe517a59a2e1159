"""The comparison of our books with Stripe's, and the freeze of sales after a restore."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import app.core.db

revision = "books_compared"
down_revision = "marks_and_texts_of_mails"
branch_labels = None
depends_on = None

KINDS = (
    "captured_there",
    "not_captured_there",
    "amount_differs",
    "taken_twice",
    "left_open",
    "unknown_order",
    "unknown_payment",
    "without_mark",
    "refund_unknown",
    "refund_missing",
    "refund_differs",
    "dispute_unknown",
)
MENDS = ("settle", "follow_refund", "follow_dispute", "none")


def upgrade() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.Integer(), nullable=False),
        _moment("since_at"),
        _moment("until_at"),
        sa.Column("object_count", sa.Integer(), nullable=False),
        sa.Column("finding_count", sa.Integer(), nullable=False),
        sa.Column("fee_count", sa.Integer(), nullable=False),
        _text("run_by", 200),
        _moment("finished_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_table(
        "book_differences",
        sa.Column("id", sa.Integer(), nullable=False),
        _word("kind", "is_difference", KINDS),
        _text("object_id", 255),
        _text("order_number", 64),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("ours_cents", sa.Integer(), nullable=False),
        sa.Column("theirs_cents", sa.Integer(), nullable=False),
        _word("mend", "is_mend", MENDS),
        _moment("made_at"),
        _moment("found_at"),
        _moment("seen_at"),
        _moment("resolved_at", is_needed=False),
        _text("asked_by", 200),
        _moment("asked_at", is_needed=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_book_differences_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_differences")),
        sa.UniqueConstraint("kind", "object_id", name=op.f("uq_book_differences_kind_object_id")),
    )
    op.create_index(
        op.f("ix_book_differences_resolved_at"), "book_differences", ["resolved_at"], unique=False
    )
    op.create_table(
        "sales_freezes",
        sa.Column("id", sa.Integer(), nullable=False),
        _moment("backup_made_at"),
        _moment("frozen_at"),
        _moment("opened_at", is_needed=False),
        _text("opened_by", 200),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_freezes")),
    )


def downgrade() -> None:
    for table in ("sales_freezes", "book_differences", "reconciliations"):
        op.drop_table(table)


def _moment(name: str, *, is_needed: bool = True) -> sa.Column[sa.DateTime]:
    return sa.Column(name, app.core.db.UTCDateTime(timezone=True), nullable=not is_needed)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(length=length), nullable=False)


def _word(name: str, check: str, words: tuple[str, ...]) -> sa.Column[str]:
    return sa.Column(
        name,
        sa.Enum(*words, name=check, native_enum=False, create_constraint=True, length=32),
        nullable=False,
    )
