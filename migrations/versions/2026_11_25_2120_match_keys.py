"""Keys by which an applicant finds the accounts that resemble it, and what else an account is recognised by."""

import sqlalchemy as sa
from alembic import op

revision = "match_keys"
down_revision = "holds"
branch_labels = None
depends_on = None

# Accounts that stand here already get their keys before the next comparison (keyed_as 0 is no version of them).
TEXTS = {"phone_key": 20, "trade_names": 1000, "earlier_names": 1000, "contact_name": 200}


def upgrade() -> None:
    with op.batch_alter_table("main_accounts") as batch_op:
        for name, length in TEXTS.items():
            batch_op.add_column(sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("web_domain", sa.String(length=253), nullable=True))
        batch_op.add_column(sa.Column("keyed_as", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_main_accounts_keyed_as"), ["keyed_as"], unique=False)
    op.create_table(
        "match_keys",
        sa.Column("key_hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", "account_id", name=op.f("pk_match_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_match_keys_account_id"), "match_keys", ["account_id"], unique=False)
    op.create_table(
        "common_keys",
        sa.Column("key_hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_common_keys")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("common_keys")
    op.drop_table("match_keys")
    with op.batch_alter_table("main_accounts") as batch_op:
        batch_op.drop_index(batch_op.f("ix_main_accounts_keyed_as"))
        for name in ("keyed_as", "web_domain", *TEXTS):
            batch_op.drop_column(name)
