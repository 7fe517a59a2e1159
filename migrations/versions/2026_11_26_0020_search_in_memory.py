"""Synonyms for the search; the engines' own full-text tables go: each process searches an index of its own."""

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "synonyms"
down_revision = "what_is_sold"
branch_labels = None
depends_on = None

# As `2026_11_23_0902_search.py` made them.
SQLITE_TRIGGERS = (
    "CREATE TRIGGER search_listings_added AFTER INSERT ON listings BEGIN "
    "INSERT INTO search_listings(rowid, search_name, search_text) "
    "VALUES (new.bundle_id, new.search_name, new.search_text); END",
    "CREATE TRIGGER search_listings_removed AFTER DELETE ON listings BEGIN "
    "INSERT INTO search_listings(search_listings, rowid, search_name, search_text) "
    "VALUES ('delete', old.bundle_id, old.search_name, old.search_text); END",
    "CREATE TRIGGER search_listings_changed AFTER UPDATE OF search_name, search_text ON listings BEGIN "
    "INSERT INTO search_listings(search_listings, rowid, search_name, search_text) "
    "VALUES ('delete', old.bundle_id, old.search_name, old.search_text); "
    "INSERT INTO search_listings(rowid, search_name, search_text) "
    "VALUES (new.bundle_id, new.search_name, new.search_text); END",
)
SQLITE = (
    "CREATE VIRTUAL TABLE search_listings USING fts5("
    "search_name, search_text, "
    "content='listings', content_rowid='bundle_id', tokenize='ascii', prefix='2 3')",
    *SQLITE_TRIGGERS,
    "INSERT INTO search_listings(search_listings) VALUES ('rebuild')",
)
POSTGRESQL = (
    "CREATE TABLE search_listings ("
    "bundle_id integer PRIMARY KEY REFERENCES listings (bundle_id) ON DELETE CASCADE, "
    "name_words tsvector NOT NULL, words tsvector NOT NULL)",
    "CREATE INDEX search_listings_name_words ON search_listings USING gin (name_words)",
    "CREATE INDEX search_listings_words ON search_listings USING gin (words)",
    "CREATE FUNCTION search_listing_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO search_listings VALUES (NEW.bundle_id, "
    "array_to_tsvector(array_remove(string_to_array(NEW.search_name, ' '), '')), "
    "array_to_tsvector(array_remove(string_to_array(NEW.search_text, ' '), ''))) "
    "ON CONFLICT (bundle_id) DO UPDATE SET name_words = EXCLUDED.name_words, words = EXCLUDED.words; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER search_listings_kept AFTER INSERT OR UPDATE OF search_name, search_text ON listings "
    "FOR EACH ROW EXECUTE FUNCTION search_listing_words()",
    "UPDATE listings SET search_text = search_text",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "removed", "changed"):
            op.execute(f"DROP TRIGGER IF EXISTS search_listings_{name}")
    else:
        op.execute("DROP TRIGGER search_listings_kept ON listings")
        op.execute("DROP FUNCTION search_listing_words()")
    op.execute("DROP TABLE search_listings")
    op.create_index("ix_listings_kind_category_id", "listings", ["kind", "category_id"])
    op.create_table(
        "synonym_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("is_one_way", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", app.core.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonym_groups")),
    )


def downgrade() -> None:
    op.drop_table("synonym_groups")
    op.drop_index("ix_listings_kind_category_id", "listings")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
