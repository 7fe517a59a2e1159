"""What shall stand on an order's invoice is said of the order, from its acceptance on, not of its draft."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import app.core.db

revision = "order_billings"
down_revision = "what_went_out"
branch_labels = None
depends_on = None

MOVED = {
    "name": "billing_name",
    "street": "billing_street",
    "postal_code": "billing_postal_code",
    "city": "billing_city",
    "country": "billing_country",
    "buyer_reference": "buyer_reference",
}


def upgrade() -> None:
    op.create_table(
        "order_billings",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("street", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("postal_code", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("city", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("country", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("buyer_reference", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("changed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_billings_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_billings")),
    )
    op.execute(
        f"INSERT INTO order_billings (order_id, {', '.join(MOVED)}, changed_at)"
        f" SELECT order_id, {', '.join(MOVED.values())}, changed_at FROM invoice_drafts"
        " WHERE refund_id IS NULL AND (billing_name <> '' OR buyer_reference <> '')"
    )
    for column in MOVED.values():
        op.drop_column("invoice_drafts", column)


def downgrade() -> None:
    raise NotImplementedError("What was added here cannot be taken away again: restore the backup instead.")
