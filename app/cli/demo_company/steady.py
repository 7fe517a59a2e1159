"""The demo's customer with a steady need: small orders every three weeks, for which the coach has advice."""

from collections.abc import Sequence

from app.cli.demo_company.orders import AddOrder
from app.flows.fill_demo import Buyer, Offer

STEADY_DAYS_AGO = tuple(range(280, 27, -21))


def add_steady_orders(add_order: AddOrder, buyer: Buyer, offers: Sequence[Offer]) -> None:
    """Adds orders of the offer whose smallest order is worth least, oldest first."""
    smallest = min(offers, key=lambda offer: (offer.price_cents * offer.minimum_quantity, offer.version_id))
    for days_ago in STEADY_DAYS_AGO:
        add_order(buyer, days_ago, basket=((smallest, smallest.minimum_quantity),))
