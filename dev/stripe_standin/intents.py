"""PaymentIntents: the states of one payment and who may move it on."""

import secrets

from dev.stripe_standin import charges, disputes
from dev.stripe_standin.customers import attach, card_of, find_method, merged_metadata
from dev.stripe_standin.errors import Json, StripeError, missing, not_simulated, refused
from dev.stripe_standin.render import render
from dev.stripe_standin.world import World

MINIMUM_CENTS = 50
_MAXIMUM_CENTS = 99_999_999
_NOT_SIMULATED = [
    "application_fee_amount",
    "confirmation_token",
    "customer_account",
    "hooks",
    "mandate",
    "mandate_data",
    "on_behalf_of",
    "payment_details",
    "payment_method_configuration",
    "payment_method_data",
    "transfer_data",
    "transfer_group",
    "amount_details",
    "amount_to_confirm",
]
_COPIED = [
    "description",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "allowed_payment_method_types",
    "excluded_payment_method_types",
]
_CANCELABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
    "processing",
)
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(world: World, params: Json) -> Json:
    """A new PaymentIntent, confirmed at once when asked. Raises StripeError; a decline is a 402."""
    refuse_unsimulated(params, _NOT_SIMULATED)
    for name in ("off_session", "error_on_requires_action", "return_url"):
        if name in params and not params.get("confirm"):
            raise refused(f"`{name}` can only be used with `confirm` set to true.", param=name)
    check_amount(params["amount"], currency=params["currency"])
    customer_id = params.get("customer")
    if customer_id and world.store.find("customer", customer_id) is None:
        raise missing("customer", customer_id, param="customer")
    intent = new_intent(world, params, amount_cents=params["amount"], currency=params["currency"].lower())
    if "automatic_payment_methods" in params:
        intent["automatic_payment_methods"] = {
            "allow_redirects": "always",
            **params["automatic_payment_methods"],
        }
    if "payment_method" in params:
        _choose(world, intent, params["payment_method"])
    if params.get("confirm"):
        return confirm(world, intent, params)
    return intent


def new_intent(world: World, params: Json, *, amount_cents: int, currency: str) -> Json:
    """Stores an intent that waits for a card; tells `payment_intent.created`."""
    intent_id = world.store.new_id("payment_intent")
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount_cents,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}",
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": world.store.now(),
        "currency": currency,
        "customer": params.get("customer"),
        "livemode": False,
        "metadata": merged_metadata({}, params),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        **{name: params[name] for name in _COPIED if params.get(name)},
    }
    world.store.save(intent)
    world.emit("payment_intent.created", intent)
    return intent


def update(world: World, intent: Json, params: Json) -> Json:
    """Changes an intent before it is confirmed; later only description and metadata. Raises StripeError."""
    refuse_unsimulated(params, _NOT_SIMULATED)
    is_early = intent["status"] in ("requires_payment_method", "requires_confirmation")
    late = set(params) - {"metadata", "description", "receipt_email", "expand"}
    if late and not is_early:
        raise _unexpected(intent, f"This PaymentIntent's {sorted(late)[0]} could not be updated")
    if "amount" in params:
        check_amount(params["amount"], currency=intent["currency"])
        intent["amount"] = params["amount"]
    for name in ("customer", "capture_method", *_COPIED):
        if name in params:
            intent[name] = params[name] or None
    intent["metadata"] = merged_metadata(intent["metadata"], params)
    if "payment_method" in params:
        _choose(world, intent, params["payment_method"])
    return world.store.save(intent)


def confirm(world: World, intent: Json, params: Json) -> Json:
    """Charges the card, asks for 3-D Secure, or declines (StripeError 402 with the intent inside)."""
    refuse_unsimulated(params, _NOT_SIMULATED)
    if intent["status"] not in _CONFIRMABLE:
        raise _unexpected(intent, "You cannot confirm this PaymentIntent")
    for name in ("capture_method", "setup_future_usage"):
        if params.get(name):
            intent[name] = params[name]
    if "payment_method" in params:
        _choose(world, intent, params["payment_method"])
    if intent.get("payment_method") is None:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            param="payment_method",
            code="payment_intent_unexpected_state",
        )
    method = world.store.get("payment_method", intent["payment_method"], param="payment_method")
    off_session = params.get("off_session", False)
    is_alone = off_session not in (False, "false") or bool(params.get("error_on_requires_action"))
    attempt(world, intent, method, is_off_session=is_alone, return_url=params.get("return_url"))
    if intent["status"] == "requires_payment_method":
        raise declined(world, intent)
    return intent


def attempt(
    world: World,
    intent: Json,
    method: Json,
    *,
    is_off_session: bool,
    return_url: str | None = None,
) -> None:
    """One try with one card; the new state is in `intent["status"]`."""
    card = card_of(method)
    intent["payment_method"] = method["id"]
    intent["last_payment_error"] = None
    intent["_attempts_count"] = intent.get("_attempts_count", 0) + 1
    is_set_up = is_off_session and method["_is_set_up"]
    is_wanted = card.authentication == "always" or (card.authentication == "unless_set_up" and not is_set_up)
    if is_wanted and is_off_session:
        _declined(world, intent, method, charges.decline_unauthenticated(world, intent, method))
    elif is_wanted:
        _ask_for_authentication(world, intent, return_url)
    else:
        _charge(world, intent, method, is_off_session=is_off_session, is_authenticated=False)


def answer_authentication(world: World, intent: Json, *, is_completed: bool) -> None:
    """The customer did or failed 3-D Secure. Raises StripeError unless the intent waits for it."""
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "This PaymentIntent does not wait for authentication")
    method = world.store.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if is_completed:
        _charge(world, intent, method, is_off_session=False, is_authenticated=True)
        return
    _back_to_start(
        intent,
        {
            "code": "payment_intent_authentication_failure",
            "message": "The provided PaymentMethod has failed authentication.",
            "payment_method": render(world.store, method),
            "type": "invalid_request_error",
        },
    )
    world.store.save(intent)
    world.emit("payment_intent.payment_failed", intent)


def capture(world: World, intent: Json, params: Json) -> Json:
    """Takes up to the authorised amount, once. Raises StripeError."""
    refuse_unsimulated(params, [*_NOT_SIMULATED, "statement_descriptor", "statement_descriptor_suffix"])
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "This PaymentIntent could not be captured")
    amount_cents: int = {"amount_to_capture": intent["amount_capturable"], **params}["amount_to_capture"]
    if amount_cents > intent["amount_capturable"]:
        raise refused(
            f"The amount to capture ({amount_cents}) is greater than the amount capturable"
            f" ({intent['amount_capturable']}).",
            param="amount_to_capture",
            code="amount_too_large",
        )
    if amount_cents < 1:
        raise refused("Invalid positive integer", param="amount_to_capture", code="parameter_invalid_integer")
    charge = world.store.get("charge", intent["latest_charge"])
    intent["metadata"] = merged_metadata(intent["metadata"], params)
    _settle(world, intent, charge, amount_cents)
    return intent


def cancel(world: World, intent: Json, params: Json) -> Json:
    """Gives up the payment and releases an authorisation. Raises StripeError."""
    if _open_session(world, intent) is not None:
        raise refused(
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session."
            " Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    return end(world, intent, reason=params.get("cancellation_reason"))


def end(world: World, intent: Json, *, reason: str | None, is_expired: bool = False) -> Json:
    """Sets the intent to canceled, whoever asked for it. Raises StripeError when it is too late."""
    if intent["status"] not in _CANCELABLE:
        raise _unexpected(intent, "You cannot cancel this PaymentIntent")
    was_authorised = intent["status"] == "requires_capture"
    intent["status"] = "canceled"
    intent["canceled_at"] = world.store.now()
    intent["cancellation_reason"] = reason
    intent["amount_capturable"] = 0
    intent["next_action"] = None
    world.store.save(intent)
    if was_authorised:
        charges.release(world, world.store.get("charge", intent["latest_charge"]), is_expired=is_expired)
    world.emit("payment_intent.canceled", intent)
    return intent


def declined(world: World, intent: Json) -> StripeError:
    """The 402 that goes with the intent's last error."""
    error = intent["last_payment_error"]
    return StripeError(
        402 if error["type"] == "card_error" else 400,
        error["message"],
        kind=error["type"],
        code=error.get("code"),
        decline_code=error.get("decline_code"),
        charge=error.get("charge"),
        payment_method=error.get("payment_method"),
        payment_intent=render(world.store, intent),
    )


def check_amount(amount_cents: int, *, currency: str) -> None:
    """Raises StripeError unless the amount can be charged in the one currency of the stand-in's account."""
    if currency.lower() != "eur":
        raise not_simulated(f"currency {currency}")
    if amount_cents < MINIMUM_CENTS:
        raise refused(
            f"Amount must be at least €{MINIMUM_CENTS / 100:.2f} eur", param="amount", code="amount_too_small"
        )
    if amount_cents > _MAXIMUM_CENTS:
        raise refused("Amount must be no more than €999,999.99", param="amount", code="amount_too_large")


def refuse_unsimulated(params: Json, names: list[str]) -> None:
    """Raises StripeError for a parameter that Stripe knows and the stand-in does not act on."""
    for name in names:
        if name in params:
            raise not_simulated(name)


def _choose(world: World, intent: Json, method_id: str) -> None:
    method = find_method(world, method_id)
    if method["customer"] is not None and method["customer"] != intent.get("customer"):
        raise refused(
            "The payment method you provided belongs to a customer."
            " Include that customer on the PaymentIntent.",
            param="payment_method",
        )
    if method.get("_is_detached") or (method.get("_was_used") and method["customer"] is None):
        raise refused(
            f"The provided PaymentMethod ({method['id']}) may not be used again:"
            " it was detached, or used without being attached to a customer.",
            param="payment_method",
        )
    intent["payment_method"] = method["id"]
    if intent["status"] == "requires_payment_method":
        intent["status"] = "requires_confirmation"
    world.store.save(intent)


def _charge(
    world: World, intent: Json, method: Json, *, is_off_session: bool, is_authenticated: bool
) -> None:
    charge = charges.authorise(
        world, intent, method, is_off_session=is_off_session, is_authenticated=is_authenticated
    )
    if charge["status"] == "failed":
        _declined(world, intent, method, charge)
        return
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    intent["last_payment_error"] = None
    method["_was_used"] = True
    world.store.save(method)
    if intent.get("setup_future_usage") and intent.get("customer"):
        if method["customer"] is None:
            method.pop("_was_used")
            attach(world, method, intent["customer"])
        method["_is_set_up"] = is_authenticated or method["_is_set_up"]
        world.store.save(method)
    world.emit("charge.succeeded", charge)
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        world.store.save(intent)
        world.emit("payment_intent.amount_capturable_updated", intent)
    else:
        _settle(world, intent, charge, intent["amount"])


def _settle(world: World, intent: Json, charge: Json, amount_cents: int) -> None:
    charges.capture(world, charge, amount_cents)
    intent["status"] = "succeeded"
    intent["amount_capturable"] = 0
    intent["amount_received"] = amount_cents
    world.store.save(intent)
    if intent["capture_method"] == "manual":
        world.emit("charge.captured", charge)
    world.emit("payment_intent.succeeded", intent)
    session = session_of(world, intent)
    if session is not None and session["status"] == "complete":
        session["payment_status"] = "paid"
        world.store.save(session)
    disputes.follow_the_card(world, charge)


def _declined(world: World, intent: Json, method: Json, charge: Json) -> None:
    intent["latest_charge"] = charge["id"]
    _back_to_start(
        intent,
        {
            "charge": charge["id"],
            "code": charge["failure_code"],
            "decline_code": charge["_decline_code"],
            "message": charge["failure_message"],
            "payment_method": render(world.store, method),
            "type": "card_error",
        },
    )
    world.store.save(intent)
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)


def _back_to_start(intent: Json, error: Json) -> None:
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_payment_error"] = error


def _ask_for_authentication(world: World, intent: Json, return_url: str | None) -> None:
    intent["status"] = "requires_action"
    intent["_authentication"] = secrets.token_urlsafe(12)
    page = f"{world.public_url}/c/3ds/{intent['id']}/{intent['_authentication']}"
    intent["_return_url"] = return_url
    if return_url:
        intent["next_action"] = {
            "redirect_to_url": {"return_url": return_url, "url": page},
            "type": "redirect_to_url",
        }
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page},
        }
    world.store.save(intent)
    world.emit("payment_intent.requires_action", intent)


def session_of(world: World, intent: Json) -> Json | None:
    """The Checkout Session that made this intent, if one did."""
    return world.store.find("checkout.session", intent.get("_session"))


def _open_session(world: World, intent: Json) -> Json | None:
    session = session_of(world, intent)
    return session if session is not None and session["status"] == "open" else None


def _unexpected(intent: Json, sentence: str) -> StripeError:
    return refused(
        f"{sentence} because it has a status of {intent['status']}.", code="payment_intent_unexpected_state"
    )
