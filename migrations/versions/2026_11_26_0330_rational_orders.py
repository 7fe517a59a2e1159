"""Orders at a rhythm, with charges of every kind, and the tables of services, complaints and effort."""

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "rational_orders"
down_revision = "related_bundles"
branch_labels = None
depends_on = None

CHARGES = ("low_quantity", "low_line", "interim_order", "effort_fee", "special_service")


def upgrade() -> None:
    _widen_charges(CHARGES)
    for column in (
        "name VARCHAR(200) NOT NULL DEFAULT ''",
        "quantity INTEGER NOT NULL DEFAULT 1 CONSTRAINT ck_charges_quantity CHECK (quantity > 0)",
        "vat_rate_bp INTEGER",
        "bundle_version_id INTEGER CONSTRAINT fk_charges_bundle_version_id REFERENCES bundle_versions (id)",
    ):
        op.execute(f"ALTER TABLE charges ADD COLUMN {column}")
    for column in (
        _one_of("orders", "kind", "orderkind", "goods", "service", "replacement"),
        "for_order_id INTEGER CONSTRAINT fk_orders_for_order_id REFERENCES orders (id)",
        _one_of("orders", "rhythm", "rhythmchoice", "normal", "joined", "interim"),
        "joins_order_id INTEGER CONSTRAINT fk_orders_joins_order_id REFERENCES orders (id)",
        "expected_on DATE",
    ):
        op.execute(f"ALTER TABLE orders ADD COLUMN {column}")
    op.create_index("ix_orders_for_order_id", "orders", ["for_order_id"])
    op.create_index("ix_orders_joins_order_id", "orders", ["joins_order_id"])
    level = _one_of("customers", "effort_level", "effortlevel", "normal", "warned", "fee", "refused")
    op.execute(f"ALTER TABLE customers ADD COLUMN {level}")
    _make_ordering()
    _make_services()
    _make_complaints()
    _make_effort()
    _seal("effort_level_changes")


def downgrade() -> None:
    raise NotImplementedError("What was added here cannot be taken away again: restore the backup instead.")


def _widen_charges(kinds: tuple[str, ...]) -> None:
    words = ", ".join(f"'{kind}'" for kind in kinds)
    name = op.f("ck_charges_is_chargekind")
    with op.batch_alter_table("charges") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, f"kind IN ({words})")


def _one_of(table: str, column: str, kind: str, *values: str) -> str:
    words = ", ".join(f"'{value}'" for value in values)
    return (
        f"{column} VARCHAR(32) NOT NULL DEFAULT '{values[0]}' "
        f"CONSTRAINT ck_{table}_is_{kind} CHECK ({column} IN ({words}))"
    )


def _make_ordering() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.Integer(), nullable=False),
        sa.Column("minimum_quantity", sa.Integer(), nullable=True),
        sa.Column("order_step", sa.Integer(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("agreed_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("minimum_quantity > 0 and order_step > 0", name=op.f("ck_agreements_quantities")),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_agreements_bundle_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_agreements_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
    )
    op.create_index(
        "ix_agreements_customer_id_bundle_id", "agreements", ["customer_id", "bundle_id"], unique=False
    )
    op.create_table(
        "standing_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "paused",
                "ended",
                name="is_standingstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("asks_on", sa.Date(), nullable=True),
        sa.Column("unanswered_count", sa.Integer(), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("every_days > 0", name=op.f("ck_standing_orders_every_days")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_standing_orders_contact_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_standing_orders_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_orders")),
    )
    op.create_index(op.f("ix_standing_orders_customer_id"), "standing_orders", ["customer_id"], unique=False)
    op.create_index("ix_standing_orders_state_asks_on", "standing_orders", ["state", "asks_on"], unique=False)
    op.create_table(
        "standing_order_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("standing_order_id", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_standing_order_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["bundles.id"], name=op.f("fk_standing_order_lines_bundle_id")
        ),
        sa.ForeignKeyConstraint(
            ["standing_order_id"],
            ["standing_orders.id"],
            name=op.f("fk_standing_order_lines_standing_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_order_lines")),
        sa.UniqueConstraint(
            "standing_order_id", "bundle_id", name=op.f("uq_standing_order_lines_standing_order_id_bundle_id")
        ),
    )
    op.create_index(
        op.f("ix_standing_order_lines_standing_order_id"),
        "standing_order_lines",
        ["standing_order_id"],
        unique=False,
    )
    op.create_table(
        "standing_order_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("standing_order_id", sa.Integer(), nullable=False),
        sa.Column("run_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "confirmed",
                "skipped",
                "expired",
                name="is_runstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("asked_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_standing_order_runs_order_id")),
        sa.ForeignKeyConstraint(
            ["standing_order_id"],
            ["standing_orders.id"],
            name=op.f("fk_standing_order_runs_standing_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_order_runs")),
        sa.UniqueConstraint(
            "standing_order_id", "run_on", name=op.f("uq_standing_order_runs_standing_order_id_run_on")
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_standing_order_runs_token_hash")),
    )
    op.create_index(
        op.f("ix_standing_order_runs_expires_at"), "standing_order_runs", ["expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_standing_order_runs_standing_order_id"),
        "standing_order_runs",
        ["standing_order_id"],
        unique=False,
    )
    op.create_table(
        "dispatch_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("warehouse", sa.String(length=32), nullable=False),
        sa.Column("run_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "closed", name="is_runstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("closed_by", sa.String(length=200), nullable=False),
        sa.Column("closed_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_runs")),
        sa.UniqueConstraint("warehouse", "run_on", name=op.f("uq_dispatch_runs_warehouse_run_on")),
    )
    op.create_table(
        "closing_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("warehouse", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("added_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_days")),
        sa.UniqueConstraint("warehouse", "day", name=op.f("uq_closing_days_warehouse_day")),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "done",
                "failed",
                name="is_refundstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.String(length=255), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("done_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("cause", name=op.f("uq_refunds_cause")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_refunds_refund_id")),
    )
    op.create_index(op.f("ix_refunds_order_id"), "refunds", ["order_id"], unique=False)
    op.create_index(op.f("ix_refunds_payment_id"), "refunds", ["payment_id"], unique=False)
    op.create_index(op.f("ix_refunds_state"), "refunds", ["state"], unique=False)


def _make_services() -> None:
    op.create_table(
        "special_services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice_copy",
                "address_change",
                "split_delivery",
                "phone_help",
                "paper_certificate",
                "storage",
                "field_visit",
                "other",
                name="is_servicekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name_de", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("text_de", sa.String(length=1000), nullable=False),
        sa.Column("text_en", sa.String(length=1000), nullable=False),
        sa.Column("unit_de", sa.String(length=64), nullable=False),
        sa.Column("unit_en", sa.String(length=64), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("vat_rate_bp", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("changed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_special_services_minutes")),
        sa.CheckConstraint("price_cents > 0", name=op.f("ck_special_services_price")),
        sa.CheckConstraint("vat_rate_bp in (0, 700, 1900)", name=op.f("ck_special_services_vat_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_services")),
        sa.UniqueConstraint("code", name=op.f("uq_special_services_code")),
    )
    op.create_table(
        "service_offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("for_order_id", sa.Integer(), nullable=True),
        sa.Column("name_de", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("vat_rate_bp", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "taken",
                "withdrawn",
                name="is_offerstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("offered_by", sa.String(length=200), nullable=False),
        sa.Column("offered_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("price_cents > 0 and quantity > 0", name=op.f("ck_service_offers_amount")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_service_offers_customer_id")
        ),
        sa.ForeignKeyConstraint(["for_order_id"], ["orders.id"], name=op.f("fk_service_offers_for_order_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_service_offers_order_id")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["special_services.id"], name=op.f("fk_service_offers_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_offers")),
    )
    op.create_index(op.f("ix_service_offers_customer_id"), "service_offers", ["customer_id"], unique=False)
    op.create_index(op.f("ix_service_offers_for_order_id"), "service_offers", ["for_order_id"], unique=False)
    op.create_table(
        "service_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("done_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["service_offers.id"], name=op.f("fk_service_orders_offer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_service_orders_order_id")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["special_services.id"], name=op.f("fk_service_orders_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_orders")),
        sa.UniqueConstraint("order_id", name=op.f("uq_service_orders_order_id")),
    )
    op.create_index("ix_service_orders_done_at", "service_orders", ["done_at"], unique=False)
    op.create_table(
        "field_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("expected_contribution_cents", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "approved",
                "refused",
                name="is_visitstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("requested_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(length=1000), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("price_cents > 0", name=op.f("ck_field_visits_price")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_field_visits_customer_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["service_offers.id"], name=op.f("fk_field_visits_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_visits")),
    )
    op.create_index(op.f("ix_field_visits_customer_id"), "field_visits", ["customer_id"], unique=False)
    op.create_index(op.f("ix_field_visits_state"), "field_visits", ["state"], unique=False)


def _make_complaints() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "damaged",
                "missing",
                "wrong",
                "late",
                "defective",
                "other",
                name="is_complaintreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "decided",
                name="is_complaintstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "fault",
            sa.Enum(
                "ours",
                "theirs",
                "paid",
                "undecided",
                name="is_effortcause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "replacement",
                "refund_lines",
                "refund_order",
                "rejected",
                name="is_complaintoutcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("rejection", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("answer_due_on", sa.Date(), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("reopened_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("replacement_order_id", sa.Integer(), nullable=True),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_complaints_contact_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_complaints_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_complaints_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_complaints_refund_id")),
        sa.ForeignKeyConstraint(
            ["replacement_order_id"], ["orders.id"], name=op.f("fk_complaints_replacement_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("customer_id", "form_key", name=op.f("uq_complaints_customer_id_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
    )
    op.create_index(op.f("ix_complaints_customer_id"), "complaints", ["customer_id"], unique=False)
    op.create_index(op.f("ix_complaints_order_id"), "complaints", ["order_id"], unique=False)
    op.create_index(
        "ix_complaints_state_answer_due_on", "complaints", ["state", "answer_due_on"], unique=False
    )
    op.create_table(
        "complaint_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_complaint_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_lines_complaint_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_complaint_lines_order_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_lines")),
        sa.UniqueConstraint(
            "complaint_id", "order_line_id", name=op.f("uq_complaint_lines_complaint_id_order_line_id")
        ),
    )
    op.create_index(
        op.f("ix_complaint_lines_complaint_id"), "complaint_lines", ["complaint_id"], unique=False
    )
    op.create_index(
        op.f("ix_complaint_lines_order_line_id"), "complaint_lines", ["order_line_id"], unique=False
    )
    op.create_table(
        "complaint_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column(
            "author",
            sa.Enum(
                "customer",
                "staff",
                "shop",
                name="is_messageauthor",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_messages_complaint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_messages")),
    )
    op.create_index(
        op.f("ix_complaint_messages_complaint_id"), "complaint_messages", ["complaint_id"], unique=False
    )
    op.create_table(
        "complaint_photos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_photos_complaint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_photos")),
    )
    op.create_index(
        op.f("ix_complaint_photos_complaint_id"), "complaint_photos", ["complaint_id"], unique=False
    )


def _make_effort() -> None:
    op.create_table(
        "effort_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "complaint",
                "manual_change",
                "phone_help",
                "failed_delivery",
                "chargeback",
                "application_review",
                "staff_action",
                name="is_effortkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "ours",
                "theirs",
                "paid",
                "undecided",
                name="is_effortcause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("source_key", sa.String(length=100), nullable=False),
        sa.Column("noted_by", sa.String(length=200), nullable=False),
        sa.Column("at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("corrected_by", sa.String(length=200), nullable=False),
        sa.Column("correction_reason", sa.String(length=500), nullable=False),
        sa.Column("corrected_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_effort_events_minutes")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_effort_events_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_effort_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effort_events")),
        sa.UniqueConstraint("source_key", name=op.f("uq_effort_events_source_key")),
    )
    op.create_index("ix_effort_events_customer_id_at", "effort_events", ["customer_id", "at"], unique=False)
    op.create_index(op.f("ix_effort_events_order_id"), "effort_events", ["order_id"], unique=False)
    op.create_table(
        "effort_standings",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "normal",
                "warned",
                "fee",
                "refused",
                name="is_effortlevel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("since", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("cost_cents", sa.Integer(), nullable=False),
        sa.Column("contribution_cents", sa.Integer(), nullable=False),
        sa.Column("ratio_bp", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "proposed_level",
            sa.Enum(
                "normal",
                "warned",
                "fee",
                "refused",
                name="is_proposed_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("proposed_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "override_level",
            sa.Enum(
                "normal",
                "warned",
                "fee",
                "refused",
                name="is_override_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("override_reason", sa.String(length=500), nullable=False),
        sa.Column("override_by", sa.String(length=200), nullable=False),
        sa.Column("override_ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_effort_standings_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_effort_standings")),
    )
    op.create_table(
        "effort_level_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column(
            "old_level",
            sa.Enum(
                "normal",
                "warned",
                "fee",
                "refused",
                name="is_old_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "new_level",
            sa.Enum(
                "normal",
                "warned",
                "fee",
                "refused",
                name="is_new_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cost_cents", sa.Integer(), nullable=False),
        sa.Column("contribution_cents", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_effort_level_changes_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effort_level_changes")),
    )
    op.create_index(
        op.f("ix_effort_level_changes_customer_id"), "effort_level_changes", ["customer_id"], unique=False
    )


def _seal(table: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
