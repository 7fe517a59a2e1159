"""Cards kept for later with their consents, and what is counted against the testing of stolen cards."""

import sqlalchemy as sa
from alembic import op

from app.core.db import UTCDateTime

revision = "cards_kept_for_later"
down_revision = "disputes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _cards()
    _declines()
    op.execute("ALTER TABLE payments ADD COLUMN saved_card_id INTEGER REFERENCES saved_cards (id)")
    op.execute("ALTER TABLE payments ADD COLUMN kept_method_id VARCHAR(255) NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE payments DROP COLUMN kept_method_id")
    op.execute("ALTER TABLE payments DROP COLUMN saved_card_id")
    for table in ("card_waits", "card_breakers", "card_declines", "saved_cards", "card_consents"):
        op.drop_table(table)


def _cards() -> None:
    op.create_table(
        "card_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("given_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_card_consents_customer_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_card_consents_contact_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_card_consents_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_consents")),
        sa.UniqueConstraint("order_id", name=op.f("uq_card_consents_order_id")),
    )
    op.create_index(op.f("ix_card_consents_customer_id"), "card_consents", ["customer_id"])
    op.create_table(
        "saved_cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("payment_method_id", sa.String(255), nullable=False),
        sa.Column("brand", sa.String(32), nullable=False),
        sa.Column("last4", sa.String(4), nullable=False),
        sa.Column("expires_month", sa.Integer(), nullable=False),
        sa.Column("expires_year", sa.Integer(), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(32), nullable=True),
        sa.Column("ended_by", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "end_reason IN ('removed', 'replaced', 'detached')", name=op.f("ck_saved_cards_is_cardend")
        ),
        sa.CheckConstraint("expires_month between 1 and 12", name=op.f("ck_saved_cards_month")),
        sa.CheckConstraint("(ended_at is null) = (end_reason is null)", name=op.f("ck_saved_cards_end")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_saved_cards_customer_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["card_consents.id"], name=op.f("fk_saved_cards_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_cards")),
        sa.UniqueConstraint("payment_method_id", name=op.f("uq_saved_cards_payment_method_id")),
    )
    op.create_index(op.f("ix_saved_cards_customer_id"), "saved_cards", ["customer_id"])
    op.create_index(
        "uq_saved_cards_one_living_per_customer",
        "saved_cards",
        ["customer_id"],
        unique=True,
        sqlite_where=sa.text("ended_at is null"),
        postgresql_where=sa.text("ended_at is null"),
    )


def _declines() -> None:
    op.create_table(
        "card_declines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.String(255), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_card_declines_payment_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_card_declines_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_declines")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_card_declines_charge_id")),
    )
    op.create_index(op.f("ix_card_declines_at"), "card_declines", ["at"])
    op.create_index(op.f("ix_card_declines_payment_id"), "card_declines", ["payment_id"])
    op.create_index("ix_card_declines_customer_id_at", "card_declines", ["customer_id", "at"])
    op.create_table(
        "card_breakers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_tripped", sa.Boolean(), nullable=False),
        sa.Column("trip", sa.String(32), nullable=False),
        sa.Column("declined_count", sa.Integer(), nullable=False),
        sa.Column("reserved_count", sa.Integer(), nullable=False),
        sa.Column("tripped_at", UTCDateTime(), nullable=False),
        sa.Column("cleared_at", UTCDateTime(), nullable=True),
        sa.Column("cleared_by", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.CheckConstraint("trip IN ('count', 'rate')", name=op.f("ck_card_breakers_is_trip")),
        sa.CheckConstraint("is_tripped = (cleared_at is null)", name=op.f("ck_card_breakers_cleared")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_breakers")),
    )
    op.create_index(
        "uq_card_breakers_one_tripped",
        "card_breakers",
        ["is_tripped"],
        unique=True,
        sqlite_where=sa.text("is_tripped"),
        postgresql_where=sa.text("is_tripped"),
    )
    op.create_table(
        "card_waits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("since_at", UTCDateTime(), nullable=False),
        sa.Column("open_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_card_waits_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_card_waits_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_waits")),
        sa.UniqueConstraint("order_id", name=op.f("uq_card_waits_order_id")),
    )
    op.create_index(op.f("ix_card_waits_customer_id"), "card_waits", ["customer_id"])
    op.create_index(op.f("ix_card_waits_told_at"), "card_waits", ["told_at"])
