"""The controls outside /v1: what the tests, benches and the curious turn."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from dev.stripe_standin import customers, disputes, intents, refunds, sessions
from dev.stripe_standin.books import books
from dev.stripe_standin.cards import CardInputError, read_number
from dev.stripe_standin.errors import Json
from dev.stripe_standin.faults import Fault
from dev.stripe_standin.render import render
from dev.stripe_standin.sweep import sweep
from dev.stripe_standin.webhooks import DEFAULT_EVENTS, Behaviour
from dev.stripe_standin.world import API_VERSION, World

router = APIRouter(prefix="/_control")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EndpointIn(_Strict):
    """One webhook endpoint; event types may be patterns (`charge.*`)."""

    url: str
    secret: str = Field(min_length=8)
    enabled_events: list[str] = Field(default_factory=lambda: list(DEFAULT_EVENTS))


class EndpointsIn(_Strict):
    """Replaces all endpoints; pauses between the tries of one delivery."""

    endpoints: list[EndpointIn]
    retry_pauses_s: list[float] | None = None


class BehaviourIn(_Strict):
    """Replaces how deliveries are disturbed; `drop_count` -1 drops for ever."""

    is_held: bool = False
    drop_count: int = 0
    delay_ms: int = 0
    duplicate_count: int = 0
    shuffle_ms: int = 0
    types: list[str] = ["*"]


class ReleaseIn(_Strict):
    """Held deliveries to send, one after the other: in an order, or exactly these events in this order."""

    order: Literal["fifo", "reverse", "shuffle"] = "fifo"
    events: list[str] | None = None
    seed: int = 0


class ResendIn(_Strict):
    """An event to send again, `times` in parallel."""

    event: str
    times: int = Field(default=1, ge=1, le=1000)


class ClockIn(_Strict):
    """Seconds that the stand-in's clock is ahead of the machine's."""

    offset_s: int


class FaultIn(_Strict):
    """A rule on "METHOD /path" (regular expression)."""

    pattern: str
    kind: Literal["500", "503", "409", "429", "drop", "hang", "latency"]
    times: int | None = 1
    is_after_work: bool = False
    latency_ms: int = 0
    hang_s: float = 30.0
    retry_after_s: int | None = None


class DeclineIn(_Strict):
    """Forces the next charges of a payment method ("*": of any) to be declined."""

    payment_method: str = "*"
    code: str = "generic_decline"
    times: int = 1


class PayIn(_Strict):
    """Pays an open session without the page; `authentication` answers 3-D Secure when the card asks.

    Cards of one number with different owners have different fingerprints: there are more people than test numbers.
    """

    session: str
    card: str = "4242424242424242"
    owner: str = ""
    authentication: Literal["complete", "fail", "leave"] = "complete"


class AuthenticateIn(_Strict):
    """Answers the 3-D Secure of an intent."""

    payment_intent: str
    is_completed: bool = True


class DisputeIn(_Strict):
    """A dispute (`needs_response`) or an inquiry (`warning_needs_response`) of a captured payment."""

    payment_intent: str
    status: Literal["needs_response", "warning_needs_response"] = "needs_response"
    reason: str = "fraudulent"
    amount: int | None = None


class ClosedIn(_Strict):
    """How a dispute ended."""

    is_won: bool


class WarnIn(_Strict):
    """A captured payment that the bank calls fraud."""

    payment_intent: str


class RenewIn(_Strict):
    """The number of the card that replaces a saved one."""

    card: str = "5555555555554444"


def get_world(request: Request) -> World:
    """The running stand-in."""
    found: World = request.app.state.world
    return found


Standin = Annotated[World, Depends(get_world)]


@router.get("/health")
async def health(world: Standin) -> Json:
    """Says that it runs, and which API version it speaks."""
    return {"is_ready": True, "api_version": API_VERSION, "now": world.store.now()}


@router.post("/reset")
async def reset(world: Standin) -> Json:
    """Forgets everything: objects, keys, endpoints, faults, clock, deliveries."""
    world.webhooks.reset()
    world.faults.reset()
    world.store.clear()
    return {}


@router.get("/books")
async def get_books(world: Standin) -> Json:
    """The oracle of the money tests."""
    return books(world)


@router.get("/webhooks")
async def get_webhooks(world: Standin) -> Json:
    """Endpoints, held events, and how much is under way."""
    return {
        "endpoints": world.webhooks.endpoints,
        "held": [event_id for event_id, _ in world.webhooks.held],
        "under_way_count": world.webhooks.under_way_count,
        "retry_pauses_s": world.webhooks.retry_pauses_s,
    }


@router.post("/webhooks")
async def set_webhooks(world: Standin, given: EndpointsIn) -> Json:
    """Replaces the endpoints."""
    world.webhooks.set_endpoints([one.model_dump() for one in given.endpoints])
    if given.retry_pauses_s is not None:
        world.webhooks.retry_pauses_s = tuple(given.retry_pauses_s)
    return await get_webhooks(world)


@router.post("/webhooks/behaviour")
async def set_behaviour(world: Standin, given: BehaviourIn) -> Json:
    """Holds, drops, delays, repeats or shuffles what comes next."""
    world.webhooks.behaviour = Behaviour(**given.model_dump())
    return given.model_dump()


@router.post("/webhooks/release")
async def release(world: Standin, given: ReleaseIn) -> Json:
    """Sends held deliveries; new ones are still held until the behaviour changes."""
    return {"events": world.webhooks.release(**given.model_dump())}


@router.post("/webhooks/resend")
async def resend(world: Standin, given: ResendIn) -> Json:
    """Sends an old event again."""
    event = world.store.get("event", given.event)
    for endpoint in world.webhooks.wanting(event["type"]):
        for _ in range(given.times):
            world.webhooks.start(event["id"], endpoint["id"])
    return {"event": event["id"]}


@router.get("/deliveries")
async def deliveries(world: Standin, event: str | None = None, type: str | None = None) -> list[Json]:
    """Each try of each delivery, oldest first."""
    return [
        one
        for one in world.webhooks.deliveries
        if (event is None or one["event"] == event) and (type is None or one["type"] == type)
    ]


@router.post("/clock")
async def set_clock(world: Standin, given: ClockIn) -> Json:
    """Moves the clock, and lets what is due run out."""
    world.store.clock_offset_s = given.offset_s
    world.store.set_setting("clock_offset_s", given.offset_s)
    sweep(world)
    return {"now": world.store.now()}


@router.get("/faults")
async def get_faults(world: Standin) -> Json:
    """The rules still in force."""
    return world.faults.listed()


@router.post("/faults")
async def add_fault(world: Standin, given: FaultIn) -> Json:
    """Makes coming requests fail."""
    try:
        world.faults.add(Fault(**given.model_dump()))
    except (ValueError, OverflowError) as error:
        raise HTTPException(422, str(error)) from error
    return world.faults.listed()


@router.delete("/faults")
async def clear_faults(world: Standin) -> Json:
    """No faults any more."""
    world.faults.reset()
    return {}


@router.post("/declines")
async def add_decline(world: Standin, given: DeclineIn) -> Json:
    """Makes coming charges be declined, whatever the card."""
    world.faults.declines.setdefault(given.payment_method, []).extend([given.code] * given.times)
    return world.faults.listed()


@router.post("/pay")
async def pay(world: Standin, given: PayIn) -> Json:
    """What a customer does on the card page; a decline is an answer, not an error."""
    session = world.store.get("checkout.session", given.session)
    try:
        card = replace(read_number(given.card), owner=given.owner)
        intent = sessions.pay(world, session, card, billing_name="Test Payer", email="payer@demo.example")
    except CardInputError as error:
        raise HTTPException(422, error.message) from error
    if intent["status"] == "requires_action" and given.authentication != "leave":
        intents.answer_authentication(world, intent, is_completed=given.authentication == "complete")
        sessions.finish(world, session, intent)
    return {
        "session": session["id"],
        "session_status": session["status"],
        "payment_intent": intent["id"],
        "status": intent["status"],
        "error": intent.get("last_payment_error"),
        "return_address": sessions.return_address(session),
    }


@router.post("/authenticate")
async def authenticate(world: Standin, given: AuthenticateIn) -> Json:
    """Answers 3-D Secure for a session's intent or one of the API."""
    intent = world.store.get("payment_intent", given.payment_intent)
    intents.answer_authentication(world, intent, is_completed=given.is_completed)
    session = intents.session_of(world, intent)
    if session is not None:
        sessions.finish(world, session, intent)
    return render(world.store, intent)


@router.post("/disputes")
async def dispute(world: Standin, given: DisputeIn) -> Json:
    """The cardholder disputes a payment."""
    charge = _captured_charge(world, given.payment_intent)
    amount_cents = given.amount or charge["amount_captured"]
    made = disputes.create(world, charge, status=given.status, reason=given.reason, amount_cents=amount_cents)
    return render(world.store, made)


@router.post("/disputes/{dispute_id}/close")
async def close_dispute(world: Standin, dispute_id: str, given: ClosedIn) -> Json:
    """The bank decides."""
    found = world.store.get("dispute", dispute_id)
    return render(world.store, disputes.close(world, found, is_won=given.is_won))


@router.post("/disputes/{dispute_id}/escalate")
async def escalate_dispute(world: Standin, dispute_id: str) -> Json:
    """The bank makes a dispute of an inquiry."""
    return render(world.store, disputes.escalate(world, world.store.get("dispute", dispute_id)))


@router.post("/early_fraud_warnings")
async def warn(world: Standin, given: WarnIn) -> Json:
    """The bank reports fraud."""
    return render(world.store, disputes.warn(world, _captured_charge(world, given.payment_intent)))


@router.post("/refunds/{refund_id}/fail")
async def fail_refund(world: Standin, refund_id: str) -> Json:
    """The refund comes back."""
    found = world.store.get("refund", refund_id)
    return render(world.store, refunds.fail(world, found, reason="lost_or_stolen_card"))


@router.post("/payment_methods/{method_id}/renew")
async def renew(world: Standin, method_id: str, given: RenewIn) -> Json:
    """The bank replaces a saved card."""
    method = world.store.get("payment_method", method_id)
    return render(world.store, customers.renew(world, method, read_number(given.card)))


def _captured_charge(world: World, intent_id: str) -> dict[str, Any]:
    intent = world.store.get("payment_intent", intent_id)
    charge: dict[str, Any] = world.store.get("charge", intent.get("latest_charge") or "")
    return charge
