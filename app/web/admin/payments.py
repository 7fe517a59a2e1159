"""Payments: attempts by state, what was released, and when Stripe was heard of last."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.payments.queries_desk import latest_event_at, latest_events, list_payments
from app.payments.rules.states import PaymentState
from app.web.admin import words
from app.web.admin.card_testing import card_testing
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, page_urls
from app.web.deps import Now, ReadDep, ShopDep

router = APIRouter()


@router.get("/admin/payments")
def show_payments(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    text, state = asked(request, "q"), asked_choice(request, "state", PaymentState)
    found = list_payments(session, state=state, text=text, page=asked_page(request))
    heard_at = latest_event_at(session)
    return desk(
        request,
        "payments/list.html",
        payments=found.rows,
        pages=page_urls(request, found),
        text=text,
        state=asked(request, "state"),
        states=chips(request, "state", [(state.value, word.label) for state, word in words.PAYMENTS.items()]),
        heard_minutes=None if heard_at is None else max(0, int((now - heard_at).total_seconds() // 60)),
        events=latest_events(session, limit=20),
        **card_testing(session, now=now),
        is_test=shop.settings.stripe_api_key.get_secret_value().startswith("sk_test_"),
    )
