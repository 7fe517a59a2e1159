"""Disputes, inquiries and early fraud warnings: made by a card or by hand, won or lost."""

from dev.stripe_standin import charges
from dev.stripe_standin.cards import BY_NUMBER
from dev.stripe_standin.customers import merged_metadata
from dev.stripe_standin.errors import Json, refused
from dev.stripe_standin.world import World

_EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]
_FILES = frozenset(
    {
        "cancellation_policy",
        "customer_communication",
        "customer_signature",
        "duplicate_charge_documentation",
        "receipt",
        "refund_policy",
        "service_documentation",
        "shipping_documentation",
        "uncategorized_file",
    }
)
_LARGEST_TOGETHER_BYTES = 4_500_000
_LONGEST_TEXTS = 150_000
_DAYS_TO_ANSWER_S = 9 * 24 * 3600
_OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def follow_the_card(world: World, charge: Json) -> None:
    """What the card does right after its money was taken."""
    method = world.store.get("payment_method", charge["payment_method"])
    card = BY_NUMBER[method["_number"]]
    if card.dispute is not None:
        create(
            world, charge, status=card.dispute, reason="fraudulent", amount_cents=charge["amount_captured"]
        )
    if card.has_early_fraud_warning:
        warn(world, charge)


def create(world: World, charge: Json, *, status: str, reason: str, amount_cents: int) -> Json:
    """A dispute (money withdrawn) or an inquiry (`warning_…`: money stays). Raises StripeError."""
    if not charge["captured"] or charge["disputed"]:
        raise refused(
            f"Charge {charge['id']} cannot be disputed: not captured, or disputed already.", param="charge"
        )
    is_inquiry = status.startswith("warning")
    dispute = {
        "id": world.store.new_id("dispute"),
        "object": "dispute",
        "amount": amount_cents,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": world.store.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": world.store.now() + _DAYS_TO_ANSWER_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if is_inquiry else "chargeback",
                "network": charge["payment_method_details"]["card"]["network"],
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": status,
    }
    world.store.save(dispute)
    charge["disputed"] = True
    world.store.save(charge)
    world.emit("charge.dispute.created", dispute)
    if not is_inquiry:
        _move(world, dispute, amount_cents=-amount_cents, fee_cents=charges.DISPUTE_FEE_CENTS)
        world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def update(world: World, dispute: Json, params: Json) -> Json:
    """Adds evidence; the submitted text `winning_evidence` or `losing_evidence` decides, as at Stripe."""
    if dispute["status"] not in _OPEN:
        raise refused("This dispute is already closed.", code="dispute_closed")
    evidence = params.get("evidence") or {}
    _check(world, dispute, evidence)
    dispute["evidence"].update({name: value or None for name, value in evidence.items()})
    dispute["evidence_details"]["has_evidence"] = any(
        value for name, value in dispute["evidence"].items() if name != "enhanced_evidence"
    )
    dispute["metadata"] = merged_metadata(dispute["metadata"], params)
    world.store.save(dispute)
    if not evidence or params.get("submit") is False:
        return dispute
    dispute["evidence_details"]["submission_count"] += 1
    dispute["evidence_details"]["submission_method"] = "manual"
    dispute["status"] = "warning_under_review" if dispute["status"].startswith("warning") else "under_review"
    world.store.save(dispute)
    world.emit("charge.dispute.updated", dispute)
    text = dispute["evidence"]["uncategorized_text"]
    if text in ("winning_evidence", "losing_evidence"):
        close(world, dispute, is_won=text == "winning_evidence")
    return dispute


def _check(world: World, dispute: Json, evidence: Json) -> None:
    """Evidence goes to the bank once, its files exist, and all of it stays within Stripe's bounds."""
    if evidence and dispute["evidence_details"]["submission_count"]:
        raise refused("Evidence for this dispute was submitted already.", code="dispute_evidence_submitted")
    together = {**dispute["evidence"], **evidence}
    sizes = [
        world.store.get("file", together[name], param=f"evidence[{name}]")["size"]
        for name in _FILES
        if together.get(name)
    ]
    if sum(sizes) > _LARGEST_TOGETHER_BYTES:
        raise refused("The combined size of the evidence files must be at most 4.5 MB.", param="evidence")
    texts = (value for name, value in together.items() if isinstance(value, str) and name not in _FILES)
    if sum(map(len, texts)) > _LONGEST_TEXTS:
        raise refused("The combined length of the evidence must be at most 150,000.", param="evidence")


def escalate(world: World, dispute: Json) -> Json:
    """An inquiry becomes a dispute: the money is withdrawn. Raises StripeError for anything else."""
    if not dispute["status"].startswith("warning"):
        raise refused("Only an inquiry can become a dispute.", code="dispute_not_inquiry")
    dispute["status"] = "needs_response"
    dispute["is_charge_refundable"] = False
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    dispute["evidence_details"] |= {"due_by": world.store.now() + _DAYS_TO_ANSWER_S, "submission_count": 0}
    world.store.save(dispute)
    _move(world, dispute, amount_cents=-dispute["amount"], fee_cents=charges.DISPUTE_FEE_CENTS)
    world.emit("charge.dispute.updated", dispute)
    world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(world: World, dispute: Json, *, is_won: bool) -> Json:
    """Ends it; when won the money comes back. Raises StripeError when it is closed already."""
    if dispute["status"] not in _OPEN:
        raise refused("This dispute is already closed.", code="dispute_closed")
    is_inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if is_inquiry else ("won" if is_won else "lost")
    world.store.save(dispute)
    world.emit("charge.dispute.closed", dispute)
    if is_won and not is_inquiry:
        _move(world, dispute, amount_cents=dispute["amount"], fee_cents=0)
        world.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def warn(world: World, charge: Json) -> Json:
    """An early fraud warning on the charge."""
    warning = world.store.save(
        {
            "id": world.store.new_id("radar.early_fraud_warning"),
            "object": "radar.early_fraud_warning",
            "actionable": True,
            "charge": charge["id"],
            "created": world.store.now(),
            "fraud_type": "made_with_stolen_card",
            "livemode": False,
            "payment_intent": charge["payment_intent"],
        }
    )
    world.emit("radar.early_fraud_warning.created", warning)
    return warning


def charged_back(world: World, charge: Json) -> bool:
    """True while the charge may not be refunded: disputed and neither won nor a mere inquiry."""
    found = [one for one in world.store.newest("dispute") if one["charge"] == charge["id"]]
    return any(one["status"] in ("needs_response", "under_review", "lost") for one in found)


def _move(world: World, dispute: Json, *, amount_cents: int, fee_cents: int) -> None:
    entry = charges.book(
        world,
        kind="adjustment",
        source=dispute["id"],
        amount_cents=amount_cents,
        fee_cents=fee_cents,
        currency=dispute["currency"],
    )
    dispute["balance_transactions"].append({**entry, "exchange_rate": None, "description": None})
    world.store.save(dispute)
