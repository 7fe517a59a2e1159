"""How bundles are proposed: the numbers that discovery goes by, typical quantities, and when two sets are alike."""

import hashlib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from app.core.money import BP
from app.policy.rules.policy import Policy

YEAR_DAYS = 365
"""What is looked through, and what forecasts are for."""

ONE = 1_000
"""A whole unit in thousandths."""

PACK_SHARE = Fraction(3, 5)
PACK_COMMON = Fraction(1, 20)


@dataclass(frozen=True, slots=True)
class Aims:
    """What a run goes by; docs/discovery.md says how each default was found.

    minimum_support: the share of the C-customers' baskets (0 to 1) that must hold a set. certainty: by how many
    standard errors its recency-weighted share must lie above that (2.58: 99.5 times in 100). half_life_days: after
    how long a basket counts half. others_weight: what a basket of an A- or B-customer counts where the catalogue
    is put in order, nowhere else. longest: blocks of one bundle. minimum_orders, minimum_buyers: what a set needs
    in numbers, whatever its share. likeness: from this share of common blocks on (Jaccard) two sets are one.
    catalogue_size: how many proposals make the catalogue. most_proposals: how many a run keeps.
    """

    minimum_support: float = 0.01
    certainty: float = 2.58
    half_life_days: int = 270
    others_weight: float = 0.1
    longest: int = 5
    minimum_orders: int = 5
    minimum_buyers: int = 3
    likeness: float = 0.6
    catalogue_size: int = 30
    most_proposals: int = 200


def aims_of(policy: Policy) -> Aims:
    """The aims with what the policy says."""
    return Aims(
        minimum_support=policy.discovery_minimum_support_bp / BP,
        half_life_days=policy.discovery_half_life_days,
    )


class PriceReason(StrEnum):
    """What a suggested price goes by: what C-customers paid, what A- and B-customers pay, or the margin floor."""

    C_PAID = "c_paid"
    AB_PAY = "ab_pay"
    FLOOR = "floor"


def suggest_price(*, c_cents: int, ab_cents: int | None, lowest_cents: int | None) -> tuple[int, PriceReason]:
    """A net price for a bundle's blocks in their quantities, and what it goes by.

    It is what C-customers paid for as much (the medians added up), but never below what A- and B-customers pay (the
    main brand would lose them to it), nor below the lowest price that passes the margin guard.
    """
    price, reason = c_cents, PriceReason.C_PAID
    if ab_cents is not None and ab_cents > price:
        price, reason = ab_cents, PriceReason.AB_PAY
    if lowest_cents is not None and lowest_cents > price:
        price, reason = lowest_cents, PriceReason.FLOOR
    return max(1, price), reason


def surely_at_least(share: float, trials: float, certainty: float) -> float:
    """The lower end of Wilson's interval (1927) for a share seen in so many trials; 0 without any."""
    if trials <= 0:
        return 0.0
    square = certainty * certainty
    middle = share + square / (2 * trials)
    spread = certainty * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    return max(0.0, (middle - spread) / (1 + square / trials))


def set_key(skus: Iterable[str]) -> str:
    """What tells one set of articles from others: the SHA-256 of its SKUs in order."""
    return hashlib.sha256("\x1f".join(sorted(skus)).encode()).hexdigest()


def likeness(one: Collection[str], other: Collection[str]) -> float:
    """The share of the blocks of two sets that both hold (Jaccard 1901), 0 to 1."""
    first, second = set(one), set(other)
    return len(first & second) / len(first | second) if first or second else 0.0


def pack_size(quantities: Sequence[int]) -> int:
    """The pack in which a block is bought, in thousandths of its unit: a quantity of its own lines.

    It is the largest one that a twentieth of the lines have and of which three fifths are whole multiples; where
    there is none, one whole unit, or the smallest quantity for what is sold by less than one.
    """
    counts: dict[int, int] = {}
    for quantity in quantities:
        counts[quantity] = counts.get(quantity, 0) + 1
    line_count = len(quantities)
    for pack in sorted(counts, reverse=True):
        if counts[pack] < PACK_COMMON * line_count:
            continue
        fitting = sum(count for quantity, count in counts.items() if quantity % pack == 0)
        if fitting >= PACK_SHARE * line_count:
            return pack
    return min(ONE, *counts) if counts else ONE


def typical_quantity(quantities: Sequence[int], pack: int) -> int:
    """What is bought in one order: the median (the lower one of two), rounded down to whole packs, at least one.

    No average: one order of a thousand would move it.
    """
    if not quantities:
        return pack
    median = sorted(quantities)[(len(quantities) - 1) // 2]
    return max(1, median // pack) * pack
