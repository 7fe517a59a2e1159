"""Refunds: never more than was captured, none while charged back."""

from dev.stripe_standin import charges, disputes
from dev.stripe_standin.customers import merged_metadata
from dev.stripe_standin.errors import Json, refused
from dev.stripe_standin.intents import refuse_unsimulated
from dev.stripe_standin.world import World

_NOT_SIMULATED = [
    "currency",
    "customer",
    "instructions_email",
    "origin",
    "refund_application_fee",
    "reverse_transfer",
]


def create(world: World, params: Json) -> Json:
    """The refund, succeeded at once. Raises StripeError: not captured, charged back, more than is left."""
    refuse_unsimulated(params, _NOT_SIMULATED)
    charge = _charge_of(world, params)
    if not charge["captured"]:
        raise refused(
            f"This PaymentIntent ({charge['payment_intent']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    left_cents = charge["amount_captured"] - charge["_refunded_cents"]
    if disputes.charged_back(world, charge):
        raise refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if left_cents == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount_cents = params.get("amount", left_cents)
    if amount_cents > left_cents:
        raise refused(
            f"Refund amount ({amount_cents}) is greater than unrefunded amount on charge ({left_cents})",
            param="amount",
        )
    if amount_cents < 1:
        raise refused("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    refund = _new_refund(world, charge, params, amount_cents)
    before = _refund_state(charge)
    _change_refunded(world, charge, amount_cents)
    world.emit("refund.created", refund)
    world.emit("charge.refunded", charge, before=before)
    if charge["refunded"]:
        _end_warnings(world, charge)
    return refund


def fail(world: World, refund: Json, *, reason: str) -> Json:
    """The bank sends the refund back: its money is ours again; tells `refund.failed`. Raises StripeError."""
    if refund["status"] != "succeeded":
        raise refused("Only a succeeded refund can fail.")
    charge = world.store.get("charge", refund["charge"])
    refund["status"] = "failed"
    refund["failure_reason"] = reason
    refund["failure_balance_transaction"] = charges.book(
        world,
        kind="refund_failure",
        source=refund["id"],
        amount_cents=refund["amount"],
        fee_cents=0,
        currency=refund["currency"],
    )["id"]
    world.store.save(refund)
    _change_refunded(world, charge, -refund["amount"])
    world.emit("refund.updated", refund, before={"status": "succeeded"})
    world.emit("refund.failed", refund)
    return refund


def _charge_of(world: World, params: Json) -> Json:
    if ("charge" in params) == ("payment_intent" in params):
        raise refused(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if "charge" in params:
        return world.store.get("charge", params["charge"], param="charge")
    intent = world.store.get("payment_intent", params["payment_intent"], param="payment_intent")
    charge = world.store.find("charge", intent.get("latest_charge"))
    if charge is None:
        raise refused(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return charge


def _new_refund(world: World, charge: Json, params: Json, amount_cents: int) -> Json:
    refund_id = world.store.new_id("refund")
    entry = charges.book(
        world,
        kind="refund",
        source=refund_id,
        amount_cents=-amount_cents,
        fee_cents=0,
        currency=charge["currency"],
    )
    return world.store.save(
        {
            "id": refund_id,
            "object": "refund",
            "amount": amount_cents,
            "balance_transaction": entry["id"],
            "charge": charge["id"],
            "created": world.store.now(),
            "currency": charge["currency"],
            "destination_details": {
                "card": {
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": merged_metadata({}, params),
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": params.get("reason"),
            "status": "succeeded",
        }
    )


def _change_refunded(world: World, charge: Json, by_cents: int) -> None:
    charge["_refunded_cents"] += by_cents
    charge["amount_refunded"] = charge["_refunded_cents"]
    charge["refunded"] = charge["_refunded_cents"] == charge["amount_captured"]
    world.store.save(charge)


def _refund_state(charge: Json) -> Json:
    return {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}


def _end_warnings(world: World, charge: Json) -> None:
    for warning in list(world.store.newest("radar.early_fraud_warning")):
        if warning["charge"] == charge["id"] and warning["actionable"]:
            warning["actionable"] = False
            world.store.save(warning)
            world.emit("radar.early_fraud_warning.updated", warning, before={"actionable": True})
