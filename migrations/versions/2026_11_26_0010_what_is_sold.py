"""Blocks with stock, costs and partners, bundles on their way to the shop, and the guards' figures."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "what_is_sold"
down_revision = "imports"
branch_labels = None
depends_on = None

APPEND_ONLY = ("block_prices", "stock_moves")
FROZEN = ("insert", "update", "delete")
IS_PUBLISHED = "(SELECT published_at FROM bundle_versions WHERE id = {row}.bundle_version_id) IS NOT NULL"


def _text(length: int) -> str:
    return f"VARCHAR({length}) NOT NULL DEFAULT ''"


def _one_of(table: str, kind: str, *values: str, default: str = "") -> str:
    words = ", ".join(f"'{value}'" for value in values)
    column = kind.partition(":")
    return (
        f"{column[0]} VARCHAR(32) NOT NULL DEFAULT '{default or values[0]}' "
        f"CONSTRAINT ck_{table}_is_{column[2]} CHECK ({column[0]} IN ({words}))"
    )


def _not_negative(table: str, column: str, kind: str, name: str) -> str:
    return f"{column} {kind} NOT NULL DEFAULT 0 CONSTRAINT ck_{table}_{name} CHECK ({column} >= 0)"


PACKAGINGS = ("none", "envelope", "bag", "carton", "tube", "canister", "pallet")
ADDED = {
    "blocks": (
        f"text_de {_text(2000)}",
        f"text_en {_text(2000)}",
        "partner_id INTEGER CONSTRAINT fk_blocks_partner_id REFERENCES partners (id)",
        _not_negative("blocks", "partner_cost_cents", "INTEGER", "partner_cost"),
        _not_negative("blocks", "weight_g", "INTEGER", "weight"),
        _one_of("blocks", "packaging:packaging", *PACKAGINGS),
        _not_negative("blocks", "packing_cost_cents", "INTEGER", "packing_cost"),
        "is_hazardous BOOLEAN NOT NULL DEFAULT false",
        "is_restricted BOOLEAN NOT NULL DEFAULT false",
        f"cpv_code {_text(10)}",
        # Nobody has counted what was there before: it is made to order until somebody does.
        "is_made_to_order BOOLEAN NOT NULL DEFAULT true",
        _not_negative("blocks", "stock_milli", "BIGINT", "stock"),
        _not_negative("blocks", "reserved_milli", "BIGINT", "reserved"),
    ),
    "bundle_versions": (
        f"purpose_de {_text(1000)}",
        f"purpose_en {_text(1000)}",
        "category_id INTEGER CONSTRAINT fk_bundle_versions_category_id REFERENCES categories (id)",
        f"pictogram {_text(64)}",
        "maximum_quantity INTEGER CONSTRAINT ck_bundle_versions_maximum CHECK (maximum_quantity > 0)",
        _one_of("bundle_versions", "stage:versionstage", "draft", "review", "scheduled", "published"),
        f"submitted_by {_text(200)}",
        "submitted_by_id INTEGER",
        f"published_by {_text(200)}",
    ),
    "bundle_items": (
        "partner_cost_cents INTEGER NOT NULL DEFAULT 0",
        "packing_cost_cents INTEGER NOT NULL DEFAULT 0",
        "weight_g INTEGER NOT NULL DEFAULT 0",
    ),
    "listings": (
        "category_id INTEGER CONSTRAINT fk_listings_category_id REFERENCES categories (id)",
        f"pictogram {_text(64)}",
        "maximum_quantity INTEGER",
        _one_of("listings", "stock_level:stocklevel", "plenty", "few", "none"),
        "single_unit_code VARCHAR(3) NOT NULL DEFAULT ''",
        "single_quantity_milli INTEGER NOT NULL DEFAULT 0",
    ),
    "catalogue_states": ("words_version INTEGER NOT NULL DEFAULT 1",),
}


def upgrade() -> None:
    _make_tables_before()
    _thaw()
    for table, columns in ADDED.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for name in ("submitted_at", "publish_at"):
        op.add_column("bundle_versions", sa.Column(name, app.core.db.UTCDateTime(timezone=True)))
    op.create_index("ix_listings_category_id_position", "listings", ["category_id", "position"])
    op.execute("ALTER TABLE bundle_items RENAME COLUMN quantity TO quantity_milli")
    op.execute("UPDATE bundle_items SET quantity_milli = quantity_milli * 1000")
    op.execute("UPDATE bundle_versions SET stage = 'published' WHERE published_at IS NOT NULL")
    _set_single_blocks()
    _freeze()
    _make_tables_after()
    _seal()


def downgrade() -> None:
    raise NotImplementedError("What was added here cannot be taken away again: restore the backup instead.")


def _set_single_blocks() -> None:
    one = (
        "SELECT {column} FROM bundle_items WHERE bundle_items.bundle_version_id = listings.bundle_version_id"
    )
    op.execute(
        f"UPDATE listings SET single_unit_code = ({one.format(column='unit_code')}),"
        f" single_quantity_milli = ({one.format(column='quantity_milli')}) WHERE block_count = 1"
    )


def _make_tables_before() -> None:
    op.create_table(
        "partners",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("name", name=op.f("uq_partners_name")),
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("name_de", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("text_de", sa.String(length=1000), nullable=False),
        sa.Column("text_en", sa.String(length=1000), nullable=False),
        sa.Column("pictogram", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )


def _make_tables_after() -> None:
    _make_block_tables()
    _make_bundle_tables()


def _make_block_tables() -> None:
    op.create_table(
        "block_prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("unit_cost_cents", sa.Integer(), nullable=False),
        sa.Column("partner_cost_cents", sa.Integer(), nullable=False),
        sa.Column("main_brand_price_cents", sa.Integer(), nullable=False),
        _choice("cause", "pricecause", "created", "editor", "bulk", "import"),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("valid_from_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name=op.f("fk_block_prices_block_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_prices")),
    )
    op.create_index("ix_block_prices_block_id_valid_from_at", "block_prices", ["block_id", "valid_from_at"])
    op.create_table(
        "stock_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("block_id", sa.Integer(), nullable=False),
        _choice("cause", "stockcause", "counted", "received", "dispatched", "import"),
        sa.Column("delta_milli", sa.BigInteger(), nullable=False),
        sa.Column("stock_after_milli", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name=op.f("fk_stock_moves_block_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_moves")),
    )
    op.create_index("ix_stock_moves_block_id_id", "stock_moves", ["block_id", "id"])
    op.create_index(op.f("ix_stock_moves_order_id"), "stock_moves", ["order_id"])
    op.create_table(
        "stock_reservations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        _choice("state", "reservationstate", "held", "used", "released"),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_stock_reservations_quantity")),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name=op.f("fk_stock_reservations_block_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservations")),
        sa.UniqueConstraint("order_id", "block_id", name=op.f("uq_stock_reservations_order_id_block_id")),
    )
    op.create_index("ix_stock_reservations_block_id_state", "stock_reservations", ["block_id", "state"])


def _make_bundle_tables() -> None:
    op.create_table(
        "bundle_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bundle_version_id", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("requested_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("decision_reason", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", app.core.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["bundle_version_id"], ["bundle_versions.id"], name=op.f("fk_bundle_approvals_bundle_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_approvals")),
        sa.UniqueConstraint("bundle_version_id", name=op.f("uq_bundle_approvals_bundle_version_id")),
    )
    op.create_table(
        "bundle_margins",
        sa.Column("bundle_id", sa.Integer(), nullable=False),
        sa.Column("bundle_version_id", sa.Integer(), nullable=False),
        sa.Column("margin_cents", sa.Integer(), nullable=False),
        sa.Column("margin_bp", sa.Integer(), nullable=False),
        sa.Column("lowest_price_cents", sa.Integer(), nullable=False),
        sa.Column("is_below_floor", sa.Boolean(), nullable=False),
        sa.Column("computed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_bundle_margins_bundle_id")),
        sa.ForeignKeyConstraint(
            ["bundle_version_id"], ["bundle_versions.id"], name=op.f("fk_bundle_margins_bundle_version_id")
        ),
        sa.PrimaryKeyConstraint("bundle_id", name=op.f("pk_bundle_margins")),
    )
    op.create_index(op.f("ix_bundle_margins_is_below_floor"), "bundle_margins", ["is_below_floor"])
    op.create_table(
        "block_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("block_id", sa.Integer(), nullable=True),
        sa.Column("bundle_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("written_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(block_id is null) <> (bundle_id is null)", name=op.f("ck_block_notes_subject")),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name=op.f("fk_block_notes_block_id")),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_block_notes_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_notes")),
    )
    op.create_index(op.f("ix_block_notes_block_id"), "block_notes", ["block_id"])
    op.create_index(op.f("ix_block_notes_bundle_id"), "block_notes", ["bundle_id"])


def _choice(column: str, kind: str, *values: str) -> sa.Column[str]:
    one_of = sa.Enum(*values, name=f"is_{kind}", native_enum=False, create_constraint=True, length=32)
    return sa.Column(column, one_of, nullable=False)


def _seal() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in APPEND_ONLY:
        if is_sqlite:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )


def _thaw() -> None:
    """Published versions and their items take their new columns: only here they may be written to."""
    for statement in _triggers(is_drop=True):
        op.execute(statement)


def _freeze() -> None:
    for statement in _triggers(is_drop=False):
        op.execute(statement)


def _triggers(*, is_drop: bool) -> Iterator[str]:
    """As `2026_11_23_0903_published_versions_are_frozen.py` made them."""
    if op.get_bind().dialect.name != "sqlite":
        verb = "DISABLE" if is_drop else "ENABLE"
        yield f"ALTER TABLE bundle_versions {verb} TRIGGER frozen_versions"
        yield f"ALTER TABLE bundle_items {verb} TRIGGER frozen_items"
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'a published bundle version is frozen'); END"
    rows = {"insert": ("new",), "update": ("old", "new"), "delete": ("old",)}
    for verb in FROZEN:
        if is_drop:
            yield f"DROP TRIGGER frozen_items_{verb}"
        else:
            is_published = " OR ".join(IS_PUBLISHED.format(row=row) for row in rows[verb])
            yield f"CREATE TRIGGER frozen_items_{verb} BEFORE {verb} ON bundle_items WHEN {is_published} {refuse}"
    for verb in FROZEN[1:]:
        yield (
            f"DROP TRIGGER frozen_versions_{verb}"
            if is_drop
            else f"CREATE TRIGGER frozen_versions_{verb} BEFORE {verb} ON bundle_versions "
            f"WHEN old.published_at IS NOT NULL {refuse}"
        )
