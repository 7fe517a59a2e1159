"""Addresses from which e-mails come back are marked, and people edit what the e-mails say."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.core.db

revision = "marks_and_texts_of_mails"
down_revision = "when_a_number_was_given"
branch_labels = None
depends_on = None

STRING = sqlmodel.sql.sqltypes.AutoString
MOMENT = app.core.db.UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mail_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", STRING(length=64), nullable=False),
        sa.Column("language", STRING(length=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("subject", STRING(length=300), nullable=False),
        sa.Column("body", STRING(length=20_000), nullable=False),
        sa.Column("written_by", STRING(length=200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_mail_texts_version")),
        sa.CheckConstraint("is_default or (subject <> '' and body <> '')", name=op.f("ck_mail_texts_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_texts")),
        sa.UniqueConstraint("kind", "language", "version", name=op.f("uq_mail_texts_kind_language_version")),
    )
    _seal("mail_texts")
    op.add_column("mails", sa.Column("bounced_at", MOMENT, nullable=True))
    op.add_column("mails", sa.Column("complained_at", MOMENT, nullable=True))
    op.execute(
        "ALTER TABLE mails ADD COLUMN text_id INTEGER CONSTRAINT fk_mails_text_id REFERENCES mail_texts (id)"
    )
    op.add_column("mails", sa.Column("text_fault", STRING(), nullable=True))
    op.create_index("ix_mails_kind_id", "mails", ["kind", "id"])
    for name, column, where in (
        ("ix_mails_bounced", "id", "bounced_at IS NOT NULL"),
        ("ix_mails_text_fault", "text_id", "text_fault IS NOT NULL"),
    ):
        op.create_index(name, "mails", [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_table(
        "mail_addresses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", STRING(length=254), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ok",
                "bounced",
                "complained",
                name="is_addressstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("status", STRING(length=16), nullable=False),
        sa.Column("reason", STRING(length=500), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", STRING(length=200), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_mail_addresses_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_addresses")),
        sa.UniqueConstraint("address", name=op.f("uq_mail_addresses_address")),
    )
    op.create_index(op.f("ix_mail_addresses_state"), "mail_addresses", ["state"])
    op.create_index(op.f("ix_mail_addresses_mail_id"), "mail_addresses", ["mail_id"])
    op.create_table(
        "mail_inboxes",
        sa.Column("name", STRING(length=32), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("failed_since", MOMENT, nullable=True),
        sa.Column("error", STRING(length=500), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_inboxes")),
    )


def downgrade() -> None:
    op.drop_table("mail_inboxes")
    op.drop_table("mail_addresses")
    for name in ("ix_mails_text_fault", "ix_mails_bounced", "ix_mails_kind_id"):
        op.drop_index(name, table_name="mails")
    for column in ("text_fault", "text_id", "complained_at", "bounced_at"):
        op.drop_column("mails", column)
    op.drop_table("mail_texts")


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
