"""A payment may be held for a person, and holds keep which shut-out companies used the same card."""

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "holds"
down_revision = "review_desk"
branch_labels = None
depends_on = None

STATES = ("created", "open", "held", "capturing", "captured", "releasing", "released", "expired")
COLUMNS = (
    "id, order_id, state, token, retry_count, amount_cents, currency, session_id, session_url, expires_at, intent_id,"
    " capture_before_at, card_brand, card_last4, card_fingerprint, failure_code, release_reason, created_at,"
    " changed_at, checked_at, authorised_at, settled_at"
)
ONE_CAPTURED = "state in ('capturing', 'captured')"


def upgrade() -> None:
    _allow(STATES)
    op.create_index("ix_payments_card_fingerprint", "payments", ["card_fingerprint"])
    moment = app.core.db.UTCDateTime(timezone=True)
    op.create_table(
        "payment_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.Integer(), nullable=False),
        sa.Column("card_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("sharers", sa.JSON(), nullable=False),
        sa.Column("held_at", moment, nullable=False),
        sa.Column("release_by_at", moment, nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "go_on",
                "release",
                name="is_holddecision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_holds_payment_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_payment_holds_customer_id")),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screenings.id"], name=op.f("fk_payment_holds_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_holds")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_payment_holds_payment_id")),
    )
    op.create_index("ix_payment_holds_customer_id", "payment_holds", ["customer_id"])
    op.create_index("ix_payment_holds_screening_id", "payment_holds", ["screening_id"])


def downgrade() -> None:
    op.drop_table("payment_holds")
    # What is held is looked at again as if the card page had just been completed.
    op.execute("UPDATE payments SET state = 'open' WHERE state = 'held'")
    op.drop_index("ix_payments_card_fingerprint", table_name="payments")
    _allow(tuple(state for state in STATES if state != "held"))


def _allow(states: tuple[str, ...]) -> None:
    """Rewrites the check of the state column; SQLite can do that only in a new table."""
    if op.get_bind().dialect.name == "sqlite":
        _make_anew(states)
        return
    name = "ck_payments_is_paymentstate"
    values = ", ".join(f"'{state}'" for state in states)
    op.execute(f"ALTER TABLE payments DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE payments ADD CONSTRAINT {name} CHECK (state IN ({values}))")


def _make_anew(states: tuple[str, ...]) -> None:
    moment = app.core.db.UTCDateTime(timezone=True)
    op.execute("ALTER TABLE payments RENAME TO payments_before")
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*states, name="is_paymentstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("session_id", sa.String(length=255), nullable=True),
        sa.Column("session_url", sa.String(length=2000), nullable=True),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("intent_id", sa.String(length=255), nullable=True),
        sa.Column("capture_before_at", moment, nullable=True),
        sa.Column("card_brand", sa.String(length=32), nullable=False),
        sa.Column("card_last4", sa.String(length=4), nullable=False),
        sa.Column("card_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=False),
        sa.Column("release_reason", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("checked_at", moment, nullable=False),
        sa.Column("authorised_at", moment, nullable=True),
        sa.Column("settled_at", moment, nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("session_id", name=op.f("uq_payments_session_id")),
    )
    op.execute(f"INSERT INTO payments ({COLUMNS}) SELECT {COLUMNS} FROM payments_before")
    op.execute("DROP TABLE payments_before")
    for column in ("intent_id", "order_id", "state"):
        op.create_index(f"ix_payments_{column}", "payments", [column])
    op.create_index(
        "uq_payments_one_captured_per_order",
        "payments",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text(ONE_CAPTURED),
    )
