"""The cannibalisation guard: who of the main brand's A- and B-customers would switch to a bundle, and at what cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.catalogue.rules.kinds import Kind
from app.core.money import BP, divide_half_up

SERVING = frozenset({Kind.CONSULTING_UNIT, Kind.SERVICE})
"""Kinds that are done by people: more of them than the main brand offers would be more service."""
MOST_SHOWN = 20
"""So many of the customers concerned are kept and shown, the dearest switches first."""

ORDERS_FOR_ONE_PURCHASE = 4
"""So many orders may stand for one purchase at the main brand: one a week in a month. Nothing stops two orders a day,
so a small maximum of an order alone keeps no customer away."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One block of a bundle: thousandths of its unit, and the main brand's price and lead time (working days)."""

    sku: str
    quantity_milli: int
    kind: Kind = Kind.SPARE_PART
    main_brand_price_cents: int = 0
    main_brand_lead_time_days: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """What would be sold: one bundle at a net price, and how many of it an order may hold (None: any number)."""

    price_cents: int
    ingredients: tuple[Ingredient, ...]
    minimum_quantity: int = 1
    order_step: int = 1
    maximum_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    """What one customer bought of one article in twelve months, returns taken off, in thousandths and net cents.

    `typical_milli` is the median quantity of its purchases (invoices).
    """

    typical_milli: int
    quantity_milli: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class Switch:
    """What a customer of the main brand would do: buy so many bundles a year for what they `paid` there.

    `paid_cents` is what they paid for what these bundles replace, `brings_cents` what the bundles would bring.
    """

    account_number: str
    segment: str
    bundle_count: int
    paid_cents: int
    brings_cents: int

    @property
    def loss_cents(self) -> int:
        """What the switch costs the main brand in a year, less what the bundle brings."""
        return self.paid_cents - self.brings_cents

    @property
    def paid_per_bundle_cents(self) -> int:
        """What they pay at the main brand for what one bundle replaces, on average."""
        return divide_half_up(self.paid_cents, self.bundle_count)

    @property
    def undercut_bp(self) -> int:
        """By which share the bundle is cheaper."""
        return divide_half_up(self.loss_cents * BP, self.paid_cents)


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer who buys these blocks in these quantities and would stay: the bundle is no cheaper for them.

    `bundle_count` is how many bundles a year their demand of these blocks is worth.
    """

    account_number: str
    segment: str
    bundle_count: int
    paid_per_bundle_cents: int


@dataclass(frozen=True, slots=True)
class Cannibalisation:
    """The guard's figures of a bundle: the customers who would switch, the dearest switch first, and who would not.

    `buyer_counts` are the customers by segment who buy these blocks in quantities that the bundle can serve.
    """

    switches: tuple[Switch, ...]
    buyer_counts: Mapping[str, int]
    staying: tuple[Buyer, ...] = ()

    @property
    def loss_cents(self) -> int:
        """What all switches together cost the main brand in a year."""
        return sum(switch.loss_cents for switch in self.switches)

    @property
    def paid_cents(self) -> int:
        """What the main brand would lose in revenue."""
        return sum(switch.paid_cents for switch in self.switches)

    @property
    def bundle_count(self) -> int:
        """How many bundles a year all switches are."""
        return sum(switch.bundle_count for switch in self.switches)

    @property
    def undercut_bp(self) -> int:
        """By which share the bundle is cheaper for all that would switch; 0 where nobody would."""
        return divide_half_up(self.loss_cents * BP, self.paid_cents) if self.paid_cents else 0


class ApprovalState(StrEnum):
    """Where the second person's word stands; `void` once the version changed or its figures got worse."""

    NONE = "none"
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    VOID = "void"


class Service(StrEnum):
    """Why a bundle would be better served than the main brand's customers are."""

    FASTER = "faster"
    MORE_SERVICE = "more_service"


@dataclass(frozen=True, slots=True)
class ServiceVerdict:
    """The guard's answer on service; days are working days from order to arrival."""

    faults: tuple[Service, ...]
    main_brand_days: int
    earliest_days: int
    extra_skus: tuple[str, ...]


def cannibalise(
    offer: Offer, bought: Mapping[str, Mapping[str, Bought]], segments: Mapping[str, str]
) -> Cannibalisation:
    """Who would switch, of the accounts in `bought` (account number → SKU → purchases); `segments` are theirs.

    A customer buys "the same in the same quantity" where the typical quantity of a block is one that a few orders
    can hold (ORDERS_FOR_ONE_PURCHASE), and the year's demand is worth at least the smallest order. They would switch
    for as many bundles as each replaces purchases that cost more than it does (docs/guards.md).
    """
    switches: list[Switch] = []
    staying: list[Buyer] = []
    counts: dict[str, int] = {}
    for number, articles in bought.items():
        replaced = _replaced(offer, articles)
        if not replaced or max(count for count, _ in replaced) < offer.minimum_quantity:
            continue
        segment = segments[number]
        counts[segment] = counts.get(segment, 0) + 1
        switch = _switch(offer, replaced, number, segment)
        if switch is not None:
            switches.append(switch)
        else:
            worth = sum(cents for _, cents in replaced)
            staying.append(Buyer(number, segment, max(count for count, _ in replaced), worth))
    switches.sort(key=lambda switch: (-switch.loss_cents, switch.account_number))
    staying.sort(key=lambda buyer: (buyer.paid_per_bundle_cents, buyer.account_number), reverse=True)
    return Cannibalisation(tuple(switches), dict(sorted(counts.items())), tuple(staying))


def figures_of(offer: Offer, found: Cannibalisation) -> dict[str, Any]:
    """The figures as plain JSON values, to be kept with an approval; the dearest switches by account number."""
    return {
        **offer_values(offer),
        "loss_cents": found.loss_cents,
        "paid_cents": found.paid_cents,
        "bundle_count": found.bundle_count,
        "undercut_bp": found.undercut_bp,
        "buyer_counts": dict(found.buyer_counts),
        "switch_count": len(found.switches),
        "switches": [
            {
                "account_number": switch.account_number,
                "segment": switch.segment,
                "bundle_count": switch.bundle_count,
                "paid_per_bundle_cents": switch.paid_per_bundle_cents,
                "undercut_bp": switch.undercut_bp,
                "loss_cents": switch.loss_cents,
            }
            for switch in found.switches[:MOST_SHOWN]
        ],
    }


def offer_values(offer: Offer) -> dict[str, Any]:
    """What of an offer an approval is bound to: price, sizes, and blocks with their quantities."""
    return {
        "price_cents": offer.price_cents,
        "minimum_quantity": offer.minimum_quantity,
        "order_step": offer.order_step,
        "maximum_quantity": offer.maximum_quantity,
        "items": sorted([one.sku, one.quantity_milli] for one in offer.ingredients),
    }


def approval_state(
    kept: Mapping[str, Any] | None, is_approved: bool | None, *, offer: Offer, loss_cents: int | None = None
) -> ApprovalState:
    """Where an approval with its kept figures stands for what is to be sold now; None where nobody asked.

    `loss_cents` is today's figure, None where it was not worked out: then only the offer is compared.
    """
    if kept is None:
        return ApprovalState.NONE
    if any(kept.get(name) != value for name, value in offer_values(offer).items()):
        return ApprovalState.VOID
    if is_approved is False:
        return ApprovalState.REFUSED
    if loss_cents is not None and loss_cents > int(kept["loss_cents"]):
        return ApprovalState.VOID
    return ApprovalState.OPEN if is_approved is None else ApprovalState.APPROVED


def serves_better(ingredients: Sequence[Ingredient], *, later_days: int) -> ServiceVerdict:
    """Whether the bundle is sold faster than the main brand's slowest block, or with a service it does not sell.

    `later_days` is how much later than the main brand the delivery promise is at least.
    """
    slowest = max((one.main_brand_lead_time_days for one in ingredients), default=0)
    extra = tuple(one.sku for one in ingredients if one.kind in SERVING and not one.main_brand_price_cents)
    faults = []
    if later_days < 1:
        faults.append(Service.FASTER)
    if extra:
        faults.append(Service.MORE_SERVICE)
    return ServiceVerdict(tuple(faults), slowest, slowest + later_days, extra)


def _replaced(offer: Offer, articles: Mapping[str, Bought]) -> list[tuple[int, int]]:
    """For each block that the customer buys in a quantity a few orders hold: (bundles a year, cents per bundle)."""
    found = []
    for one in offer.ingredients:
        past = articles.get(one.sku)
        if past is None or past.quantity_milli <= 0 or past.net_cents <= 0:
            continue
        if offer.maximum_quantity is not None:
            most = one.quantity_milli * offer.maximum_quantity * ORDERS_FOR_ONE_PURCHASE
            if past.typical_milli > most:
                continue
        count = past.quantity_milli // one.quantity_milli
        if count:
            found.append((count, divide_half_up(one.quantity_milli * past.net_cents, past.quantity_milli)))
    return found


def _switch(offer: Offer, replaced: Sequence[tuple[int, int]], number: str, segment: str) -> Switch | None:
    """The switch that saves the customer money with each further bundle, in numbers that can be ordered."""
    best = 0
    for count, _ in replaced:
        worth = sum(cents for other, cents in replaced if other >= count)
        if worth > offer.price_cents:
            best = max(best, count)
    best -= best % offer.order_step
    if best < offer.minimum_quantity:
        return None
    paid = sum(min(count, best) * cents for count, cents in replaced)
    return Switch(number, segment, best, paid, best * offer.price_cents)
