"""Runs migrations against the database of SHOP_DATABASE_URL, or the connection that is handed in."""

import os

from alembic import context
from sqlalchemy import Connection

from app.core.db import open_database
from app.tables import metadata


def migrate(connection: Connection) -> None:
    """Brings the database of this connection to the wanted revision, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    database = open_database(context.config.attributes.get("url") or os.environ["SHOP_DATABASE_URL"])
    with database.writing.connect().execution_options(is_write=True) as connection, connection.begin():
        migrate(connection)
    database.close()
