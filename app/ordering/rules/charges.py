"""Which charges an order carries beside its goods: decided here, once, for cart, checkout and order alike."""

from app.customers.rules.effort_levels import EffortLevel
from app.ordering.rules.pricing import ChargeKind, PricedCharge
from app.ordering.rules.rhythm import RhythmChoice
from app.policy.rules.policy import Policy


def missing_value(policy: Policy, goods_net_cents: int) -> int:
    """The net cents by which goods stay below the minimum order value; 0 for none and for an empty cart."""
    return max(0, policy.minimum_order_value_cents - goods_net_cents) if goods_net_cents else 0


def order_charges(
    policy: Policy,
    *,
    goods_net_cents: int,
    rhythm: RhythmChoice = RhythmChoice.NORMAL,
    effort_level: EffortLevel = EffortLevel.NORMAL,
) -> tuple[PricedCharge, ...]:
    """The charges of an order of goods, each of them more than zero, none for an empty cart (domain.md 4 and 6)."""
    if not goods_net_cents:
        return ()
    amounts = {
        ChargeKind.LOW_QUANTITY: (
            policy.low_quantity_surcharge_cents if missing_value(policy, goods_net_cents) else 0
        ),
        ChargeKind.INTERIM_ORDER: policy.interim_order_fee_cents if rhythm is RhythmChoice.INTERIM else 0,
        ChargeKind.EFFORT_FEE: policy.effort_fee_cents if effort_level is EffortLevel.FEE else 0,
    }
    return tuple(PricedCharge(kind, net_cents) for kind, net_cents in amounts.items() if net_cents)
