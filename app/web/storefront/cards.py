"""Bundles as cards: with the day of delivery, the price per unit, and what little stock there is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session
from starlette.requests import Request

from app.catalogue.queries import BundleCard
from app.catalogue.rules.unit_price import UnitPrice, unit_price
from app.ordering.rules.promise import Promise, delivery_promise
from app.ordering.rules.quantities import QuantityRule, least_quantity
from app.policy.queries import current_policy
from app.web.storefront.promises import calendar_of

NOTHING_PROMISED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card with what is worked out from it; `unit_price` is None where it would say nothing new."""

    card: BundleCard
    promised_on: date
    least: int
    unit_price: UnitPrice | None


def shown_cards(
    request: Request, session: Session, cards: Iterable[BundleCard], *, now: datetime
) -> tuple[list[ShownCard], datetime]:
    """The cards as they are shown, and until when their days of delivery hold."""
    cards = list(cards)
    promises = promises_for(
        request, session, {card.main_brand_lead_time_days for card in cards}, ordered_at=now
    )
    shown = [
        ShownCard(
            card,
            promises[card.main_brand_lead_time_days].promised_on,
            least_quantity(QuantityRule(card.minimum_quantity, card.order_step)),
            unit_price(card.price_cents, card.single_quantity_milli, card.single_unit_code),
        )
        for card in cards
    ]
    ends = [promise.cut_off_at for promise in promises.values()]
    return shown, min(ends, default=now + NOTHING_PROMISED)


def promises_for(
    request: Request, session: Session, lead_times_days: Iterable[int], *, ordered_at: datetime
) -> dict[int, Promise]:
    """The delivery promise for each of the main brand's lead times."""
    policy, calendar = current_policy(session), calendar_of(request)
    return {
        days: delivery_promise(policy, calendar, ordered_at=ordered_at, main_brand_lead_time_days=days)
        for days in set(lead_times_days)
    }
