"""The books: what became of every cent, for the money tests to compare with the shop's."""

from dev.stripe_standin.errors import Json
from dev.stripe_standin.world import World


def books(world: World) -> Json:
    """{"intents": oldest first, amounts in cents; "sessions"; "totals"}.

    An intent's `authorised` was held once; now it is the sum of `capturable`, `captured` and `released`.
    `refunded` and `charged_back` are parts of `captured`.
    """
    charged_back = _charged_back(world)
    rows = [
        _row(world, intent, charged_back) for intent in world.store.objects.get("payment_intent", {}).values()
    ]
    names = ("authorised", "capturable", "captured", "released", "refunded", "charged_back")
    sessions = [
        {
            name: session.get(name)
            for name in ("id", "status", "payment_intent", "amount_total", "metadata", "customer")
        }
        for session in world.store.objects.get("checkout.session", {}).values()
    ]
    totals = {name: sum(row[name] for row in rows) for name in names}
    return {"intents": rows, "sessions": sessions, "totals": totals}


def _row(world: World, intent: Json, charged_back: dict[str, int]) -> Json:
    charge = world.store.find("charge", intent.get("latest_charge"))
    if charge is None or charge["status"] == "failed":
        charge = None
    authorised = charge["amount"] if charge else 0
    captured = charge["amount_captured"] if charge else 0
    return {
        "id": intent["id"],
        "status": intent["status"],
        "amount": intent["amount"],
        "authorised": authorised,
        "capturable": intent["amount_capturable"],
        "captured": captured,
        "released": authorised - captured - intent["amount_capturable"],
        "refunded": charge["_refunded_cents"] if charge else 0,
        "charged_back": charged_back.get(charge["id"], 0) if charge else 0,
        "attempts_count": intent.get("_attempts_count", 0),
        "currency": intent["currency"],
        "customer": intent.get("customer"),
        "session": intent.get("_session"),
        "charge": charge["id"] if charge else None,
        "fingerprint": charge["payment_method_details"]["card"]["fingerprint"] if charge else None,
        "metadata": intent["metadata"],
        "created": intent["created"],
    }


def _charged_back(world: World) -> dict[str, int]:
    return {
        dispute["charge"]: dispute["amount"]
        for dispute in world.store.objects.get("dispute", {}).values()
        if dispute["status"] in ("needs_response", "under_review", "lost")
    }
