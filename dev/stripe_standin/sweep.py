"""What happens by time alone: sessions and authorisations run out."""

from dev.stripe_standin import intents, sessions
from dev.stripe_standin.world import World


def sweep(world: World) -> None:
    """Expires due sessions and gives authorisations back that were never captured."""
    now = world.store.now()
    for session in list(world.store.objects.get("checkout.session", {}).values()):
        if session["status"] == "open" and now >= session["expires_at"]:
            sessions.end_when_due(world, session)
    for intent in list(world.store.objects.get("payment_intent", {}).values()):
        if intent["status"] != "requires_capture":
            continue
        charge = world.store.get("charge", intent["latest_charge"])
        if charge["_expires_at"] is not None and now >= charge["_expires_at"]:
            intents.end(world, intent, reason="automatic", is_expired=True)
