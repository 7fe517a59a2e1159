"""Where Stripe tells us of events: the signature first, then one row, then the answer."""

import anyio
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.clock import utc_now
from app.flows.receive_stripe_event import receive_stripe_event
from app.payments.rules.facts import EventFacts
from app.payments.stripe_gateway import Forged
from app.shop import Shop
from app.web.rendering import shop_of

router = APIRouter()

GREATEST_BODY_BYTES = 512 * 1024


async def receive_event(request: Request) -> Response:
    """200 for an event that is kept (now or before), 400 for a forged one, of which nothing is looked at."""
    shop = shop_of(request)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > GREATEST_BODY_BYTES:
            return JSONResponse({"code": "event.too_large"}, 413)
    try:
        event = shop.stripe.read_event(body, signature=request.headers.get("stripe-signature", ""))
    except Forged:
        return JSONResponse({"code": "event.forged"}, 400)
    is_new = await anyio.to_thread.run_sync(_keep, shop, event)
    return JSONResponse({"is_new": is_new})


# A plain route: an order brings four of them, and FastAPI's own would cost more than the work.
router.add_route("/hooks/stripe", receive_event, methods=["POST"])


def _keep(shop: Shop, event: EventFacts) -> bool:
    with shop.db.session() as session:
        return receive_stripe_event(session, event, now=utc_now())
