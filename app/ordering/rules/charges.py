"""Which charges an order carries beside its goods: decided here, once, for cart, checkout and order alike."""

from collections.abc import Sequence

from app.core.errors import N_
from app.core.i18n import translate
from app.customers.rules.effort_levels import EffortLevel
from app.ordering.rules.pricing import ChargeKind, PricedCharge
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.way_out import SmallOrderTerms
from app.policy.rules.policy import BelowMinimum, Policy

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


def small_order_terms(policy: Policy) -> SmallOrderTerms:
    """What the policy asks of orders and lines below their minimum."""
    return SmallOrderTerms(
        policy.minimum_order_value_cents,
        policy.low_quantity_surcharge_cents,
        policy.low_line_surcharge_cents,
        policy.below_minimum_value is BelowMinimum.REFUSE,
        policy.below_minimum_quantity is BelowMinimum.REFUSE,
    )


def order_charges(
    policy: Policy,
    *,
    goods_net_cents: int,
    low_version_ids: Sequence[int] = (),
    rhythm: RhythmChoice = RhythmChoice.NORMAL,
    effort_level: EffortLevel = EffortLevel.NORMAL,
) -> tuple[PricedCharge, ...]:
    """The charges of an order of goods, each of them more than zero, none for an empty cart (domain.md 4 and 6).

    `low_version_ids` are the lines below their minimum quantity, by bundle version. What the policy refuses carries no
    charge: it cannot be ordered.
    """
    if not goods_net_cents:
        return ()
    terms = small_order_terms(policy)
    is_low = missing_value(policy, goods_net_cents) > 0 and not terms.is_low_value_refused
    of_lines = tuple(
        PricedCharge(ChargeKind.LOW_LINE, terms.line_surcharge_cents, bundle_version_id=version_id)
        for version_id in low_version_ids
        if terms.line_surcharge_cents and not terms.is_low_line_refused
    )
    amounts = {
        ChargeKind.LOW_QUANTITY: terms.value_surcharge_cents if is_low else 0,
        ChargeKind.INTERIM_ORDER: policy.interim_order_fee_cents if rhythm is RhythmChoice.INTERIM else 0,
        ChargeKind.EFFORT_FEE: policy.effort_fee_cents if effort_level is EffortLevel.FEE else 0,
    }
    return of_lines + tuple(PricedCharge(kind, net_cents) for kind, net_cents in amounts.items() if net_cents)


def charge_name(kind: ChargeKind, language: str, *, name: str = "", quantity: int = 1) -> str:
    """What a charge is called: a special service by its own name, a line's surcharge with the bundle's."""
    word = translate(language, CHARGE_NAMES[kind])
    if kind is ChargeKind.SPECIAL_SERVICE:
        called = name or word
    else:
        called = f"{word}: {name}" if name else word
    return f"{quantity} × {called}" if quantity > 1 else called
