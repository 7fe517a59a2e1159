"""A bundle version that was published once, and its items, can never be changed again."""

from alembic import op

revision = "frozen"
down_revision = "search"
branch_labels = None
depends_on = None

IS_PUBLISHED = "(SELECT published_at FROM bundle_versions WHERE id = {row}.bundle_version_id) IS NOT NULL"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("versions_update", "versions_delete", "items_insert", "items_update", "items_delete"):
            op.execute(f"DROP TRIGGER frozen_{name}")
        return
    op.execute("DROP TRIGGER frozen_versions ON bundle_versions")
    op.execute("DROP TRIGGER frozen_items ON bundle_items")
    op.execute("DROP FUNCTION refuse_frozen_version()")
    op.execute("DROP FUNCTION refuse_frozen_item()")


def _upgrade_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'a published bundle version is frozen'); END"
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER frozen_versions_{verb} BEFORE {verb} ON bundle_versions "
            f"WHEN old.published_at IS NOT NULL {refuse}"
        )
    for verb, rows in (("insert", ("new",)), ("update", ("old", "new")), ("delete", ("old",))):
        is_published = " OR ".join(IS_PUBLISHED.format(row=row) for row in rows)
        op.execute(
            f"CREATE TRIGGER frozen_items_{verb} BEFORE {verb} ON bundle_items WHEN {is_published} {refuse}"
        )


def _upgrade_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_frozen_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'a published bundle version is frozen'; END $$"
    )
    op.execute(
        "CREATE TRIGGER frozen_versions BEFORE UPDATE OR DELETE ON bundle_versions "
        "FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION refuse_frozen_version()"
    )
    op.execute(
        "CREATE FUNCTION refuse_frozen_item() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' AND {IS_PUBLISHED.format(row='OLD')} THEN "
        "RAISE EXCEPTION 'a published bundle version is frozen'; END IF; "
        f"IF TG_OP <> 'DELETE' AND {IS_PUBLISHED.format(row='NEW')} THEN "
        "RAISE EXCEPTION 'a published bundle version is frozen'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER frozen_items BEFORE INSERT OR UPDATE OR DELETE ON bundle_items "
        "FOR EACH ROW EXECUTE FUNCTION refuse_frozen_item()"
    )
