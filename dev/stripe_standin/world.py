"""Everything one running stand-in holds, plus the one way to report an event."""

import json
from dataclasses import dataclass, field

from stripe._api_version import _ApiVersion

from dev.stripe_standin.errors import Json
from dev.stripe_standin.faults import Faults
from dev.stripe_standin.render import render
from dev.stripe_standin.store import Store
from dev.stripe_standin.webhooks import Webhooks

API_VERSION = _ApiVersion.CURRENT


@dataclass
class World:
    """Passed as first argument to everything that acts."""

    store: Store
    webhooks: Webhooks
    faults: Faults
    public_url: str
    keys_in_use: set[str] = field(default_factory=set)
    request_id: str | None = None
    idempotency_key: str | None = None

    def emit(self, event_type: str, thing: Json, *, before: Json | None = None) -> None:
        """Stores an event with the object as it is now, and sends it to the endpoints that want it."""
        data: Json = {"object": render(self.store, thing)}
        if before is not None:
            data["previous_attributes"] = before
        event = {
            "id": self.store.new_id("event"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.store.now(),
            "livemode": False,
            "pending_webhooks": len(self.webhooks.wanting(event_type)),
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": event_type,
            "_data": json.dumps(data),
        }
        self.store.save(event)
        self.webhooks.dispatch(event)
