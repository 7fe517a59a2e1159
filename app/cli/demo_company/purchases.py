"""What the demo's main accounts bought at the main brand in three years: rhythms, baskets, and some that grow."""

import hashlib
import random
from datetime import datetime, timedelta

from app.cli.demo_company.goods import BlockFacts
from app.flows.fill_demo import Rows
from app.mainbrand.models import Purchase

# More would only make the demo slow: the page and the model have enough to show.
MOST_BUYERS = 600
YEARS = 3


def add_purchases(
    rows: Rows,
    account_number: str,
    *,
    revenue_cents: int,
    blocks: list[BlockFacts],
    seed: int,
    now: datetime,
) -> None:
    """The invoice lines of one account, whose last year brings about the given revenue.

    A company has its rhythm and its basket; every fourth grows from year to year, some shrink or stop.
    """
    chance = random.Random(f"{seed}:purchases:{account_number}")
    per_year = min(40.0, max(1.0, chance.lognormvariate(1.6, 0.6)))
    yearly_growth = chance.choice((0.55, 0.9, 1.0, 1.7)) * chance.lognormvariate(0, 0.15)
    begins = chance.choice((0.0, 0.0, 0.0, chance.uniform(0, 2.6)))
    ends = YEARS if chance.random() < 0.85 else chance.uniform(begins, YEARS)
    at, invoice = begins + chance.expovariate(per_year), 0
    while at < ends:
        size = (
            revenue_cents / per_year * yearly_growth ** (at - YEARS + 0.5) * chance.lognormvariate(-0.1, 0.45)
        )
        invoice += 1
        purchased_at = now - timedelta(days=(YEARS - at) * 365 + chance.random() / 3)
        _add_invoice(rows, account_number, invoice, round(size), blocks, chance, purchased_at)
        at += chance.expovariate(per_year * yearly_growth ** (0.5 * (at - YEARS + 0.5)))


def _add_invoice(
    rows: Rows,
    account_number: str,
    invoice: int,
    size_cents: int,
    blocks: list[BlockFacts],
    chance: random.Random,
    purchased_at: datetime,
) -> None:
    lines = chance.sample(blocks, min(len(blocks), chance.randint(1, 4)))
    for place, block in enumerate(lines):
        quantity = max(1, round(size_cents / len(lines) / block.main_brand_price_cents))
        is_return = invoice > 1 and chance.random() < 0.03
        sign = -1 if is_return else 1
        if is_return:
            quantity = 1
        identity = f"demo|{account_number}|{invoice}|{place}"
        rows.add(
            Purchase,
            import_key=hashlib.blake2b(identity.encode(), digest_size=12).hexdigest(),
            account_number=account_number,
            invoice_number=f"R-{account_number[2:]}-{invoice}",
            sku=block.sku,
            description=block.name_de[:300],
            quantity_milli=sign * quantity * 1000,
            net_cents=sign * quantity * block.main_brand_price_cents,
            currency="EUR",
            is_goods=True,
            country="DE",
            purchased_at=purchased_at,
        )
