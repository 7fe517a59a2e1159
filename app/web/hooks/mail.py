"""Where a mail relay tells what came back: the signature first, then the reports, then the answer."""

import anyio
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.clock import utc_now
from app.flows.note_mail_reports import note_mail_reports
from app.mail.rules.relay_events import Unreadable, read_events
from app.mail.rules.reports import Report
from app.mail.rules.signatures import is_genuine
from app.shop import Shop
from app.web.rendering import shop_of

router = APIRouter()

GREATEST_BODY_BYTES = 512 * 1024


@router.post("/hooks/mail")
async def receive_mail_events(request: Request) -> Response:
    """200 with the number of reports that said something new; 404 while no secret is set, 400 for a forged call
    and for a body of another form, of which nothing is kept.
    """
    shop = shop_of(request)
    secret = shop.settings.mail_webhook_secret.get_secret_value()
    if not secret:
        return JSONResponse({"code": "mail.closed"}, 404)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > GREATEST_BODY_BYTES:
            return JSONResponse({"code": "mail.too_large"}, 413)
    header = request.headers.get("schlicht-signature", "")
    if not is_genuine(body, header, secret=secret, now=utc_now()):
        return JSONResponse({"code": "mail.forged"}, 400)
    try:
        reports = read_events(body)
    except Unreadable as error:
        return JSONResponse({"code": "mail.unreadable", "detail": str(error)}, 400)
    count = await anyio.to_thread.run_sync(_note, shop, reports)
    return JSONResponse({"new": count})


def _note(shop: Shop, reports: list[Report]) -> int:
    with shop.db.session() as session:
        return note_mail_reports(session, reports, now=utc_now())
