"""What a customer contributes in a year, and what the work for it costs: the figures that its level rests on."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.care.rules.effort import EffortKind
from app.catalogue.rules.margin import GRAMS_PER_KG, MILLI, Part, bundle_costs
from app.core.money import BP, divide_half_up, share_bp
from app.policy.rules.policy import Policy

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class SoldLine:
    """So many bundles of one version, with the blocks in one of them as they were frozen when it was published."""

    quantity: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class SoldOrder:
    """An accepted order of goods. `parcel` is its own id, or that of the waiting order whose parcel took it along.

    `charges_net_cents` are its surcharges and fees, `refunded_net_cents` what was paid back of both, and
    `refunded_for_us_net_cents` that part of it that made good a fault of ours.
    """

    parcel: int
    goods_net_cents: int
    charges_net_cents: int
    gross_cents: int
    refunded_net_cents: int
    refunded_for_us_net_cents: int
    lines: tuple[SoldLine, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What is left of orders, term by term, net; costs are positive and taken off.

    `refunds_for_us_cents` is that part of the refunds that made good a fault of ours.
    """

    goods_cents: int = 0
    charges_cents: int = 0
    refunds_cents: int = 0
    refunds_for_us_cents: int = 0
    blocks_cents: int = 0
    packing_cents: int = 0
    shipping_cents: int = 0
    card_fee_cents: int = 0

    @property
    def total_cents(self) -> int:
        earned = self.goods_cents + self.charges_cents - self.refunds_cents
        return earned - self.blocks_cents - self.packing_cents - self.shipping_cents - self.card_fee_cents

    @property
    def fair_cents(self) -> int:
        """The total as if nothing had been paid back for faults of ours: they never count against a customer."""
        return self.total_cents + self.refunds_for_us_cents


@dataclass(frozen=True, slots=True)
class YearFigures:
    """Twelve months of a customer: contribution, and what the effort cost that its own doing caused."""

    contribution_cents: int
    cost_cents: int

    @property
    def ratio_bp(self) -> int | None:
        """Cost as a share of the contribution; None where nothing was contributed."""
        if self.contribution_cents <= 0:
            return None
        return divide_half_up(self.cost_cents * BP, self.contribution_cents)

    def reaches(self, percent: int) -> bool:
        """Whether the cost is at least this share of the contribution; without one any cost is."""
        if self.contribution_cents <= 0:
            return self.cost_cents > 0
        return self.cost_cents * 100 >= percent * self.contribution_cents


def default_minutes(kind: EffortKind, policy: Policy) -> int:
    """What one touch of a kind takes when nobody measured it."""
    return {
        EffortKind.COMPLAINT: policy.effort_complaint_minutes,
        EffortKind.MANUAL_CHANGE: policy.effort_change_minutes,
        EffortKind.PHONE_HELP: policy.effort_phone_minutes,
        EffortKind.FAILED_DELIVERY: policy.effort_failed_delivery_minutes,
        EffortKind.CHARGEBACK: policy.effort_chargeback_minutes,
        EffortKind.APPLICATION_REVIEW: policy.effort_application_minutes,
        EffortKind.STAFF_ACTION: policy.effort_action_minutes,
    }[kind]


def effort_cost(minutes: int, policy: Policy) -> int:
    """What minutes of work cost, in cents, rounded once, half up."""
    return divide_half_up(minutes * policy.effort_hour_cents, MINUTES_PER_HOUR)


def contribution_of(orders: Iterable[SoldOrder], policy: Policy) -> Contribution:
    """What orders contributed (domain.md section 6): goods and fees less blocks, packing, shipping, card fee, refunds.

    The terms are those of the margin guard (docs/guards.md), for what really left: a parcel for each so many
    bundles as the policy says fit into one, begun ones whole, and each payment's own fee.
    """
    known = list(orders)
    blocks = packing = card_fee = weight = 0
    bundles: Counter[int] = Counter()
    for order in known:
        for line in order.lines:
            costs = bundle_costs(line.parts, policy)
            blocks += line.quantity * costs.blocks_cents
            packing += line.quantity * costs.packing_cents
            weight += line.quantity * costs.weight_milli_g
            if costs.is_shipped:
                bundles[order.parcel] += line.quantity
        card_fee += share_bp(order.gross_cents, policy.card_fee_bp) + policy.card_fee_fixed_cents
    parcels = sum(-(-count // policy.bundles_per_parcel) for count in bundles.values())
    by_weight = divide_half_up(policy.shipping_per_kg_cents * weight, MILLI * GRAMS_PER_KG)
    return Contribution(
        goods_cents=sum(order.goods_net_cents for order in known),
        charges_cents=sum(order.charges_net_cents for order in known),
        refunds_cents=sum(order.refunded_net_cents for order in known),
        refunds_for_us_cents=sum(order.refunded_for_us_net_cents for order in known),
        blocks_cents=blocks,
        packing_cents=packing,
        shipping_cents=parcels * policy.shipping_base_cents + by_weight,
        card_fee_cents=card_fee,
    )
