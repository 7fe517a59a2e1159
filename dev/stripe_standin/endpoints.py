"""The table of endpoints: path, parameter type of the SDK, and what it does."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import stripe.params as p
import stripe.params.checkout as checkout_params
from stripe.params.radar import _early_fraud_warning_list_params as warning_list
from stripe.params.radar import _early_fraud_warning_retrieve_params as warning_retrieve

from dev.stripe_standin import customers, disputes, files, intents, refunds, sessions
from dev.stripe_standin.errors import Json, StripeError, refused
from dev.stripe_standin.render import matching, page, render, shown_items
from dev.stripe_standin.world import World

Act = Callable[[World, Json, dict[str, str]], Json]


@dataclass(frozen=True)
class Endpoint:
    """`act(world, params, path parts)` gives the answer; {name} in the path is one object id."""

    method: str
    path: str
    params_type: Any
    act: Act


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint and its path parts. Raises StripeError 404 for an address that is not simulated."""
    literal = _LITERAL.get((method, path))
    if literal is not None:
        return literal, {}
    for endpoint, pattern in _PATTERNS:
        matched = pattern.fullmatch(path) if endpoint.method == method else None
        if matched:
            return endpoint, matched.groupdict()
    raise StripeError(
        404,
        f"Unrecognized request URL ({method}: {path}). The local stand-in may not simulate it.",
        code="url_unknown",
        is_stored=False,
    )


def _one(kind: str) -> Act:
    def act(world: World, params: Json, parts: dict[str, str]) -> Json:
        thing = world.store.get(kind, parts["id"])
        if kind == "checkout.session":
            sessions.end_when_due(world, thing)
        return render(world.store, thing, params.get("expand", ()))

    return act


def _all(kind: str, path: str, *names: str) -> Act:
    def act(world: World, params: Json, parts: dict[str, str]) -> Json:
        is_wanted = matching(params, *names)
        found: Iterator[Json] = (thing for thing in world.store.newest(kind) if is_wanted(thing))
        return page(world.store, found, params, url=path)

    return act


def _made(do: Callable[[World, Json], Json]) -> Act:
    def act(world: World, params: Json, parts: dict[str, str]) -> Json:
        return render(world.store, do(world, params), params.get("expand", ()))

    return act


def _changed(kind: str, do: Callable[[World, Json, Json], Json]) -> Act:
    def act(world: World, params: Json, parts: dict[str, str]) -> Json:
        thing = do(world, world.store.get(kind, parts["id"]), params)
        return render(world.store, thing, params.get("expand", ()))

    return act


def _delete_customer(world: World, params: Json, parts: dict[str, str]) -> Json:
    return customers.delete_customer(world, world.store.get("customer", parts["id"]))


def _methods_of_customer(world: World, params: Json, parts: dict[str, str]) -> Json:
    customer = world.store.get("customer", parts["id"], param="customer")
    return _methods(
        world, {**params, "customer": customer["id"]}, f"/v1/customers/{customer['id']}/payment_methods"
    )


def _list_methods(world: World, params: Json, parts: dict[str, str]) -> Json:
    if "customer" in params:
        world.store.get("customer", params["customer"], param="customer")
    return _methods(world, params, "/v1/payment_methods")


def _methods(world: World, params: Json, url: str) -> Json:
    is_wanted = matching(params, "customer", "type", "allow_redisplay")
    found = (
        one for one in world.store.newest("payment_method") if one["customer"] is not None and is_wanted(one)
    )
    return page(world.store, found, params, url=url)


def _method_of_customer(world: World, params: Json, parts: dict[str, str]) -> Json:
    method = world.store.get("payment_method", parts["method"])
    if method["customer"] != parts["id"]:
        raise StripeError(
            404, f"No such payment method: '{method['id']}'", code="resource_missing", param="id"
        )
    return render(world.store, method, params.get("expand", ()))


def _attach(world: World, method_id: str, params: Json) -> Json:
    if "customer" not in params:
        raise refused("Missing required param: customer.", param="customer", code="parameter_missing")
    return customers.attach(world, customers.find_method(world, method_id, param="id"), params["customer"])


def _attach_method(world: World, params: Json, parts: dict[str, str]) -> Json:
    return render(world.store, _attach(world, parts["id"], params), params.get("expand", ()))


def _update_method(world: World, method: Json, params: Json) -> Json:
    intents.refuse_unsimulated(params, ["card", "billing_details", "payto", "us_bank_account"])
    method["metadata"] = customers.merged_metadata(method["metadata"], params)
    method["allow_redisplay"] = params.get("allow_redisplay", method["allow_redisplay"])
    return world.store.save(method)


def _update_session(world: World, session: Json, params: Json) -> Json:
    others = sorted(set(params) - {"metadata", "expand"})
    intents.refuse_unsimulated(params, others)
    session["metadata"] = customers.merged_metadata(session["metadata"], params)
    return world.store.save(session)


def _list_sessions(world: World, params: Json, parts: dict[str, str]) -> Json:
    for session in world.store.objects.get("checkout.session", {}).copy().values():
        sessions.end_when_due(world, session)
    intents.refuse_unsimulated(params, ["customer_details", "payment_link", "subscription"])
    return _all("checkout.session", "/v1/checkout/sessions", "customer", "payment_intent", "status")(
        world, params, parts
    )


def _line_items(world: World, params: Json, parts: dict[str, str]) -> Json:
    items = shown_items(world.store, parts["id"])
    return page(world.store, items, params, url=f"/v1/checkout/sessions/{parts['id']}/line_items")


def _search_intents(world: World, params: Json, parts: dict[str, str]) -> Json:
    clauses = re.findall(
        r"(metadata\['([^']+)'\]|status|customer)\s*:\s*'([^']*)'", params["query"].replace('"', "'")
    )
    rest = re.sub(
        r"(metadata\['[^']+'\]|status|customer)\s*:\s*'[^']*'", "", params["query"].replace('"', "'")
    )
    if not clauses or rest.replace("AND", "").strip():
        raise refused(
            "The search query is not understood by the stand-in: use field:'value' AND …", param="query"
        )

    def is_wanted(intent: Json) -> bool:
        return all(
            (intent["metadata"].get(key) if key else intent.get(name)) == value
            for name, key, value in clauses
        )

    found = (intent for intent in world.store.newest("payment_intent") if is_wanted(intent))
    answer = page(world.store, found, params, url="/v1/payment_intents/search")
    return {**answer, "object": "search_result", "next_page": None}


def _update_refund(world: World, refund: Json, params: Json) -> Json:
    refund["metadata"] = customers.merged_metadata(refund["metadata"] or {}, params)
    world.store.save(refund)
    world.emit("refund.updated", refund)
    return refund


def _update_charge(world: World, charge: Json, params: Json) -> Json:
    intents.refuse_unsimulated(
        params, ["customer", "fraud_details", "receipt_email", "shipping", "transfer_group"]
    )
    charge["description"] = params.get("description", charge["description"])
    charge["metadata"] = customers.merged_metadata(charge["metadata"], params)
    return world.store.save(charge)


def _list_events(world: World, params: Json, parts: dict[str, str]) -> Json:
    intents.refuse_unsimulated(params, ["delivery_success"])
    wanted = set(params.get("types", [])) | ({params["type"]} if "type" in params else set())
    is_in_range = matching(params)
    found = (
        event
        for event in world.store.newest("event")
        if is_in_range(event) and (not wanted or event["type"] in wanted)
    )
    return page(world.store, found, params, url="/v1/events")


_C, _PM, _S, _PI = "/v1/customers", "/v1/payment_methods", "/v1/checkout/sessions", "/v1/payment_intents"
ENDPOINTS = (
    Endpoint("POST", _C, p.CustomerCreateParams, _made(customers.create_customer)),
    Endpoint("GET", _C, p.CustomerListParams, _all("customer", _C, "email")),
    Endpoint("GET", f"{_C}/{{id}}", p.CustomerRetrieveParams, _one("customer")),
    Endpoint("POST", f"{_C}/{{id}}", p.CustomerUpdateParams, _changed("customer", customers.update_customer)),
    Endpoint("DELETE", f"{_C}/{{id}}", p.CustomerDeleteParams, _delete_customer),
    Endpoint("GET", f"{_C}/{{id}}/payment_methods", p.CustomerPaymentMethodListParams, _methods_of_customer),
    Endpoint(
        "GET",
        f"{_C}/{{id}}/payment_methods/{{method}}",
        p.CustomerPaymentMethodRetrieveParams,
        _method_of_customer,
    ),
    Endpoint("GET", _PM, p.PaymentMethodListParams, _list_methods),
    Endpoint("GET", f"{_PM}/{{id}}", p.PaymentMethodRetrieveParams, _one("payment_method")),
    Endpoint(
        "POST", f"{_PM}/{{id}}", p.PaymentMethodUpdateParams, _changed("payment_method", _update_method)
    ),
    Endpoint("POST", f"{_PM}/{{id}}/attach", p.PaymentMethodAttachParams, _attach_method),
    Endpoint(
        "POST",
        f"{_PM}/{{id}}/detach",
        p.PaymentMethodDetachParams,
        _changed("payment_method", lambda world, method, params: customers.detach(world, method)),
    ),
    Endpoint("POST", _S, checkout_params.SessionCreateParams, _made(sessions.create)),
    Endpoint("GET", _S, checkout_params.SessionListParams, _list_sessions),
    Endpoint("GET", f"{_S}/{{id}}", checkout_params.SessionRetrieveParams, _one("checkout.session")),
    Endpoint(
        "POST",
        f"{_S}/{{id}}",
        checkout_params.SessionUpdateParams,
        _changed("checkout.session", _update_session),
    ),
    Endpoint(
        "POST",
        f"{_S}/{{id}}/expire",
        checkout_params.SessionExpireParams,
        _changed("checkout.session", lambda world, session, params: sessions.expire(world, session)),
    ),
    Endpoint("GET", f"{_S}/{{id}}/line_items", checkout_params.SessionLineItemListParams, _line_items),
    Endpoint("POST", _PI, p.PaymentIntentCreateParams, _made(intents.create)),
    Endpoint("GET", _PI, p.PaymentIntentListParams, _all("payment_intent", _PI, "customer")),
    Endpoint("GET", f"{_PI}/search", p.PaymentIntentSearchParams, _search_intents),
    Endpoint("GET", f"{_PI}/{{id}}", p.PaymentIntentRetrieveParams, _one("payment_intent")),
    Endpoint(
        "POST", f"{_PI}/{{id}}", p.PaymentIntentUpdateParams, _changed("payment_intent", intents.update)
    ),
    Endpoint(
        "POST",
        f"{_PI}/{{id}}/confirm",
        p.PaymentIntentConfirmParams,
        _changed("payment_intent", intents.confirm),
    ),
    Endpoint(
        "POST",
        f"{_PI}/{{id}}/capture",
        p.PaymentIntentCaptureParams,
        _changed("payment_intent", intents.capture),
    ),
    Endpoint(
        "POST",
        f"{_PI}/{{id}}/cancel",
        p.PaymentIntentCancelParams,
        _changed("payment_intent", intents.cancel),
    ),
    Endpoint(
        "GET", "/v1/charges", p.ChargeListParams, _all("charge", "/v1/charges", "customer", "payment_intent")
    ),
    Endpoint("GET", "/v1/charges/{id}", p.ChargeRetrieveParams, _one("charge")),
    Endpoint("POST", "/v1/charges/{id}", p.ChargeUpdateParams, _changed("charge", _update_charge)),
    Endpoint("POST", "/v1/refunds", p.RefundCreateParams, _made(refunds.create)),
    Endpoint(
        "GET", "/v1/refunds", p.RefundListParams, _all("refund", "/v1/refunds", "charge", "payment_intent")
    ),
    Endpoint("GET", "/v1/refunds/{id}", p.RefundRetrieveParams, _one("refund")),
    Endpoint("POST", "/v1/refunds/{id}", p.RefundUpdateParams, _changed("refund", _update_refund)),
    Endpoint("POST", "/v1/files", p.FileCreateParams, _made(files.create)),
    Endpoint("GET", "/v1/files", p.FileListParams, _all("file", "/v1/files", "purpose")),
    Endpoint("GET", "/v1/files/{id}", p.FileRetrieveParams, _one("file")),
    Endpoint(
        "GET",
        "/v1/disputes",
        p.DisputeListParams,
        _all("dispute", "/v1/disputes", "charge", "payment_intent"),
    ),
    Endpoint("GET", "/v1/disputes/{id}", p.DisputeRetrieveParams, _one("dispute")),
    Endpoint("POST", "/v1/disputes/{id}", p.DisputeUpdateParams, _changed("dispute", disputes.update)),
    Endpoint(
        "POST",
        "/v1/disputes/{id}/close",
        p.DisputeCloseParams,
        _changed("dispute", lambda world, dispute, params: disputes.close(world, dispute, is_won=False)),
    ),
    Endpoint(
        "GET",
        "/v1/radar/early_fraud_warnings",
        warning_list.EarlyFraudWarningListParams,
        _all("radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", "charge", "payment_intent"),
    ),
    Endpoint(
        "GET",
        "/v1/radar/early_fraud_warnings/{id}",
        warning_retrieve.EarlyFraudWarningRetrieveParams,
        _one("radar.early_fraud_warning"),
    ),
    Endpoint(
        "GET",
        "/v1/balance_transactions",
        p.BalanceTransactionListParams,
        _all("balance_transaction", "/v1/balance_transactions", "source", "type", "currency"),
    ),
    Endpoint(
        "GET",
        "/v1/balance_transactions/{id}",
        p.BalanceTransactionRetrieveParams,
        _one("balance_transaction"),
    ),
    Endpoint("GET", "/v1/events", p.EventListParams, _list_events),
    Endpoint("GET", "/v1/events/{id}", p.EventRetrieveParams, _one("event")),
)
_LITERAL = {(one.method, one.path): one for one in ENDPOINTS if "{" not in one.path}
_PATTERNS = [
    (one, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one.path)))
    for one in ENDPOINTS
    if "{" in one.path
]
