"""The /v1 door: key, version, form check, idempotency, faults, answer."""

import asyncio
import hashlib
import json
from dataclasses import dataclass, field

from fastapi import Request, Response

from dev.stripe_standin.endpoints import Endpoint, find
from dev.stripe_standin.errors import Json, StripeError
from dev.stripe_standin.faults import Fault, as_error
from dev.stripe_standin.files import as_text
from dev.stripe_standin.forms import decode
from dev.stripe_standin.shapes import check
from dev.stripe_standin.world import API_VERSION, World

LOST = "x-stand-in-lost"
_KEY_LENGTH = 255
_KEY_LIFE_S = 24 * 3600


@dataclass
class Answer:
    """Status, body text and headers, before they are sent or lost."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    is_stored: bool = True


async def answer(world: World, request: Request) -> Response:
    """One API call. A fault may delay it, replace its answer, or lose the answer after the work was done."""
    request_id = world.store.new_id("request")
    text = await _text_of(request) if request.method == "POST" else request.url.query
    fault = world.faults.take(f"{request.method} {request.url.path}")
    found = await _answer(world, request, text, fault, request_id)
    headers = {"Request-Id": request_id, "Stripe-Version": API_VERSION, **found.headers}
    if fault is not None and fault.kind == "hang":
        await asyncio.sleep(fault.hang_s)
    if fault is not None and fault.kind in ("drop", "hang"):
        headers[LOST] = "1"
    return Response(found.body, found.status, headers, media_type="application/json")


async def _text_of(request: Request) -> str:
    if request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        return await as_text(request)
    return (await request.body()).decode()


async def _answer(world: World, request: Request, text: str, fault: Fault | None, request_id: str) -> Answer:
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    is_ours = False
    try:
        _check_key(request)
        params, endpoint, parts = _read(request, text)
        if key is not None:
            replayed = _kept(world, key, request.url.path, params)
            if replayed is not None:
                return replayed
            world.keys_in_use.add(key)
            is_ours = True
        found = await _work(world, endpoint, params, parts, fault=fault, request_id=request_id, key=key)
        if key is not None and found.is_stored:
            _keep(world, key, request, params, found, request_id)
        return found
    except StripeError as error:
        return _as_answer(error)
    finally:
        if is_ours and key is not None:
            world.keys_in_use.discard(key)


async def _work(
    world: World,
    endpoint: Endpoint,
    params: Json,
    parts: dict[str, str],
    *,
    fault: Fault | None,
    request_id: str,
    key: str | None,
) -> Answer:
    forced = None
    if fault is not None:
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        forced = as_error(fault)
    if forced is not None and fault is not None and not fault.is_after_work:
        return _as_answer(forced)
    world.request_id, world.idempotency_key = request_id, key
    try:
        found = Answer(200, json.dumps(endpoint.act(world, params, parts)))
    except StripeError as error:
        found = _as_answer(error)
    finally:
        world.request_id = world.idempotency_key = None
    return found if forced is None else _as_answer(forced)


def _check_key(request: Request) -> None:
    value = request.headers.get("Authorization", "")
    key = value.removeprefix("Bearer ")
    if not value.startswith("Bearer ") or not key.startswith("sk_test_"):
        raise StripeError(
            401, "The stand-in accepts only secret test keys (sk_test_…), never a live key.", is_stored=False
        )
    version = request.headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise StripeError(
            400, f"Invalid Stripe API version: {version}. The stand-in speaks {API_VERSION}.", is_stored=False
        )


def _read(request: Request, text: str) -> tuple[Json, Endpoint, dict[str, str]]:
    endpoint, parts = find(request.method, request.url.path)
    params = check(decode(text), endpoint.params_type)
    if len(request.headers.get("Idempotency-Key", "")) > _KEY_LENGTH:
        raise StripeError(400, "Idempotency keys may be up to 255 characters long.", is_stored=False)
    return params, endpoint, parts


def _kept(world: World, key: str, path: str, params: Json) -> Answer | None:
    if key in world.keys_in_use:
        raise StripeError(
            409,
            "There is currently another in-progress request using this Idempotency Key."
            " Please try again later.",
            kind="idempotency_error",
            code="idempotency_key_in_use",
            is_stored=False,
        )
    kept = world.store.find("idempotency_key", key)
    if kept is None or world.store.now() - kept["created"] > _KEY_LIFE_S:
        return None
    if kept["path"] != path or kept["params"] != _digest(params):
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used"
            f" with. Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
            is_stored=False,
        )
    headers = {"Idempotent-Replayed": "true", "Idempotency-Key": key, "Original-Request": kept["request"]}
    return Answer(kept["status"], kept["body"], headers)


def _keep(world: World, key: str, request: Request, params: Json, found: Answer, request_id: str) -> None:
    kept = {
        "path": request.url.path,
        "params": _digest(params),
        "status": found.status,
        "body": found.body,
        "created": world.store.now(),
        "request": request_id,
    }
    world.store.keep("idempotency_key", key, kept)
    found.headers.setdefault("Idempotency-Key", key)


def _as_answer(error: StripeError) -> Answer:
    return Answer(error.status, json.dumps(error.envelope()), error.headers, error.is_stored)


def _digest(params: Json) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
