"""Which charges an order carries beside its goods: decided here, once, for cart, checkout and order alike."""

from app.core.errors import N_
from app.core.i18n import translate
from app.customers.rules.effort_levels import EffortLevel
from app.ordering.rules.pricing import ChargeKind, PricedCharge
from app.ordering.rules.rhythm import RhythmChoice
from app.policy.rules.policy import Policy

CHARGE_NAMES = {
    ChargeKind.LOW_QUANTITY: N_("Low-quantity surcharge"),
    ChargeKind.LOW_LINE: N_("Low-quantity surcharge"),
    ChargeKind.INTERIM_ORDER: N_("Interim-order fee"),
    ChargeKind.EFFORT_FEE: N_("Effort fee"),
    ChargeKind.SPECIAL_SERVICE: N_("Special service"),
}
"""The words of each kind, as `templates/macros/charge.txt` has them."""


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


def charge_name(kind: ChargeKind, language: str, *, name: str = "", quantity: int = 1) -> str:
    """What a charge is called: a special service by its own name, a line's surcharge with the bundle's."""
    word = translate(language, CHARGE_NAMES[kind])
    if kind is ChargeKind.SPECIAL_SERVICE:
        called = name or word
    else:
        called = f"{word}: {name}" if name else word
    return f"{quantity} × {called}" if quantity > 1 else called
