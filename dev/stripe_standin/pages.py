"""The hosted card page and the 3-D Secure page: plain forms, no script."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from dev.stripe_standin import intents, sessions
from dev.stripe_standin.books import books
from dev.stripe_standin.cards import BY_NUMBER, CardInputError, check_cvc, read_expiry, read_number
from dev.stripe_standin.controls import Standin
from dev.stripe_standin.errors import Json, StripeError
from dev.stripe_standin.forms import decode
from dev.stripe_standin.words import language_of, money, speaker
from dev.stripe_standin.world import World

router = APIRouter()
_FIELDS = ("email", "cardNumber", "cardExpiry", "cardCvc", "billingName")
_FOLDER = Path(__file__).parent / "templates"
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_ROWS_COUNT = 50


_templates = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
)
_templates.filters["money"] = money
_templates.filters["grouped"] = lambda number: " ".join(
    number[at : at + 4] for at in range(0, len(number), 4)
)


@router.get("/static/card.css")
async def style() -> Response:
    """The one style sheet."""
    return Response(
        (_FOLDER / "card.css").read_text(), media_type="text/css", headers={"Cache-Control": "max-age=60"}
    )


@router.get("/")
async def overview(world: Standin) -> HTMLResponse:
    """The latest payments, as the books have them."""
    rows = books(world)["intents"][-_ROWS_COUNT:]
    return _page("overview.html", rows=rows[::-1])


@router.get("/c/pay/{session_id}")
async def show_card_page(world: Standin, session_id: str, card: str = "") -> Response:
    """The form; `card` fills in one of the listed numbers."""
    session = _session(world, session_id)
    if session is None or session["status"] != "open":
        return _closed(session)
    intent = world.store.find("payment_intent", session.get("payment_intent"))
    problem = (intent or {}).get("last_payment_error")
    values = dict.fromkeys(_FIELDS, "") | {"billingName": _known_name(world, session)}
    if card in BY_NUMBER:
        expiry = f"12 / {(datetime.now(UTC).year + 4) % 100}"
        cvc = "1234" if BY_NUMBER[card].brand == "amex" else "123"
        values |= {"cardNumber": card, "cardExpiry": expiry, "cardCvc": cvc}
        values |= {"billingName": values["billingName"] or "Test Payer", "email": "payer@demo.example"}
    message = problem["message"] if problem and not card else None
    return _card_page(world, session, values=values, message=message)


@router.post("/c/pay/{session_id}")
async def pay(request: Request, world: Standin, session_id: str) -> Response:
    """Success goes to the shop, 3-D Secure to its page, a decline back to the form."""
    session = _session(world, session_id)
    if session is None or session["status"] == "expired":
        return _closed(session)
    if session["status"] == "complete":
        return _see(sessions.return_address(session))
    form = decode((await request.body()).decode())
    values = {name: str(form.get(name, "")).strip() for name in _FIELDS}
    try:
        intent = _pay(world, session, values)
    except CardInputError as error:
        return _card_page(world, session, values=values, message=error.message, field=error.field, status=422)
    return _after(world, session, intent)


@router.get("/c/3ds/{intent_id}/{token}")
async def show_authentication(world: Standin, intent_id: str, token: str) -> Response:
    """The bank's page: complete or fail."""
    intent = _authenticating(world, intent_id, token)
    if intent is None:
        return _page("closed.html", status=404, title="Nothing to authenticate", address=None)
    return _page("authentication.html", session=intents.session_of(world, intent), intent=intent)


@router.post("/c/3ds/{intent_id}/{token}")
async def answer_authentication(request: Request, world: Standin, intent_id: str, token: str) -> Response:
    """Takes the answer and goes back to the card page, the shop, or the caller's return address."""
    intent = _authenticating(world, intent_id, token)
    if intent is None:
        return _page("closed.html", status=404, title="Nothing to authenticate", address=None)
    form = decode((await request.body()).decode())
    session = intents.session_of(world, intent)
    if session is not None:
        sessions.end_when_due(world, session)
    if intent["status"] == "requires_action":
        intents.answer_authentication(world, intent, is_completed=form.get("answer") == "complete")
    if session is None:
        return _see(_with_result(intent))
    sessions.finish(world, session, intent)
    return _after(world, session, intent)


def _pay(world: World, session: Json, values: dict[str, str]) -> Json:
    card = read_number(values["cardNumber"])
    expiry = read_expiry(values["cardExpiry"], today=datetime.fromtimestamp(world.store.now(), UTC))
    check_cvc(values["cardCvc"], card)
    if not values["billingName"]:
        raise CardInputError("billingName", "Enter the cardholder's name.")
    if not _known_email(world, session) and "@" not in values["email"]:
        raise CardInputError("email", "Enter your e-mail address.")
    return sessions.pay(
        world, session, card, billing_name=values["billingName"], email=values["email"] or None, expiry=expiry
    )


def _after(world: World, session: Json, intent: Json) -> Response:
    if session["status"] == "complete":
        return _see(sessions.return_address(session))
    if intent["status"] == "requires_action":
        return _see(f"{world.public_url}/c/3ds/{intent['id']}/{intent['_authentication']}")
    return _see(f"{world.public_url}/c/pay/{session['id']}")


def _card_page(
    world: World,
    session: Json,
    *,
    values: dict[str, str],
    message: str | None = None,
    field: str | None = None,
    status: int = 200,
) -> Response:
    return _page(
        "card.html",
        status=status,
        session=session,
        items=session["_items"],
        values=values,
        message=message,
        wrong_field=field,
        known_email=_known_email(world, session),
        cards=list(BY_NUMBER.values()),
        cancel_address=session.get("cancel_url"),
    )


def _closed(session: Json | None) -> Response:
    if session is None:
        return _page("closed.html", status=404, title="No such payment", address=None)
    if session["status"] == "complete":
        return _page(
            "closed.html",
            session=session,
            title="This payment is complete",
            address=sessions.return_address(session),
        )
    return _page(
        "closed.html",
        status=410,
        session=session,
        title="This payment page has expired",
        address=session.get("cancel_url"),
    )


def _session(world: World, session_id: str) -> Json | None:
    session = world.store.find("checkout.session", session_id)
    if session is not None:
        sessions.end_when_due(world, session)
    return session


def _authenticating(world: World, intent_id: str, token: str) -> Json | None:
    try:
        intent = world.store.get("payment_intent", intent_id)
    except StripeError:
        return None
    is_right = secrets.compare_digest(intent.get("_authentication", "").encode(), token.encode())
    return intent if is_right else None


def _known_email(world: World, session: Json) -> str | None:
    customer = world.store.find("customer", session.get("customer")) or {}
    found: str | None = customer.get("email") or session.get("customer_email")
    return found


def _known_name(world: World, session: Json) -> str:
    customer = world.store.find("customer", session.get("customer")) or {}
    return str(session.get("_payer", {}).get("name") or customer.get("name") or "")


def _with_result(intent: Json) -> str:
    is_done = intent["status"] in ("succeeded", "requires_capture")
    query = urlencode(
        {"payment_intent": intent["id"], "redirect_status": "succeeded" if is_done else "failed"}
    )
    address = intent.get("_return_url") or "/"
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def _page(name: str, *, status: int = 200, session: Json | None = None, **values: object) -> HTMLResponse:
    """A page in the language that its session asks for."""
    language = language_of((session or {}).get("locale"))
    text = _templates.get_template(name).render(
        values, session=session, language=language, say=speaker(language)
    )
    return HTMLResponse(
        text, status, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    )
