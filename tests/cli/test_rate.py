"""`shop rate` on a database of its own."""

from contextlib import closing
from datetime import UTC, datetime

from app.core.db import open_database
from app.mainbrand.models import Purchase
from tests import make
from tests.processes import run_shop


def test_the_twelve_months_end_on_a_day_of_the_shops_own_time(database_url: str) -> None:
    bought_at = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    with closing(open_database(database_url)) as database, database.session() as session:
        make.saved(
            session,
            Purchase(
                import_key="1", account_number="X1", invoice_number="R1", sku="S", quantity_milli=1_000,
                net_cents=5_000, currency="EUR", purchased_at=bought_at,
            ),
        )  # fmt: skip

    done = run_shop("rate", "--dry-run", database_url=database_url)

    assert done.returncode == 0, done.stderr
    assert "Twelve months up to 2026-10-01" in done.stdout
