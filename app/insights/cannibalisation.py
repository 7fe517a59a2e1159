"""What the main brand's A- and B-customers buy of a bundle's blocks: the figures of the cannibalisation guard."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from statistics import median_low

from sqlalchemy import case, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.catalogue.models import Block, BundleApproval, BundleItem, BundleVersion
from app.catalogue.queries_sizes import sizes_today
from app.catalogue.rules.cannibalisation import (
    Bought,
    Cannibalisation,
    Ingredient,
    Offer,
    ServiceVerdict,
    cannibalise,
    figures_of,
    serves_better,
)
from app.catalogue.service_publishing import seen_mark
from app.mainbrand.models import MainAccount, Purchase
from app.mainbrand.queries_buying import CURRENCY, last_goods_at
from app.mainbrand.rules.segments import Segment
from app.policy.queries import current_policy
from app.policy.rules.policy import BelowMinimum

GUARDED = (Segment.A, Segment.B)
WINDOW = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The guard's figures and its answer on service; `until_at` is the newest purchase up to now, None without any."""

    figures: Cannibalisation
    service: ServiceVerdict
    limit_cents: int
    since_at: datetime | None
    until_at: datetime | None

    @property
    def needs_approval(self) -> bool:
        """Whether a second person has to approve."""
        return self.figures.loss_cents > self.limit_cents


@dataclass(frozen=True, slots=True)
class Purchases:
    """What A- and B-customers bought of some articles in the last twelve months of data, and their segments."""

    bought: Mapping[str, Mapping[str, Bought]]
    segments: Mapping[str, str]
    since_at: datetime | None
    until_at: datetime | None


def offer_of(version: BundleVersion, rows: Iterable[tuple[BundleItem, Block]]) -> Offer:
    """A version with its blocks as they are today, as the guard sees it."""
    rows = list(rows)
    sizes = sizes_today(version, rows)
    return Offer(
        version.price_cents,
        tuple(ingredient(block, item.quantity_milli) for item, block in rows),
        sizes.minimum_quantity,
        sizes.order_step,
        version.maximum_quantity,
    )


def ingredient(block: Block, quantity_milli: int) -> Ingredient:
    """A block as the guard sees it in a bundle, with its present facts."""
    return Ingredient(
        block.sku,
        quantity_milli,
        block.kind,
        block.main_brand_price_cents,
        block.main_brand_lead_time_days,
    )


def assess(session: Session, offer: Offer, *, now: datetime) -> Assessment:
    """What selling the offer would do to the main brand, from the last twelve months of its purchases."""
    purchases = read_purchases(session, [one.sku for one in offer.ingredients], now=now)
    policy = current_policy(session)
    if policy.below_minimum_quantity is BelowMinimum.SURCHARGE:
        # A minimum quantity that can be undercut for a surcharge keeps no customer away.
        offer = replace(offer, minimum_quantity=offer.order_step)
    return Assessment(
        figures=cannibalise(offer, purchases.bought, purchases.segments),
        service=serves_better(offer.ingredients, later_days=policy.later_than_main_brand_days),
        limit_cents=policy.cannibalisation_limit_cents,
        since_at=purchases.since_at,
        until_at=purchases.until_at,
    )


def shown_mark(
    version: BundleVersion, approval: BundleApproval | None, offer: Offer, found: Assessment
) -> str:
    """What a form about the approval carries: the version, its figures of today and the request, as one hash."""
    shown = {
        "version": seen_mark(version),
        "figures": figures_of(offer, found.figures),
        "asked": approval.figures if approval else None,
        "asked_at": approval.requested_at.isoformat() if approval else None,
        "is_approved": approval.is_approved if approval else None,
    }
    return blake2b(json.dumps(shown, sort_keys=True).encode(), digest_size=16).hexdigest()


def accounts_named(session: Session, numbers: Sequence[str]) -> dict[str, tuple[int, str]]:
    """The id and name of main accounts by their number; those that are gone are left out."""
    rows = session.execute(
        select_columns(
            col(MainAccount.account_number), col(MainAccount.id), col(MainAccount.company_name)
        ).where(col(MainAccount.account_number).in_(numbers))
    )
    return {number: (account_id or 0, name) for number, account_id, name in rows}


def read_purchases(session: Session, skus: Sequence[str], *, now: datetime) -> Purchases:
    """Goods in euros by account and SKU, returns taken off; the window ends with the newest of them up to now."""
    until_at = last_goods_at(session, now=now)
    if until_at is None or not skus:
        return Purchases({}, {}, None, None)
    since_at = until_at - WINDOW
    quantity = col(Purchase.quantity_milli)
    invoices = session.execute(
        select_columns(
            col(Purchase.account_number),
            col(MainAccount.segment),
            col(Purchase.sku),
            func.sum(case((quantity > 0, quantity), else_=0)),
            func.sum(quantity),
            func.sum(col(Purchase.net_cents)),
        )
        .join(MainAccount, col(MainAccount.account_number) == col(Purchase.account_number))
        .where(
            col(Purchase.sku).in_(skus),
            col(Purchase.is_goods),
            col(Purchase.currency) == CURRENCY,
            col(Purchase.purchased_at) > since_at,
            col(Purchase.purchased_at) <= until_at,
            col(MainAccount.segment).in_(GUARDED),
        )
        .group_by(
            col(Purchase.account_number),
            col(MainAccount.segment),
            col(Purchase.sku),
            col(Purchase.invoice_number),
        )
    )
    lots: dict[str, dict[str, list[tuple[int, int, int]]]] = {}
    segments: dict[str, str] = {}
    for number, segment, sku, taken, net_quantity, net_cents in invoices:
        segments[number] = segment.value
        lot = (int(taken), int(net_quantity), int(net_cents))
        lots.setdefault(number, {}).setdefault(sku, []).append(lot)
    bought = {
        number: {sku: _together(parts) for sku, parts in articles.items()}
        for number, articles in lots.items()
    }
    return Purchases(bought, segments, since_at, until_at)


def _together(lots: Sequence[tuple[int, int, int]]) -> Bought:
    taken = [quantity for quantity, _, _ in lots if quantity > 0]
    return Bought(
        typical_milli=median_low(taken) if taken else 0,
        quantity_milli=sum(quantity for _, quantity, _ in lots),
        net_cents=sum(cents for _, _, cents in lots),
    )
