"""In which sizes a bundle is sold where its blocks, the bundle itself and a customer say so: the nearest word wins."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

ABOVE_EVERY_ORDER = 10_000
"""One more than the most that an order may hold of a bundle: sizes that come out larger are cut to it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one of them says of a bundle's minimum quantity and order step, in bundles; None is silence."""

    minimum_quantity: int | None = None
    order_step: int | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """What holds: the minimum quantity and the order step of a bundle."""

    minimum_quantity: int = 1
    order_step: int = 1


class Speaking(Protocol):
    """A bundle's version: what it says itself of its sizes, None where it inherits."""

    @property
    def own_minimum_quantity(self) -> int | None:
        """Its own minimum quantity."""

    @property
    def own_order_step(self) -> int | None:
        """Its own order step."""


@dataclass(frozen=True, slots=True)
class BlockSizes:
    """What one bundle holds of a block, and the block's own minimum and step, all in thousandths of its unit."""

    quantity_milli: int
    minimum_quantity_milli: int | None = None
    order_step_milli: int | None = None


def nearest(*agreements: Agreement) -> Agreement:
    """What holds where several speak, the nearest first: each field by itself, silence passes it on."""
    return Agreement(
        next((one.minimum_quantity for one in agreements if one.minimum_quantity is not None), None),
        next((one.order_step for one in agreements if one.order_step is not None), None),
    )


def agreement_of_blocks(blocks: Iterable[BlockSizes]) -> Agreement:
    """What the blocks of a bundle say together: a size that each of them admits.

    The step is the least count of bundles that is a full step of every block (so a common multiple), the minimum
    the least count that reaches the minimum of every block. A silent block says nothing.
    """
    minimum, step = None, None
    for block in blocks:
        if block.order_step_milli is not None:
            own = block.order_step_milli // math.gcd(block.quantity_milli, block.order_step_milli)
            step = math.lcm(step or 1, own)
        if block.minimum_quantity_milli is not None:
            minimum = max(minimum or 1, -(-block.minimum_quantity_milli // block.quantity_milli))
    return Agreement(_cut(minimum), _cut(step))


def sizes_of(*agreements: Agreement) -> Sizes:
    """The sizes that hold where these speak, the nearest first; single bundles where all are silent."""
    found = nearest(*agreements)
    return Sizes(found.minimum_quantity or 1, found.order_step or 1)


def sizes_of_bundle(version: Speaking, blocks: Iterable[BlockSizes]) -> Sizes:
    """The sizes in which a bundle is sold to everybody: its own word, else that of its blocks."""
    own = Agreement(version.own_minimum_quantity, version.own_order_step)
    return sizes_of(own, agreement_of_blocks(blocks))


def _cut(size: int | None) -> int | None:
    return None if size is None else min(size, ABOVE_EVERY_ORDER)
