"""The lines of the card page, which must sum up to the order's gross amount."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import N_, Refused
from app.core.money import divide_half_up
from app.payments.rules.facts import CardItem

GREATEST_ITEM_COUNT = 100
"""The most line items of one Checkout Session (Stripe's limit)."""
LEAST_AMOUNT_CENTS = 50
GREATEST_AMOUNT_CENTS = 99_999_999
"""The least and the greatest card payment in euro cents (Stripe's limits)."""


@dataclass(frozen=True, slots=True)
class NetItem:
    """One order line or charge with its net amount."""

    name: str
    net_cents: int


def check_chargeable(gross_cents: int) -> None:
    """Raises Refused (`order.amount_not_chargeable`) for an amount that a card payment cannot have."""
    if not LEAST_AMOUNT_CENTS <= gross_cents <= GREATEST_AMOUNT_CENTS:
        raise Refused(
            N_("A card can be charged between 0.50 € and 999,999.99 €; this order is outside of it."),
            code="order.amount_not_chargeable",
        )


def card_items(items: Sequence[NetItem], *, gross_cents: int, rest_name: str) -> tuple[CardItem, ...]:
    """One card item per order line and charge, in gross cents that sum up exactly to `gross_cents`.

    VAT is computed on the order's sum per rate and not per line, so the gross amount is distributed in
    proportion to the net amounts, each running sum rounded half up: no item is off by more than a cent
    of its exact share, and none is negative. What is beyond Stripe's limit becomes one item `rest_name`.
    """
    total_net_cents = sum(item.net_cents for item in items)
    shared: list[CardItem] = []
    running_net_cents = running_gross_cents = 0
    for item in items:
        running_net_cents += item.net_cents
        reached_cents = divide_half_up(gross_cents * running_net_cents, total_net_cents)
        shared.append(CardItem(item.name, reached_cents - running_gross_cents))
        running_gross_cents = reached_cents
    if len(shared) > GREATEST_ITEM_COUNT:
        kept, rest = shared[: GREATEST_ITEM_COUNT - 1], shared[GREATEST_ITEM_COUNT - 1 :]
        shared = [*kept, CardItem(rest_name, sum(item.gross_cents for item in rest))]
    return tuple(shared)
