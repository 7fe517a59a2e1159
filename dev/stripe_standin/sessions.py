"""Checkout Sessions: open, then complete or expired, never both."""

from typing import Any
from urllib.parse import urlsplit

from dev.stripe_standin import intents
from dev.stripe_standin.cards import CardInputError, ListedCard
from dev.stripe_standin.customers import merged_metadata, new_method
from dev.stripe_standin.errors import Json, missing, not_simulated, refused
from dev.stripe_standin.render import render
from dev.stripe_standin.world import World

SHORTEST_S = 30 * 60
LONGEST_S = 24 * 3600
_ITEMS_COUNT = 100
_NOT_SIMULATED = [
    "adaptive_pricing",
    "after_expiration",
    "custom_fields",
    "customer_account",
    "customer_update",
    "discounts",
    "invoice_creation",
    "managed_payments",
    "optional_items",
    "payment_method_configuration",
    "payment_method_data",
    "permissions",
    "return_url",
    "redirect_on_completion",
    "saved_payment_method_options",
    "setup_intent_data",
    "shipping_address_collection",
    "shipping_options",
    "subscription_data",
    "tax_id_collection",
]
_ECHOED = [
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "billing_address_collection",
    "branding_settings",
    "cancel_url",
    "client_reference_id",
    "consent_collection",
    "customer",
    "customer_email",
    "integration_identifier",
    "locale",
    "origin_context",
    "payment_method_options",
    "phone_number_collection",
    "submit_type",
    "wallet_options",
    "excluded_payment_method_types",
]
_NOT_SIMULATED_OF_INTENT = ["application_fee_amount", "on_behalf_of", "transfer_data", "transfer_group"]


def create(world: World, params: Json) -> Json:
    """An open session with its card page. Raises StripeError."""
    _check(world, params)
    now = world.store.now()
    expires_at = params.get("expires_at", now + LONGEST_S)
    if not now + SHORTEST_S - 1 <= expires_at <= now + LONGEST_S + 1:
        raise refused(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours"
            " from Checkout Session creation.",
            param="expires_at",
        )
    items = [_line_item(world, item, index) for index, item in enumerate(params["line_items"])]
    total_cents = sum(item["amount_total"] for item in items)
    intents.check_amount(total_cents, currency=items[0]["currency"])
    session_id = world.store.new_id("checkout.session")
    session = {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "amount_subtotal": total_cents,
        "amount_total": total_cents,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": now,
        "currency": items[0]["currency"],
        "custom_fields": [],
        "custom_text": _custom_text(params),
        "customer_creation": None if "customer" in params else params.get("customer_creation", "if_required"),
        "expires_at": expires_at,
        "invoice_creation": None,
        "livemode": False,
        "metadata": merged_metadata({}, params),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{world.public_url}/c/pay/{session_id}",
        **{name: params[name] for name in _ECHOED if name in params},
        "_items": items,
        "_intent_data": params.get("payment_intent_data", {}),
    }
    session.setdefault("payment_method_options", {"card": {"request_three_d_secure": "automatic"}})
    return world.store.save(session)


def expire(world: World, session: Json) -> Json:
    """Closes an open session for ever. Raises StripeError when it is complete or expired already."""
    end_when_due(world, session)
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired.'
            f" This Session has a status of `{session['status']}`."
        )
    _expire(world, session)
    return session


def end_when_due(world: World, session: Json) -> None:
    """Expires an open session whose time is over."""
    if session["status"] == "open" and world.store.now() >= session["expires_at"]:
        _expire(world, session)


def pay(
    world: World,
    session: Json,
    card: ListedCard,
    *,
    billing_name: str | None = None,
    email: str | None = None,
    expiry: tuple[int, int] | None = None,
) -> Json:
    """One try on the card page; returns the intent in its new state.

    `requires_capture` or `succeeded`: the session is complete. `requires_action`: 3-D Secure comes first.
    `requires_payment_method`: declined, the session stays open. Raises StripeError when the session is not
    open, CardInputError when it does not take this kind of card.
    """
    require_open(world, session)
    blocked = _restrictions(session).get("funding_types_blocked", [])
    if card.funding in blocked:
        raise CardInputError(
            "cardNumber", f"This shop does not accept {card.funding} cards. Please use another card."
        )
    customer = world.store.find("customer", session.get("customer")) or {}
    email = customer.get("email") or session.get("customer_email") or email
    intent = world.store.find("payment_intent", session.get("payment_intent"))
    if intent is None:
        intent = _intent_of(world, session)
    session["_payer"] = {"email": email, "name": billing_name or customer.get("name")}
    method = new_method(world, card, billing=session["_payer"], expiry=expiry)
    intents.attempt(world, intent, method, is_off_session=False)
    finish(world, session, intent)
    return intent


def finish(world: World, session: Json, intent: Json) -> None:
    """Completes an open session whose intent is authorised or paid; tells `checkout.session.completed`."""
    if session["status"] != "open" or intent["status"] not in ("requires_capture", "succeeded"):
        return
    payer = session.get("_payer", {})
    session["status"] = "complete"
    session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
    session["url"] = None
    session["customer_details"] = {
        "address": {**dict.fromkeys(("city", "line1", "line2", "postal_code", "state")), "country": "DE"},
        "business_name": None,
        "email": payer.get("email"),
        "individual_name": None,
        "name": payer.get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    world.store.save(session)
    world.emit("checkout.session.completed", session)


def require_open(world: World, session: Json) -> None:
    """Raises StripeError unless the session can still be paid."""
    end_when_due(world, session)
    if session["status"] != "open":
        raise refused(
            f"This Checkout Session has a status of `{session['status']}`.", code="checkout_session_not_open"
        )


def return_address(session: Json) -> str:
    """Where the browser goes after the payment, with the session id filled in."""
    address: str = session["success_url"]
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _check(world: World, params: Json) -> None:
    intents.refuse_unsimulated(params, _NOT_SIMULATED)
    intents.refuse_unsimulated(params.get("payment_intent_data", {}), _NOT_SIMULATED_OF_INTENT)
    for name in ("mode", "line_items", "success_url"):
        if not params.get(name):
            raise refused(f"Missing required param: {name}.", param=name, code="parameter_missing")
    if params["mode"] != "payment" or params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_simulated("any mode but `payment` on the hosted page")
    if params.get("automatic_tax", {}).get("enabled"):
        raise not_simulated("automatic_tax")
    if "customer" in params and "customer_email" in params:
        raise refused(
            "You may only specify one of these parameters: customer, customer_email.", param="customer"
        )
    if "customer" in params and world.store.find("customer", params["customer"]) is None:
        raise missing("customer", params["customer"], param="customer")
    if "card" not in params.get("allowed_payment_method_types", ["card"]):
        raise refused(
            "No valid payment method types for this Checkout Session.", param="allowed_payment_method_types"
        )
    for name in ("success_url", "cancel_url"):
        if name in params and not _is_address(params[name]):
            raise refused("Not a valid URL", param=name, code="url_invalid")
    if len(params["line_items"]) > _ITEMS_COUNT:
        raise refused(f"You may have at most {_ITEMS_COUNT} line items.", param="line_items")


def _line_item(world: World, item: Json, index: int) -> Json:
    path = f"line_items[{index}]"
    for name in ("price", "tax_rates", "adjustable_quantity"):
        if name in item:
            raise not_simulated(f"{path}[{name}]")
    for name in ("price_data", "quantity"):
        if name not in item:
            raise refused(
                f"Missing required param: {path}[{name}].", param=f"{path}[{name}]", code="parameter_missing"
            )
    data = item["price_data"]
    for name in ("product", "recurring", "unit_amount_decimal"):
        if name in data:
            raise not_simulated(f"{path}[price_data][{name}]")
    for name in ("unit_amount", "product_data"):
        if name not in data:
            missing_path = f"{path}[price_data][{name}]"
            raise refused(
                f"Missing required param: {missing_path}.", param=missing_path, code="parameter_missing"
            )
    if data["unit_amount"] < 0 or item["quantity"] < 1:
        raise refused("Invalid non-negative integer", param=path, code="parameter_invalid_integer")
    currency = data["currency"].lower()
    if currency != "eur":
        raise not_simulated(f"currency {currency}")
    amount_cents = data["unit_amount"] * item["quantity"]
    return {
        "id": world.store.new_id("item"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount_cents,
        "amount_tax": 0,
        "amount_total": amount_cents,
        "currency": currency,
        "description": data["product_data"]["name"],
        "metadata": item.get("metadata") or {},
        "price": render(world.store, _price(world, data, currency)),
        "quantity": item["quantity"],
    }


def _price(world: World, data: Json, currency: str) -> Json:
    return {
        "id": world.store.new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": world.store.now(),
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "product": world.store.new_id("product"),
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }


def _intent_of(world: World, session: Json) -> Json:
    data: dict[str, Any] = dict(session["_intent_data"])
    card_options = (session.get("payment_method_options") or {}).get("card") or {}
    for name in ("capture_method", "setup_future_usage"):
        if card_options.get(name):
            data.setdefault(name, card_options[name])
    if session.get("customer"):
        data["customer"] = session["customer"]
    intent = intents.new_intent(
        world, data, amount_cents=session["amount_total"], currency=session["currency"]
    )
    intent["_session"] = session["id"]
    world.store.save(intent)
    session["payment_intent"] = intent["id"]
    world.store.save(session)
    return intent


def _expire(world: World, session: Json) -> None:
    session["status"] = "expired"
    session["url"] = None
    world.store.save(session)
    intent = world.store.find("payment_intent", session.get("payment_intent"))
    if intent is not None and intent["status"] in ("requires_payment_method", "requires_action"):
        intents.end(world, intent, reason="expired")
    world.emit("checkout.session.expired", session)


def _restrictions(session: Json) -> Json:
    options = session.get("payment_method_options") or {}
    found: Json = (options.get("card") or {}).get("restrictions") or {}
    return found


def _custom_text(params: Json) -> Json:
    empty = dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"))
    return {**empty, **{name: value or None for name, value in params.get("custom_text", {}).items()}}


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
