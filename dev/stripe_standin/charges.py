"""Charges: what the bank answers, and what happens to the money afterwards."""

from dev.stripe_standin.cards import MESSAGES, ListedCard
from dev.stripe_standin.customers import card_of
from dev.stripe_standin.errors import Json
from dev.stripe_standin.world import World

AUTHORISATION_S = 7 * 24 * 3600
VISA_MERCHANT_AUTHORISATION_S = (4 * 24 + 18) * 3600
_FEE_BP = 150
_FEE_FIXED_CENTS = 25
DISPUTE_FEE_CENTS = 2000


def authorise(
    world: World,
    intent: Json,
    method: Json,
    *,
    is_off_session: bool,
    is_authenticated: bool,
) -> Json:
    """Asks the bank; the stored charge has status `succeeded` (not yet captured) or `failed`."""
    card = card_of(method)
    code = world.faults.take_decline(method["id"]) or _decline_code(card, is_authenticated=is_authenticated)
    charge = _new_charge(
        world, intent, method, card, is_off_session=is_off_session, is_authenticated=is_authenticated
    )
    if code is None:
        charge["outcome"] = _outcome("authorized", "approved_by_network", seller="Payment complete.")
    else:
        _fail(charge, card, code)
    world.store.save(charge)
    return charge


def decline_unauthenticated(world: World, intent: Json, method: Json) -> Json:
    """The bank wants 3-D Secure and nobody is there: a failed charge."""
    card = card_of(method)
    charge = _new_charge(world, intent, method, card, is_off_session=True, is_authenticated=False)
    _fail(charge, card, "authentication_required")
    return world.store.save(charge)


def capture(world: World, charge: Json, amount_cents: int) -> None:
    """Takes the money; the balance transaction carries the card fee (1.5 % + 25 cents)."""
    charge["captured"] = True
    charge["amount_captured"] = amount_cents
    fee_cents = amount_cents * _FEE_BP // 10_000 + _FEE_FIXED_CENTS
    charge["balance_transaction"] = book(
        world,
        kind="charge",
        source=charge["id"],
        amount_cents=amount_cents,
        fee_cents=fee_cents,
        currency=charge["currency"],
    )["id"]
    world.store.save(charge)


def release(world: World, charge: Json, *, is_expired: bool) -> None:
    """Gives an authorisation back; tells `charge.refunded`, or `charge.expired` when its time was over."""
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] = charge["amount"]
    charge["refunded"] = True
    world.store.save(charge)
    world.emit("charge.expired" if is_expired else "charge.refunded", charge, before=before)


def book(world: World, *, kind: str, source: str, amount_cents: int, fee_cents: int, currency: str) -> Json:
    """One entry of the balance: amount before the fee (negative when money leaves)."""
    fees = [
        {
            "amount": fee_cents,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return world.store.save(
        {
            "id": world.store.new_id("balance_transaction"),
            "object": "balance_transaction",
            "amount": amount_cents,
            "available_on": world.store.now() + 3 * 24 * 3600,
            "balance_type": "payments",
            "created": world.store.now(),
            "currency": currency,
            "fee": fee_cents,
            "fee_details": fees if fee_cents else [],
            "net": amount_cents - fee_cents,
            "reporting_category": {"charge": "charge", "refund": "refund"}.get(kind, "dispute"),
            "source": source,
            "status": "pending",
            "type": kind,
        }
    )


def _decline_code(card: ListedCard, *, is_authenticated: bool) -> str | None:
    if is_authenticated and card.decline_after_authentication:
        return card.decline_after_authentication
    return card.decline_code


def _fail(charge: Json, card: ListedCard, code: str) -> None:
    charge["status"] = "failed"
    charge["paid"] = False
    charge["failure_code"] = error_code(card, code)
    charge["failure_message"] = MESSAGES.get(code, MESSAGES["generic_decline"])
    if card.is_blocked:
        charge["outcome"] = _outcome(
            "blocked",
            "not_sent_to_network",
            reason="highest_risk_level",
            seller="Stripe blocked this payment.",
        )
        charge["outcome"] |= {"risk_level": "highest", "risk_score": 94}
    else:
        charge["outcome"] = _outcome(
            "issuer_declined",
            "declined_by_network",
            reason=code,
            seller="The bank did not return any further details.",
        )
    charge["_decline_code"] = code


def error_code(card: ListedCard, decline_code: str) -> str:
    """Stripe's error code that goes with a decline code."""
    if decline_code == "authentication_required":
        return "authentication_required"
    return card.error_code if decline_code == card.decline_code else "card_declined"


def _outcome(kind: str, network: str, *, seller: str, reason: str | None = None) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": seller,
        "type": kind,
    }


def _new_charge(
    world: World,
    intent: Json,
    method: Json,
    card: ListedCard,
    *,
    is_off_session: bool,
    is_authenticated: bool,
) -> Json:
    now = world.store.now()
    is_manual = intent["capture_method"] == "manual"
    is_short = is_off_session and card.brand == "visa"
    held_s = VISA_MERCHANT_AUTHORISATION_S if is_short else AUTHORISATION_S
    shown = method["card"]
    details = {
        name: shown[name] for name in ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint")
    }
    details |= {name: shown[name] for name in ("funding", "last4", "regulated_status", "wallet")}
    details |= {
        "amount_authorized": intent["amount"],
        "authorization_code": f"{now % 1_000_000:06d}",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": f"{now}{card.last4}",
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "three_d_secure": _three_d_secure() if is_authenticated else None,
    }
    if is_manual:
        details["capture_before"] = now + held_s
    return {
        "id": world.store.new_id("charge"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SCHLICHT TEST",
        "captured": False,
        "created": now,
        "currency": intent["currency"],
        "customer": intent.get("customer"),
        "description": intent.get("description"),
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": details, "type": "card"},
        "receipt_email": intent.get("receipt_email"),
        "refunded": False,
        "status": "succeeded",
        "_expires_at": now + held_s if is_manual else None,
        "_refunded_cents": 0,
    }


def _three_d_secure() -> Json:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": "00000000-0000-4000-8000-000000000000",
        "version": "2.2.0",
    }
