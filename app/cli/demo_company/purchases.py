"""What the demo's main accounts bought at the main brand in three years: rhythms, habits, and some that grow."""

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.catalogue.rules.kinds import Kind
from app.cli.demo_company.goods import BlockFacts
from app.flows.fill_demo import Rows
from app.mainbrand.models import Purchase

# More would only make the demo slow: the page and the model have enough to show.
MOST_BUYERS = 600
YEARS = 3
Basket = Mapping[str, int]
"""Counts by SKU."""

HABITS: tuple[Basket, ...] = (
    {"ET-1009": 1, "ET-1010": 1, "ET-1011": 1},
    {"PM-2006": 1, "PM-2016": 1, "PM-2017": 2},
    {"ET-1021": 2, "ET-1022": 1, "ET-1023": 1, "PM-2003": 1},
    {"RS-4010": 2, "PM-2017": 1},
    {"PM-2013": 1, "PM-2016": 1, "PM-2017": 3},
    {"ET-1012": 1, "PM-2009": 2, "PM-2010": 1},
    {"ET-1001": 2, "ET-1003": 2, "PM-2001": 1},
    {"PM-2003": 4, "PM-2012": 2},
    {"RS-4014": 5, "PM-2003": 1, "PM-2017": 1},
    {"ET-1024": 1, "ET-1025": 1, "ET-1026": 1},
    {"ET-1015": 1, "ET-1017": 2, "PM-2018": 1},
    {"RS-4012": 2, "PM-2018": 2},
)
"""What small customers buy together: from these purchases `shop discover-bundles` finds its sets."""
HABIT_SHARE = 0.6
MULTIPLES = (1, 1, 1, 1, 1, 2, 2, 3)
MOST_OF_A_SMALL_ONE = 4
"""A small customer buys no more than that of anything beside its habits."""
LARGEST_HABITUAL_CENTS = 1_000_000
"""Who buys more than that in a year has no habits, but needs of its own."""


@dataclass(frozen=True)
class Need:
    """What a large customer buys again and again."""

    basket: Basket
    every_days: int


LARGE_NEEDS = (
    Need({"ET-1001": 60, "ET-1003": 60, "PM-2001": 18, "RS-4004": 30, "RS-4008": 10, "RS-4002": 12}, 14),
    Need({"ET-1009": 10, "ET-1010": 10, "ET-1011": 10}, 30),
)
MEDIUM_NEEDS = (
    Need({"ET-1009": 20, "ET-1010": 20, "ET-1011": 20, "RS-4002": 9}, 30),
    Need({"ET-1001": 20, "ET-1003": 20, "PM-2001": 6}, 30),
)
"""The A- and the B-customer among the log-ins: two of the demo's drafts would take just this from the main brand."""


def add_purchases(
    rows: Rows,
    account_number: str,
    *,
    revenue_cents: int,
    blocks: Mapping[str, BlockFacts],
    seed: int,
    now: datetime,
) -> None:
    """The invoice lines of one account, whose last year brings about the given revenue (a small one's: up to that).

    A company has its rhythm and its habits; every fourth grows from year to year, some shrink or stop.
    """
    chance = random.Random(f"{seed}:basket:{account_number}")
    per_year = min(40.0, max(1.0, chance.lognormvariate(1.6, 0.6)))
    yearly_growth = chance.choice((0.55, 0.9, 1.0, 1.7)) * chance.lognormvariate(0, 0.15)
    begins = chance.choice((0.0, 0.0, 0.0, chance.uniform(0, 2.6)))
    ends = YEARS if chance.random() < 0.85 else chance.uniform(begins, YEARS)
    habits = chance.sample(HABITS, 2) if revenue_cents <= LARGEST_HABITUAL_CENTS else []
    at, invoice = begins + chance.expovariate(per_year), 0
    while at < ends:
        size = (
            revenue_cents / per_year * yearly_growth ** (at - YEARS + 0.5) * chance.lognormvariate(-0.1, 0.45)
        )
        invoice += 1
        purchased_at = now - timedelta(days=(YEARS - at) * 365 + chance.random() / 3)
        lines = _basket(round(size), habits, blocks, chance)
        if invoice > 1:
            # Now and then one comes back.
            lines = [(block, -1 if chance.random() < 0.03 else count) for block, count in lines]
        _add_invoice(rows, account_number, invoice, lines, purchased_at)
        at += chance.expovariate(per_year * yearly_growth ** (0.5 * (at - YEARS + 0.5)))


def add_needs(
    rows: Rows,
    account_number: str,
    *,
    needs: Sequence[Need],
    blocks: Mapping[str, BlockFacts],
    now: datetime,
) -> None:
    """The invoice lines of one large account that buys the same for years, each need at its own pace."""
    invoice = 0
    for need in needs:
        for days_ago in range(need.every_days // 2, YEARS * 365, need.every_days):
            invoice += 1
            lines = [(blocks[sku], count) for sku, count in need.basket.items()]
            _add_invoice(rows, account_number, invoice, lines, now - timedelta(days=days_ago))


def _basket(
    size_cents: int, habits: Sequence[Basket], blocks: Mapping[str, BlockFacts], chance: random.Random
) -> list[tuple[BlockFacts, int]]:
    """What one invoice of about that size holds: habits and a few other things, or large lots of anything."""
    basket: dict[str, int] = {}
    for habit in chance.sample(habits, len(habits)):
        worth = sum(blocks[sku].main_brand_price_cents * count for sku, count in habit.items())
        multiple = min(chance.choice(MULTIPLES), size_cents // worth)
        if multiple and chance.random() < HABIT_SHARE:
            basket |= {sku: count * multiple for sku, count in habit.items()}
            size_cents -= worth * multiple
    offered = [
        sku
        for sku, block in blocks.items()
        if not (habits and (block.is_kept_out or block.kind is Kind.CONSULTING_UNIT))
    ]
    others = chance.sample(offered, chance.randint(0 if basket else 1, 2 if habits else 4))
    for sku in others:
        count = round(size_cents / len(others) / blocks[sku].main_brand_price_cents)
        if sku not in basket and (count or not basket):
            basket[sku] = max(1, min(count, MOST_OF_A_SMALL_ONE) if habits else count)
    return [(blocks[sku], count) for sku, count in basket.items()]


def _add_invoice(
    rows: Rows,
    account_number: str,
    invoice: int,
    lines: Iterable[tuple[BlockFacts, int]],
    purchased_at: datetime,
) -> None:
    for place, (block, count) in enumerate(lines):
        identity = f"demo|{account_number}|{invoice}|{place}"
        rows.add(
            Purchase,
            import_key=hashlib.blake2b(identity.encode(), digest_size=12).hexdigest(),
            account_number=account_number,
            invoice_number=f"R-{account_number[2:]}-{invoice}",
            sku=block.sku,
            description=block.name_de[:300],
            quantity_milli=count * 1000,
            net_cents=count * block.main_brand_price_cents,
            currency="EUR",
            is_goods=True,
            country="DE",
            purchased_at=purchased_at,
        )
