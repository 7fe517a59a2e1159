"""Customers and their saved cards."""

from dev.stripe_standin.cards import BY_NUMBER, BY_TOKEN, ListedCard, default_expiry
from dev.stripe_standin.errors import Json, missing, refused
from dev.stripe_standin.world import World

_METADATA_KEYS_COUNT = 50
_METADATA_KEY_LENGTH = 40
_METADATA_VALUE_LENGTH = 500
_CUSTOMER_FIELDS = ("address", "business_name", "description", "email", "individual_name", "name", "phone")
_MORE_CUSTOMER_FIELDS = ("balance", "preferred_locales", "shipping", "tax_exempt")


def create_customer(world: World, params: Json) -> Json:
    """A new customer; tells `customer.created`."""
    customer = world.store.save(
        {
            "id": world.store.new_id("customer"),
            "object": "customer",
            "balance": 0,
            "created": world.store.now(),
            "delinquent": False,
            "invoice_prefix": None,
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": merged_metadata({}, params),
            "preferred_locales": [],
            "tax_exempt": "none",
            **_customer_fields(params),
        }
    )
    world.emit("customer.created", customer)
    return customer


def update_customer(world: World, customer: Json, params: Json) -> Json:
    """The changed customer; tells `customer.updated`."""
    changed = {**_customer_fields(params), "metadata": merged_metadata(customer["metadata"], params)}
    before = {name: customer.get(name) for name, value in changed.items() if customer.get(name) != value}
    customer.update(changed)
    world.store.save(customer)
    if before:
        world.emit("customer.updated", customer, before=before)
    return customer


def delete_customer(world: World, customer: Json) -> Json:
    """Forgets the customer and detaches the cards."""
    for method in [one for one in world.store.newest("payment_method") if one["customer"] == customer["id"]]:
        detach(world, method)
    world.store.drop("customer", customer["id"])
    world.emit("customer.deleted", customer)
    return {"id": customer["id"], "object": "customer", "deleted": True}


def new_method(
    world: World,
    card: ListedCard,
    *,
    billing: Json | None = None,
    expiry: tuple[int, int] | None = None,
) -> Json:
    """An unattached card payment method."""
    month, year = expiry or default_expiry()
    billing = billing or {}
    empty_address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return world.store.save(
        {
            "id": world.store.new_id("payment_method"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": empty_address,
                "email": billing.get("email"),
                "name": billing.get("name"),
                "phone": None,
                "tax_id": None,
            },
            "card": _card_hash(card, month=month, year=year),
            "created": world.store.now(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_number": card.number,
            "_is_set_up": False,
        }
    )


def find_method(world: World, method_id: str, *, param: str = "payment_method") -> Json:
    """The payment method, or a new one for a test name such as `pm_card_visa`. Raises StripeError."""
    if method_id in BY_TOKEN:
        return new_method(world, BY_TOKEN[method_id])
    return world.store.get("payment_method", method_id, param=param)


def card_of(method: Json) -> ListedCard:
    """The listed card behind a payment method."""
    return BY_NUMBER[method["_number"]]


def attach(world: World, method: Json, customer_id: str) -> Json:
    """Saves the card for the customer. Raises StripeError when it may not be used for them."""
    if world.store.find("customer", customer_id) is None:
        raise missing("customer", customer_id, param="customer")
    if method["customer"] == customer_id:
        return method
    if method["customer"] is not None:
        raise refused(
            "The payment method you provided has already been attached to a customer.",
            param="payment_method",
            code="payment_method_unexpected_state",
        )
    if method.get("_is_detached"):
        raise refused(
            "This PaymentMethod was previously detached from a Customer and may not be used again.",
            param="payment_method",
            code="payment_method_unexpected_state",
        )
    if method.get("_was_used"):
        raise refused(
            "This PaymentMethod was previously used without being attached to a Customer"
            " and may not be used again.",
            param="payment_method",
            code="payment_method_unexpected_state",
        )
    method["customer"] = customer_id
    world.store.save(method)
    world.emit("payment_method.attached", method)
    return method


def detach(world: World, method: Json) -> Json:
    """Takes the card from its customer for ever; tells `payment_method.detached`."""
    if method["customer"] is None:
        raise refused(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
            code="payment_method_unexpected_state",
        )
    before = {"customer": method["customer"]}
    method["customer"] = None
    method["_is_detached"] = True
    world.store.save(method)
    world.emit("payment_method.detached", method, before=before)
    return method


def renew(world: World, method: Json, card: ListedCard) -> Json:
    """The bank sends a new card: number and expiry change under the same id."""
    before = {"card": method["card"]}
    month, year = default_expiry()
    method["card"] = _card_hash(card, month=month, year=year)
    method["_number"] = card.number
    world.store.save(method)
    world.emit("payment_method.automatically_updated", method, before=before)
    return method


def merged_metadata(kept: dict[str, str], params: Json) -> dict[str, str]:
    """Metadata after an update: "" unsets a key, an empty `metadata` all. Raises StripeError."""
    given = params.get("metadata", {})
    if given == "":
        return {}
    merged = {**kept, **given}
    merged = {name: value for name, value in merged.items() if value != ""}
    if len(merged) > _METADATA_KEYS_COUNT:
        raise refused("Metadata can have up to 50 keys.", param="metadata")
    for name, value in merged.items():
        if len(name) > _METADATA_KEY_LENGTH or len(value) > _METADATA_VALUE_LENGTH:
            raise refused(
                f"Metadata keys have up to {_METADATA_KEY_LENGTH} characters and"
                f" values up to {_METADATA_VALUE_LENGTH}.",
                param=f"metadata[{name[:_METADATA_KEY_LENGTH]}]",
            )
    return merged


def _customer_fields(params: Json) -> Json:
    names = (*_CUSTOMER_FIELDS, *_MORE_CUSTOMER_FIELDS)
    found: Json = {name: params[name] if params[name] != "" else None for name in names if name in params}
    if found.get("address"):
        empty = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        found["address"] = {**empty, **found["address"]}
    return found


def _card_hash(card: ListedCard, *, month: int, year: int) -> Json:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "fail" if card.error_code == "incorrect_cvc" else "pass",
        },
        "country": "DE",
        "display_brand": {"amex": "american_express"}.get(card.brand, card.brand),
        "exp_month": month,
        "exp_year": year,
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "regulated" if card.funding == "debit" else "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
