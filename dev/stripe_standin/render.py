"""Turns stored objects into answers: every documented field, expanded where asked, newest first in pages."""

import functools
import json
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

import stripe
from stripe.checkout import Session
from stripe.radar import EarlyFraudWarning

from dev.stripe_standin.errors import Json, refused
from dev.stripe_standin.store import Store

RESOURCES: dict[str, type[stripe.StripeObject]] = {
    "customer": stripe.Customer,
    "payment_method": stripe.PaymentMethod,
    "checkout.session": Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "file": stripe.File,
    "radar.early_fraud_warning": EarlyFraudWarning,
    "balance_transaction": stripe.BalanceTransaction,
    "event": stripe.Event,
    "item": stripe.LineItem,
    "price": stripe.Price,
}
# Stripe leaves these out unless they are asked for or apply: reading one fails there, so it fails here.
_LEFT_OUT: dict[str, frozenset[str]] = {
    "customer": frozenset(
        [
            "deleted",
            "cash_balance",
            "sources",
            "subscriptions",
            "tax",
            "tax_ids",
            "invoice_credit_balance",
            "customer_account",
        ]
    ),
    "checkout.session": frozenset(
        [
            "line_items",
            "optional_items",
            "presentment_details",
            "name_collection",
            "managed_payments",
            "customer_account",
        ]
    ),
    "charge": frozenset(["refunds", "level3", "authorization_code", "presentment_details", "radar_options"]),
    "payment_intent": frozenset(
        [
            "hooks",
            "managed_payments",
            "payment_details",
            "presentment_details",
            "customer_account",
            "payment_record",
        ]
    ),
    "refund": frozenset(["customer", "customer_account", "instructions_email", "presentment_details"]),
    "dispute": frozenset(["intended_submission_method"]),
    "event": frozenset(["account", "context"]),
    "price": frozenset(["currency_options", "deleted", "tiers"]),
}
EXPANDABLE: dict[str, dict[str, str]] = {
    "payment_method": {"customer": "customer"},
    "checkout.session": {"customer": "customer", "payment_intent": "payment_intent", "line_items": "item"},
    "payment_intent": {"customer": "customer", "payment_method": "payment_method", "latest_charge": "charge"},
    "charge": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
        "refunds": "refund",
    },
    "refund": {
        "charge": "charge",
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "radar.early_fraud_warning": {"charge": "charge", "payment_intent": "payment_intent"},
    "balance_transaction": {"source": "charge"},
}
_DEEPEST = 4


def render(store: Store, thing: Json, expand: Iterable[str] = ()) -> Json:
    """The object as Stripe would answer it. Raises StripeError for a path that cannot be expanded."""
    shown = {**_blank(thing["object"]), **{name: value for name, value in thing.items() if name[0] != "_"}}
    if "_data" in thing:
        shown["data"] = json.loads(thing["_data"])
    for path in expand:
        _expand(store, thing["object"], shown, path.split("."), path)
    return shown


def page(store: Store, found: Iterable[Json], params: Json, *, url: str) -> Json:
    """A list object of `limit` entries (default 10) from the newest-first `found`. Raises StripeError."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise refused(
            "This value must be between 1 and 100.", param="limit", code="parameter_invalid_integer"
        )
    things = _after(list(found), params)
    expand = _list_paths(params.get("expand", []))
    return {
        "object": "list",
        "data": [render(store, thing, expand) for thing in things[:limit]],
        "has_more": len(things) > limit,
        "url": url,
    }


def matching(params: Json, *names: str) -> Callable[[Json], bool]:
    """A filter: each given parameter equals the field of the same name; `created` is a range."""

    def is_wanted(thing: Json) -> bool:
        equal = all(thing.get(name) == params[name] for name in names if name in params)
        return equal and _is_in_range(thing["created"], params.get("created"))

    return is_wanted


def _after(things: list[Json], params: Json) -> list[Json]:
    ids = [thing["id"] for thing in things]
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in ids:
            raise refused(f"No such object: '{params[name]}'", param=name, code="resource_missing")
    if "starting_after" in params:
        return things[ids.index(params["starting_after"]) + 1 :]
    if "ending_before" in params:
        end = ids.index(params["ending_before"])
        return things[max(0, end - params.get("limit", 10)) : end]
    return things


def _list_paths(expand: list[str]) -> list[str]:
    for path in expand:
        if not path.startswith("data."):
            raise refused(f"This property cannot be expanded ({path}).", param="expand")
    return [path.removeprefix("data.") for path in expand]


def _expand(store: Store, kind: str, shown: Json, parts: list[str], path: str) -> None:
    name = parts[0]
    target = EXPANDABLE.get(kind, {}).get(name)
    if target is None or len(parts) > _DEEPEST:
        raise refused(f"This property cannot be expanded ({path}).", param="expand")
    if name == "line_items":
        shown[name] = page(
            store, shown_items(store, shown["id"]), {}, url=f"/v1/checkout/sessions/{shown['id']}/line_items"
        )
        return
    if name == "refunds":
        refunds = [one for one in store.newest("refund") if one["charge"] == shown["id"]]
        shown[name] = page(store, refunds, {}, url=f"/v1/charges/{shown['id']}/refunds")
        return
    value = shown.get(name)
    if isinstance(value, str):
        found = store.find(target, value)
        value = None if found is None else render(store, found)
        shown[name] = value if value is not None else shown[name]
    if isinstance(value, dict) and len(parts) > 1:
        _expand(store, target, value, parts[1:], path)


def shown_items(store: Store, session_id: str) -> list[Json]:
    """The line items of a session, in their order."""
    session = store.get("checkout.session", session_id)
    return list(session["_items"])


def _is_in_range(created: int, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return created == wanted
    compare: dict[str, Callable[[int], bool]] = {
        "gt": lambda limit: created > limit,
        "gte": lambda limit: created >= limit,
        "lt": lambda limit: created < limit,
        "lte": lambda limit: created <= limit,
    }
    return all(compare[name](limit) for name, limit in wanted.items())


@functools.cache
def _blank(kind: str) -> types.MappingProxyType[str, Any]:
    resource = RESOURCES[kind]
    left_out = set(_LEFT_OUT.get(kind, ()))
    if kind == "payment_method":
        left_out |= {name for name in resource.__annotations__ if _is_other_method(name)}
    names = [name for name in resource.__annotations__ if name != "OBJECT_NAME" and name not in left_out]
    return types.MappingProxyType({"id": None, **dict.fromkeys(["object", *names]), "object": kind})


@functools.cache
def _method_types() -> frozenset[str]:
    hint = stripe.PaymentMethod.__annotations__["type"]
    literal = typing.get_args(hint)[0]
    return frozenset(typing.get_args(literal))


def _is_other_method(name: str) -> bool:
    return name != "card" and (
        name in _method_types() or name in ("card_present", "interac_present", "radar_options")
    )
