"""What the business may change by itself: every value with its default and its bounds."""

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from app.core.errors import N_, FieldError


class UnknownCompany(StrEnum):
    """What happens to an applicant that the main brand does not know."""

    ADMIT = "admit"
    REVIEW = "review"


class RatingMode(StrEnum):
    """Whether amounts decide who is A and B, or shares of the whole revenue (ABC analysis)."""

    ABSOLUTE = "absolute"
    SHARES = "shares"


class AutomaticRating(StrEnum):
    """What the nightly rating and the one after an import do."""

    OFF = "off"
    PROPOSE = "propose"
    APPLY = "apply"


class InvoiceAt(StrEnum):
    """When an invoice is written; an order that is paid in one month and delivered in another gets it in between."""

    DISPATCH = "dispatch"
    PAYMENT = "payment"


class BelowFloor(StrEnum):
    """What happens to a published bundle whose margin falls below the floor."""

    FLAG = "flag"
    RETIRE = "retire"


class OverrideApproval(StrEnum):
    """How many people an override of a rating needs."""

    ONE = "one"
    TWO = "two"


class PublishingApproval(StrEnum):
    """How many people a bundle version needs on its way to the shop."""

    ONE = "one"
    TWO = "two"


class BelowMinimum(StrEnum):
    """What happens to a quantity or an order that is smaller than agreed."""

    SURCHARGE = "surcharge"
    REFUSE = "refuse"


class ChartOfAccounts(StrEnum):
    """DATEV's chart of accounts that the books are kept by."""

    SKR03 = "skr03"
    SKR04 = "skr04"


class UnconfirmedVat(StrEnum):
    """What happens to an order that would bear no VAT if the company's VAT id were confirmed."""

    CHARGE = "charge"
    HOLD = "hold"


class Exports(StrEnum):
    """Whether goods are sold to where the VAT law of the EU does not hold."""

    SOLD = "sold"
    NOT_SOLD = "not_sold"


@dataclass(frozen=True)
class Policy:
    """One version of the rules of the business (domain.md: "default values are defaults of settings")."""

    a_threshold_cents: int = 5_000_000
    b_threshold_cents: int = 1_000_000
    unknown_company: UnknownCompany = UnknownCompany.ADMIT
    review_from_score: int = 50
    minimum_order_value_cents: int = 5_000
    low_quantity_surcharge_cents: int = 990
    dispatch_weekday: int = 2
    cut_off_weekday: int = 1
    cut_off_hour: int = 12
    handling_days: int = 1
    transit_days: int = 2
    later_than_main_brand_days: int = 5
    # The review desk.
    review_answer_days: int = 2
    proof_wait_days: int = 14
    card_hold_hours: int = 72
    # Rating (domain.md section 1).
    rating_mode: RatingMode = RatingMode.ABSOLUTE
    a_share_percent: int = 80
    b_share_percent: int = 15
    growth_bound_percent: int = 100
    prospect_bound_percent: int = 15
    judgement_factor_percent: int = 200
    growth_model_days: int = 30
    automatic_rating: AutomaticRating = AutomaticRating.APPLY
    nightly_rating_hour: int = 3
    override_approval: OverrideApproval = OverrideApproval.ONE
    override_longest_days: int = 365
    growing_from_cents: int = 500_000
    # The guards (domain.md section 3, docs/guards.md).
    margin_floor_bp: int = 1_500
    margin_floor_cents: int = 100
    below_floor: BelowFloor = BelowFloor.FLAG
    packing_per_bundle_cents: int = 30
    shipping_base_cents: int = 490
    shipping_per_kg_cents: int = 50
    bundles_per_parcel: int = 4
    card_fee_bp: int = 150
    card_fee_fixed_cents: int = 25
    cost_to_serve_per_order_cents: int = 200
    cannibalisation_limit_cents: int = 100_000
    # Publishing bundles.
    publishing_approval: PublishingApproval = PublishingApproval.ONE
    # Stock.
    few_left_count: int = 5
    # Bundle discovery (docs/discovery.md).
    discovery_minimum_support_bp: int = 100
    discovery_half_life_days: int = 270
    # Rational orders (domain.md section 4).
    below_minimum_value: BelowMinimum = BelowMinimum.SURCHARGE
    below_minimum_quantity: BelowMinimum = BelowMinimum.SURCHARGE
    low_line_surcharge_cents: int = 490
    rhythm_days: int = 14
    interim_order_fee_cents: int = 690
    coach_holding_bp: int = 1_000
    coach_longest_days: int = 84
    coach_least_saving_cents: int = 500
    standing_ask_days: int = 5
    # VAT (docs/vat.md).
    unconfirmed_vat: UnconfirmedVat = UnconfirmedVat.CHARGE
    sells_exports: Exports = Exports.SOLD
    delivery_proof_days: int = 30
    # Invoices (docs/invoices.md).
    invoice_at: InvoiceAt = InvoiceAt.DISPATCH
    # Special services.
    service_offer_days: int = 14
    # Complaints.
    complaint_answer_days: int = 3
    complaint_obvious_days: int = 14
    # Money that goes back.
    refund_alone_cents: int = 20_000
    dispute_remind_days: int = 3
    # Cost to serve (domain.md section 6).
    effort_hour_cents: int = 4_500
    effort_complaint_minutes: int = 20
    effort_change_minutes: int = 10
    effort_phone_minutes: int = 15
    effort_failed_delivery_minutes: int = 20
    effort_chargeback_minutes: int = 60
    effort_application_minutes: int = 10
    effort_action_minutes: int = 5
    effort_least_cost_cents: int = 5_000
    effort_warn_percent: int = 50
    effort_fee_percent: int = 80
    effort_refuse_percent: int = 150
    effort_fall_percent: int = 20
    effort_fee_cents: int = 990
    # The books (docs/books.md); an account of 0 is the one of the chart.
    chart_of_accounts: ChartOfAccounts = ChartOfAccounts.SKR04
    datev_consultant_number: int = 1001
    datev_client_number: int = 1
    fiscal_year_month: int = 1
    account_revenue_19: int = 0
    account_revenue_7: int = 0
    account_revenue_0: int = 0
    account_revenue_intra_community: int = 0
    account_revenue_reverse_charge: int = 0
    account_revenue_export: int = 0
    account_revenue_outside: int = 0
    account_prepayments_19: int = 0
    account_prepayments_7: int = 0
    account_prepayments_0: int = 0
    account_debtor: int = 0
    account_card_clearing: int = 0
    account_card_fees: int = 0
    account_chargebacks: int = 0
    account_losses: int = 0
    # Cards (docs/cards.md).
    card_expiry_days: int = 30
    card_pages_per_hour: int = 10
    card_pages_per_day: int = 30
    card_declines_per_hour: int = 5
    card_declines_per_day: int = 10
    card_shop_declines_per_hour: int = 60
    card_breaker_declines: int = 10
    card_breaker_percent: int = 60
    card_wait_minutes: int = 60
    unpaid_orders_per_hour: int = 20


@dataclass(frozen=True)
class Bound:
    """The least and greatest value that a whole-numbered policy may have."""

    least: int
    greatest: int


BOUNDS: dict[str, Bound] = {
    "a_threshold_cents": Bound(1, 10**12),
    "b_threshold_cents": Bound(0, 10**12),
    "review_from_score": Bound(1, 99),
    "minimum_order_value_cents": Bound(0, 10**8),
    "low_quantity_surcharge_cents": Bound(0, 10**7),
    "dispatch_weekday": Bound(1, 6),
    "cut_off_weekday": Bound(1, 7),
    "cut_off_hour": Bound(0, 23),
    "handling_days": Bound(0, 60),
    "transit_days": Bound(0, 60),
    "later_than_main_brand_days": Bound(1, 120),
    "review_answer_days": Bound(1, 60),
    "proof_wait_days": Bound(1, 90),
    "card_hold_hours": Bound(1, 144),
    "a_share_percent": Bound(1, 98),
    "b_share_percent": Bound(1, 98),
    "growth_bound_percent": Bound(10, 500),
    "prospect_bound_percent": Bound(1, 99),
    "judgement_factor_percent": Bound(100, 1000),
    "growth_model_days": Bound(1, 365),
    "nightly_rating_hour": Bound(0, 23),
    "override_longest_days": Bound(1, 3650),
    "growing_from_cents": Bound(1, 10**12),
    # Floor and card fee together leave a share of any price for the costs, so that a lowest price exists.
    "margin_floor_bp": Bound(0, 8_000),
    "margin_floor_cents": Bound(0, 10**7),
    "packing_per_bundle_cents": Bound(0, 10**6),
    "shipping_base_cents": Bound(0, 10**6),
    "shipping_per_kg_cents": Bound(0, 10**6),
    "bundles_per_parcel": Bound(1, 1_000),
    "card_fee_bp": Bound(0, 1_000),
    "card_fee_fixed_cents": Bound(0, 10**4),
    "cost_to_serve_per_order_cents": Bound(0, 10**6),
    "cannibalisation_limit_cents": Bound(0, 10**10),
    "few_left_count": Bound(0, 100),
    "discovery_minimum_support_bp": Bound(10, 5_000),
    "discovery_half_life_days": Bound(30, 3_650),
    "low_line_surcharge_cents": Bound(0, 10**7),
    "rhythm_days": Bound(1, 365),
    "interim_order_fee_cents": Bound(0, 10**7),
    "coach_holding_bp": Bound(0, 10_000),
    "coach_longest_days": Bound(7, 365),
    "coach_least_saving_cents": Bound(1, 10**6),
    "standing_ask_days": Bound(1, 30),
    "delivery_proof_days": Bound(1, 180),
    "service_offer_days": Bound(1, 90),
    "complaint_answer_days": Bound(1, 30),
    "complaint_obvious_days": Bound(1, 90),
    "refund_alone_cents": Bound(0, 10**8),
    "dispute_remind_days": Bound(1, 30),
    "effort_hour_cents": Bound(0, 10**6),
    "effort_complaint_minutes": Bound(0, 480),
    "effort_change_minutes": Bound(0, 480),
    "effort_phone_minutes": Bound(0, 480),
    "effort_failed_delivery_minutes": Bound(0, 480),
    "effort_chargeback_minutes": Bound(0, 480),
    "effort_application_minutes": Bound(0, 480),
    "effort_action_minutes": Bound(0, 480),
    "effort_least_cost_cents": Bound(0, 10**8),
    "effort_warn_percent": Bound(1, 998),
    "effort_fee_percent": Bound(2, 999),
    "effort_refuse_percent": Bound(3, 1_000),
    "effort_fall_percent": Bound(0, 100),
    "effort_fee_cents": Bound(0, 10**7),
    "datev_consultant_number": Bound(1_001, 9_999_999),
    "datev_client_number": Bound(1, 99_999),
    "fiscal_year_month": Bound(1, 12),
    **dict.fromkeys(
        (
            "account_revenue_19",
            "account_revenue_7",
            "account_revenue_0",
            "account_revenue_intra_community",
            "account_revenue_reverse_charge",
            "account_revenue_export",
            "account_revenue_outside",
            "account_prepayments_19",
            "account_prepayments_7",
            "account_prepayments_0",
            "account_debtor",
            "account_card_clearing",
            "account_card_fees",
            "account_chargebacks",
            "account_losses",
        ),
        Bound(0, 99_999_999),
    ),
    "card_expiry_days": Bound(1, 180),
    # Three pages a day are open whatever stands here: so many are allowed before the policy is read.
    "card_pages_per_hour": Bound(3, 100),
    "card_pages_per_day": Bound(3, 1_000),
    "card_declines_per_hour": Bound(1, 50),
    "card_declines_per_day": Bound(1, 200),
    "card_shop_declines_per_hour": Bound(5, 10_000),
    "card_breaker_declines": Bound(3, 1_000),
    "card_breaker_percent": Bound(10, 100),
    # An order ends unpaid after a day: whoever waits must still be able to pay it.
    "card_wait_minutes": Bound(5, 720),
    "unpaid_orders_per_hour": Bound(3, 500),
}
"""Weekdays count from Monday = 1 to Sunday = 7 (ISO 8601)."""

CHOICES: dict[str, type[StrEnum]] = {
    "unknown_company": UnknownCompany,
    "rating_mode": RatingMode,
    "automatic_rating": AutomaticRating,
    "override_approval": OverrideApproval,
    "below_floor": BelowFloor,
    "publishing_approval": PublishingApproval,
    "below_minimum_value": BelowMinimum,
    "below_minimum_quantity": BelowMinimum,
    "chart_of_accounts": ChartOfAccounts,
    "unconfirmed_vat": UnconfirmedVat,
    "sells_exports": Exports,
    "invoice_at": InvoiceAt,
}
"""The values that are one of a few words."""


GUARDING = frozenset(
    {
        "margin_floor_bp",
        "margin_floor_cents",
        "below_floor",
        "packing_per_bundle_cents",
        "shipping_base_cents",
        "shipping_per_kg_cents",
        "bundles_per_parcel",
        "card_fee_bp",
        "card_fee_fixed_cents",
        "cost_to_serve_per_order_cents",
    }
)
"""The values on which a bundle's margin or the margin guard's verdict depends."""


def faults(policy: Policy) -> list[FieldError]:
    """For each value that is out of its bounds what would be right; empty when all is well."""
    wrong = [
        FieldError(name, N_("Please enter a value from %(least)s to %(greatest)s."), _shown(name, bound))
        for name, bound in BOUNDS.items()
        if not bound.least <= getattr(policy, name) <= bound.greatest
    ]
    if policy.b_threshold_cents >= policy.a_threshold_cents:
        wrong.append(FieldError("b_threshold_cents", N_("The B threshold must be below the A threshold.")))
    if policy.a_share_percent + policy.b_share_percent >= 100:
        wrong.append(FieldError("b_share_percent", N_("Both shares together must leave something for C.")))
    if policy.effort_warn_percent >= policy.effort_fee_percent:
        wrong.append(FieldError("effort_fee_percent", N_("The effort fee must come after the warning.")))
    if policy.effort_fee_percent >= policy.effort_refuse_percent:
        wrong.append(FieldError("effort_refuse_percent", N_("The refusal must come after the effort fee.")))
    return wrong


def to_values(policy: Policy) -> dict[str, Any]:
    """The policy as plain JSON values by name."""
    return asdict(policy)


def from_values(values: dict[str, Any]) -> Policy:
    """The policy of stored values; names that are missing take their default, unknown ones are ignored."""
    known = {field.name: values[field.name] for field in fields(Policy) if field.name in values}
    for name, choices in CHOICES.items():
        if name in known:
            known[name] = choices(known[name])
    return Policy(**known)


def _shown(name: str, bound: Bound) -> dict[str, object]:
    if not name.endswith(("_cents", "_bp")):
        return {"least": bound.least, "greatest": bound.greatest}
    return {
        "least": f"{bound.least // 100}.{bound.least % 100:02d}",
        "greatest": f"{bound.greatest // 100}.{bound.greatest % 100:02d}",
    }
