"""Signs and sends events in parallel, tries again with growing pauses, and disturbs them on request."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import httpx2

from dev.stripe_standin.errors import Json
from dev.stripe_standin.render import render
from dev.stripe_standin.store import Store

DEFAULT_EVENTS = (
    "checkout.session.*",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "charge.captured",
    "charge.expired",
    "charge.refunded",
    "refund.*",
    "charge.dispute.*",
    "radar.early_fraud_warning.*",
    "payment_method.detached",
    "payment_method.automatically_updated",
)
DEFAULT_RETRY_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 120.0, 300.0, 600.0)
_PARALLEL_COUNT = 32
_TIMEOUT_S = 20.0
_DELIVERIES_KEPT_COUNT = 10_000


@dataclass
class Behaviour:
    """How deliveries are disturbed; a type pattern limits it to some events."""

    is_held: bool = False
    drop_count: int = 0
    delay_ms: int = 0
    duplicate_count: int = 0
    shuffle_ms: int = 0
    types: list[str] = field(default_factory=lambda: ["*"])

    def applies_to(self, event_type: str) -> bool:
        """True for the events it disturbs."""
        return any(fnmatchcase(event_type, pattern) for pattern in self.types)


def signature(body: str, secret: str, *, at: int) -> str:
    """Value of the Stripe-Signature header: t=…,v1=HMAC-SHA256 of "t.body"."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Webhooks:
    """Endpoints, what is under way, what is held back and what was delivered."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.behaviour = Behaviour()
        self.retry_pauses_s: tuple[float, ...] = DEFAULT_RETRY_PAUSES_S
        self.held: list[tuple[str, str]] = []
        self.deliveries: deque[Json] = deque(maxlen=_DELIVERIES_KEPT_COUNT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._random = random.Random(0)
        self._client: httpx2.AsyncClient | None = None
        self._gate = asyncio.Semaphore(_PARALLEL_COUNT)

    @property
    def endpoints(self) -> list[Json]:
        """Each {id, url, secret, enabled_events}."""
        found: list[Json] = self.store.settings.get("endpoints", [])
        return found

    def set_endpoints(self, endpoints: list[Json]) -> None:
        """Replaces all endpoints. Raises ValueError without a secret: an empty one would verify anything."""
        for number, endpoint in enumerate(endpoints, start=1):
            if not endpoint.get("secret"):
                raise ValueError("a webhook endpoint needs a secret")
            endpoint.setdefault("id", f"we_{number}")
            endpoint.setdefault("enabled_events", list(DEFAULT_EVENTS))
        self.store.set_setting("endpoints", endpoints)

    def wanting(self, event_type: str) -> list[Json]:
        """The endpoints that get events of this type."""
        return [one for one in self.endpoints if _is_enabled(one, event_type)]

    def dispatch(self, event: Json) -> None:
        """Sends the event to each endpoint that wants it, as the behaviour says. Returns at once."""
        behaviour = self.behaviour
        is_disturbed = behaviour.applies_to(event["type"])
        for endpoint in self.wanting(event["type"]):
            if is_disturbed and behaviour.drop_count != 0:
                behaviour.drop_count -= 1 if behaviour.drop_count > 0 else 0
                self._note(event, endpoint, outcome="dropped")
            elif is_disturbed and behaviour.is_held:
                self.held.append((event["id"], endpoint["id"]))
            else:
                for _ in range(1 + (behaviour.duplicate_count if is_disturbed else 0)):
                    self.start(event["id"], endpoint["id"], pause_s=self._pause_s(is_disturbed))

    def start(self, event_id: str, endpoint_id: str, *, pause_s: float = 0.0) -> None:
        """Begins one delivery with its own retries."""
        task = asyncio.get_running_loop().create_task(self._deliver(event_id, endpoint_id, pause_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def release(self, *, order: str = "fifo", events: list[str] | None = None, seed: int = 0) -> list[str]:
        """Sends what was held, one after the other in the wanted order; returns the event ids in it."""
        chosen = [one for one in self.held if events is None or one[0] in events]
        self.held = [one for one in self.held if one not in chosen]
        if events is not None:
            chosen.sort(key=lambda one: events.index(one[0]))
        elif order == "reverse":
            chosen.reverse()
        elif order == "shuffle":
            random.Random(seed).shuffle(chosen)
        task = asyncio.get_running_loop().create_task(self._deliver_in_order(chosen))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return [event_id for event_id, _ in chosen]

    def resume(self) -> None:
        """Sends again what a stopped process had not delivered."""
        for event in list(self.store.objects.get("event", {}).values()):
            if event["pending_webhooks"] > 0:
                for endpoint in self.wanting(event["type"]):
                    self.start(event["id"], endpoint["id"])

    @property
    def under_way_count(self) -> int:
        """Deliveries not yet ended, retries included."""
        return len(self._tasks)

    def reset(self) -> None:
        """Forgets what is under way and undoes every disturbance; endpoints live in the store."""
        for task in self._tasks:
            task.cancel()
        self.held.clear()
        self.deliveries.clear()
        self.behaviour = Behaviour()
        self.retry_pauses_s = DEFAULT_RETRY_PAUSES_S
        self._random = random.Random(0)

    async def close(self) -> None:
        """Ends all deliveries."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _deliver_in_order(self, chosen: list[tuple[str, str]]) -> None:
        for event_id, endpoint_id in chosen:
            await self._deliver(event_id, endpoint_id, 0.0)

    async def _deliver(self, event_id: str, endpoint_id: str, pause_s: float) -> None:
        for attempt, pause in enumerate((pause_s, *self.retry_pauses_s), start=1):
            if pause:
                await asyncio.sleep(pause)
            event = self.store.find("event", event_id)
            endpoint = next((one for one in self.endpoints if one["id"] == endpoint_id), None)
            if event is None or endpoint is None:
                return
            if await self._attempt(event, endpoint, attempt):
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
                self.store.save(event)
                return

    async def _attempt(self, event: Json, endpoint: Json, attempt: int) -> bool:
        body = json.dumps(render(self.store, event))
        started_at = time.time()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (local stand-in)",
            "Stripe-Signature": signature(body, endpoint["secret"], at=int(started_at)),
        }
        status, problem = 0, None
        try:
            async with self._gate:
                answer = await self._http().post(endpoint["url"], content=body, headers=headers)
            status = answer.status_code
        except httpx2.HTTPError as error:
            problem = type(error).__name__
        is_ok = 200 <= status < 300
        self._note(
            event,
            endpoint,
            outcome="delivered" if is_ok else "failed",
            attempt=attempt,
            status=status,
            problem=problem,
            milliseconds=round((time.time() - started_at) * 1000, 1),
        )
        return is_ok

    def _http(self) -> httpx2.AsyncClient:
        if self._client is None:
            limits = httpx2.Limits(max_connections=_PARALLEL_COUNT, max_keepalive_connections=_PARALLEL_COUNT)
            self._client = httpx2.AsyncClient(timeout=_TIMEOUT_S, limits=limits, trust_env=False)
        return self._client

    def _pause_s(self, is_disturbed: bool) -> float:
        if not is_disturbed:
            return 0.0
        return self.behaviour.delay_ms / 1000 + self._random.random() * self.behaviour.shuffle_ms / 1000

    def _note(self, event: Json, endpoint: Json, *, outcome: str, **more: object) -> None:
        self.deliveries.append(
            {
                "event": event["id"],
                "type": event["type"],
                "endpoint": endpoint["id"],
                "url": endpoint["url"],
                "outcome": outcome,
                "at": time.time(),
                **more,
            }
        )


def _is_enabled(endpoint: Json, event_type: str) -> bool:
    return any(fnmatchcase(event_type, pattern) for pattern in endpoint["enabled_events"])
