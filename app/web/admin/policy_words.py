"""The words of the policy page: its headings, a label for each value, and its choices."""

from enum import StrEnum
from typing import Any

from app.core.errors import N_
from app.policy.rules.policy import (
    AutomaticRating,
    BelowFloor,
    BelowMinimum,
    ChartOfAccounts,
    Exports,
    InvoiceAt,
    OverrideApproval,
    PublishingApproval,
    RatingMode,
    UnconfirmedVat,
    UnknownCompany,
)
from app.web.admin.words import WEEKDAYS

SECTIONS: dict[str, dict[str, str]] = {
    N_("Who is A, B and C"): {
        "a_threshold_cents": N_("A from a yearly revenue of"),
        "b_threshold_cents": N_("B from a yearly revenue of"),
        "rating_mode": N_("Rating by revenue"),
        "a_share_percent": N_("By shares: A make the first percent of the revenue"),
        "b_share_percent": N_("By shares: B make the next percent"),
        "growth_bound_percent": N_("Growth is reaching the B threshold, times percent"),
        "prospect_bound_percent": N_("B from a growth prospect of percent"),
        "judgement_factor_percent": N_("Sales' judgement changes the odds of growing by a factor of percent"),
        "growth_model_days": N_("Growth is learned anew from the history after days"),
        "automatic_rating": N_("Rating at night and after each import"),
        "nightly_rating_hour": N_("Nightly rating from (hour)"),
        "override_approval": N_("An override of a rating needs"),
        "override_longest_days": N_("An override lasts at most days"),
        "growing_from_cents": N_("A customer here counts as growing from purchases in 12 months of"),
    },
    N_("Who is let in"): {
        "unknown_company": N_("A company that the main brand does not know"),
        "review_from_score": N_("A likeness to a main account goes to a person from a score of (0 to 100)"),
        "review_answer_days": N_("Working days in which we promise an applicant our decision"),
        "proof_wait_days": N_("Days until a case comes back whose proof did not arrive"),
        "card_hold_hours": N_("Longest hold of a payment by a shared card, in hours"),
    },
    N_("Orders"): {
        "minimum_order_value_cents": N_("Minimum order value"),
        "below_minimum_value": N_("An order below the minimum order value"),
        "low_quantity_surcharge_cents": N_("Low-quantity surcharge"),
        "below_minimum_quantity": N_("A line below its minimum quantity"),
        "low_line_surcharge_cents": N_("Surcharge for a line below its minimum quantity"),
        "rhythm_days": N_("Order rhythm: one order is normal in days"),
        "interim_order_fee_cents": N_("Interim-order fee"),
        "coach_holding_bp": N_("Order advice: a year of keeping goods costs the customer, of their value"),
        "coach_longest_days": N_("Order advice: at most the need of days in one order"),
        "coach_least_saving_cents": N_("Order advice: silent below a saving in a year of"),
        "standing_ask_days": N_("A standing order asks before each run, in days"),
        "few_left_count": N_("“Few left” is shown when the stock allows at most this many smallest orders"),
    },
    N_("Delivery"): {
        "dispatch_weekday": N_("Dispatch run on"),
        "cut_off_weekday": N_("Cut-off on"),
        "cut_off_hour": N_("Cut-off at (hour)"),
        "handling_days": N_("Handling time in working days"),
        "transit_days": N_("Transit time in working days"),
        "later_than_main_brand_days": N_("Later than the main brand by working days"),
    },
    N_("VAT and exports"): {
        "unconfirmed_vat": N_("An order whose VAT id is not confirmed"),
        "sells_exports": N_("Goods to countries outside the EU"),
        "delivery_proof_days": N_("The proof that goods left is due after the dispatch in days"),
    },
    N_("Services and complaints"): {
        "service_offer_days": N_("An offered special service can be taken for days"),
        "complaint_answer_days": N_("Working days in which a complaint is answered"),
        "complaint_obvious_days": N_("Obvious defects are reported within days"),
    },
    N_("Cards"): {
        "card_expiry_days": N_("A kept card counts as expiring soon, in days before its last one"),
        "card_pages_per_hour": N_("Card pages of one company in an hour"),
        "card_pages_per_day": N_("Card pages of one company in 24 hours"),
        "card_declines_per_hour": N_("Declined cards of one company in an hour"),
        "card_declines_per_day": N_("Declined cards of one company in 24 hours"),
        "card_shop_declines_per_hour": N_("First payments wait from so many declined cards in an hour"),
        "card_breaker_percent": N_("First payments wait from a share of declined cards of percent"),
        "card_breaker_declines": N_("That share counts from so many declined cards in an hour"),
        "card_wait_minutes": N_("A first payment then waits, in minutes"),
        "unpaid_orders_per_hour": N_("Unpaid orders of one company in an hour"),
    },
    N_("Refunds and disputes"): {
        "refund_alone_cents": N_("One person alone pays back for an order at most"),
        "dispute_remind_days": N_("Days before its end in which a dispute without evidence is reminded of"),
    },
    N_("Cost to serve"): {
        "effort_hour_cents": N_("An hour of our time costs"),
        "effort_complaint_minutes": N_("Minutes of a complaint"),
        "effort_change_minutes": N_("Minutes of a manual change"),
        "effort_phone_minutes": N_("Minutes of phone help"),
        "effort_failed_delivery_minutes": N_("Minutes of a failed delivery"),
        "effort_chargeback_minutes": N_("Minutes of a chargeback"),
        "effort_application_minutes": N_("Minutes of the review of an application"),
        "effort_action_minutes": N_("Minutes of any other staff action on an order"),
        "effort_least_cost_cents": N_("No level below an effort in 12 months of"),
        "effort_warn_percent": N_("Warning from an effort in percent of the contribution"),
        "effort_fee_percent": N_("Effort fee from percent"),
        "effort_refuse_percent": N_("Refusal is proposed from percent"),
        "effort_fall_percent": N_("A level falls again so many percentage points below"),
        "effort_fee_cents": N_("Effort fee on each order"),
    },
    N_("Invoices"): {
        "invoice_at": N_("An invoice is written"),
    },
    N_("What may be sold"): {
        "margin_floor_bp": N_("A bundle must contribute at least, of its price"),
        "margin_floor_cents": N_("A bundle must contribute at least"),
        "below_floor": N_("A bundle on sale that contributes less"),
        "cannibalisation_limit_cents": N_(
            "A second person approves a bundle that costs the main brand more in a year than"
        ),
        "publishing_approval": N_("Publishing a bundle needs"),
    },
    N_("What an order costs us"): {
        "packing_per_bundle_cents": N_("Packing of a bundle, beside what its blocks need"),
        "shipping_base_cents": N_("Shipping of a parcel, whatever its weight"),
        "shipping_per_kg_cents": N_("Shipping of each kilogram"),
        "bundles_per_parcel": N_("Bundles in one order and parcel, on average"),
        "card_fee_bp": N_("Card fee, of the amount with VAT"),
        "card_fee_fixed_cents": N_("Card fee of each payment"),
        "cost_to_serve_per_order_cents": N_("Expected cost to serve an order"),
    },
    N_("Books (account 0 takes the chart's own)"): {
        "chart_of_accounts": N_("Chart of accounts"),
        "datev_consultant_number": N_("DATEV: number of the tax adviser"),
        "datev_client_number": N_("DATEV: number of the client"),
        "fiscal_year_month": N_("The business year begins in month (1 to 12)"),
        "account_revenue_19": N_("Account: revenue at 19 percent"),
        "account_revenue_7": N_("Account: revenue at 7 percent"),
        "account_revenue_0": N_("Account: revenue at 0 percent"),
        "account_revenue_intra_community": N_("Account: revenue of deliveries to EU companies"),
        "account_revenue_reverse_charge": N_("Account: revenue of services to EU companies"),
        "account_revenue_export": N_("Account: revenue of exports"),
        "account_revenue_outside": N_("Account: revenue of services outside the EU"),
        "account_prepayments_19": N_("Account: prepayments at 19 percent"),
        "account_prepayments_7": N_("Account: prepayments at 7 percent"),
        "account_prepayments_0": N_("Account: prepayments without VAT"),
        "account_debtor": N_("Account: all customers (collective debtor)"),
        "account_card_clearing": N_("Account: card clearing (money in transit)"),
        "account_card_fees": N_("Account: card fees"),
        "account_chargebacks": N_("Account: chargebacks in dispute"),
        "account_losses": N_("Account: lost chargebacks"),
    },
    N_("Bundles found in purchases"): {
        "discovery_minimum_support_bp": N_("A set is proposed from this share of the C-customers' orders"),
        "discovery_half_life_days": N_("For proposals an order counts half after days"),
    },
}
"""The labels of all values, under the headings of the page; shares (`_bp`) are typed and shown in percent."""
LABELS = {name: label for labels in SECTIONS.values() for name, label in labels.items()}
CHOICE_WORDS: dict[str, dict[StrEnum, str]] = {
    "unknown_company": {
        UnknownCompany.ADMIT: N_("is admitted as C"),
        UnknownCompany.REVIEW: N_("waits for a person"),
    },
    "rating_mode": {
        RatingMode.ABSOLUTE: N_("by amounts"),
        RatingMode.SHARES: N_("by shares of the whole revenue"),
    },
    "automatic_rating": {
        AutomaticRating.OFF: N_("does not run"),
        AutomaticRating.PROPOSE: N_("proposes, and a person applies it"),
        AutomaticRating.APPLY: N_("applies itself"),
    },
    "override_approval": {
        OverrideApproval.ONE: N_("one person"),
        OverrideApproval.TWO: N_("a second person"),
    },
    "below_floor": {
        BelowFloor.FLAG: N_("is shown in the inbox"),
        BelowFloor.RETIRE: N_("is taken off sale"),
    },
    "publishing_approval": {
        PublishingApproval.ONE: N_("one person"),
        PublishingApproval.TWO: N_("a second person"),
    },
    "below_minimum_value": {
        BelowMinimum.SURCHARGE: N_("carries the surcharge"),
        BelowMinimum.REFUSE: N_("is refused"),
    },
    "below_minimum_quantity": {
        BelowMinimum.SURCHARGE: N_("carries the surcharge"),
        BelowMinimum.REFUSE: N_("is refused"),
    },
    "chart_of_accounts": {ChartOfAccounts.SKR03: "SKR03", ChartOfAccounts.SKR04: "SKR04"},
    "unconfirmed_vat": {
        UnconfirmedVat.CHARGE: N_("bears German VAT"),
        UnconfirmedVat.HOLD: N_("cannot be placed until it is confirmed"),
    },
    "sells_exports": {
        Exports.SOLD: N_("are sold"),
        Exports.NOT_SOLD: N_("are not sold"),
    },
    "invoice_at": {
        InvoiceAt.DISPATCH: N_("when the goods leave or the service is done"),
        InvoiceAt.PAYMENT: N_("when the order is paid"),
    },
}
DAYS = dict(enumerate(WEEKDAYS, start=1))
VALUE_WORDS: dict[str, dict[Any, str]] = {
    **{
        name: {choice.value: label for choice, label in choices.items()}
        for name, choices in CHOICE_WORDS.items()
    },
    "dispatch_weekday": DAYS,
    "cut_off_weekday": DAYS,
}
