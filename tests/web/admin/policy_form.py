"""The whole policy as its form sends it."""

from app.web.admin.policy_words import LABELS

POLICY_FORM = {
    "a_threshold_cents": "60.000,00", "b_threshold_cents": "12000", "unknown_company": "review",
    "minimum_order_value_cents": "40", "low_quantity_surcharge_cents": "12,50", "dispatch_weekday": "3",
    "cut_off_weekday": "2", "cut_off_hour": "10", "handling_days": "2", "transit_days": "1",
    "later_than_main_brand_days": "6", "review_answer_days": "3", "proof_wait_days": "10",
    "card_hold_hours": "48", "review_from_score": "50",
    "rating_mode": "absolute", "a_share_percent": "80", "b_share_percent": "15",
    "growth_bound_percent": "100", "prospect_bound_percent": "15", "judgement_factor_percent": "200",
    "growth_model_days": "30", "automatic_rating": "apply", "nightly_rating_hour": "3",
    "override_approval": "two", "override_longest_days": "365", "growing_from_cents": "5000",
    "margin_floor_bp": "20", "margin_floor_cents": "2", "below_floor": "flag", "packing_per_bundle_cents": "0,40",
    "shipping_base_cents": "5", "shipping_per_kg_cents": "0,60", "bundles_per_parcel": "3", "card_fee_bp": "1,6",
    "card_fee_fixed_cents": "0,30", "cost_to_serve_per_order_cents": "3", "cannibalisation_limit_cents": "500",
    "publishing_approval": "two",
    "few_left_count": "5",
    "discovery_minimum_support_bp": "1.5", "discovery_half_life_days": "200",
    "below_minimum_value": "surcharge", "below_minimum_quantity": "refuse", "low_line_surcharge_cents": "5",
    "rhythm_days": "21", "interim_order_fee_cents": "7,50", "coach_holding_bp": "12", "coach_longest_days": "90",
    "coach_least_saving_cents": "6",
    "standing_ask_days": "4", "service_offer_days": "10", "complaint_answer_days": "2",
    "complaint_obvious_days": "10", "effort_hour_cents": "50", "effort_complaint_minutes": "25",
    "effort_change_minutes": "12", "effort_phone_minutes": "15", "effort_failed_delivery_minutes": "30",
    "effort_chargeback_minutes": "45", "effort_application_minutes": "8", "effort_action_minutes": "4",
    "effort_least_cost_cents": "60", "effort_warn_percent": "40", "effort_fee_percent": "90",
    "effort_refuse_percent": "200", "effort_fall_percent": "10", "effort_fee_cents": "12",
    "chart_of_accounts": "skr03", "datev_consultant_number": "29098", "datev_client_number": "55003",
    "fiscal_year_month": "7", **dict.fromkeys((name for name in LABELS if name.startswith("account_")), "0"),
    "reason": "spring", "based_on": "0",
}  # fmt: skip
