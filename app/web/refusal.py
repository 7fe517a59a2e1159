"""What somebody reads who is known but not admitted: what is missing, and what to do next."""

import html
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_
from app.core.i18n import translate
from app.customers.rules.admission import Admission
from app.web.csrf import FIELD, csrf_token
from app.web.page_cache import SlotMarkers, SlottedPage
from app.web.problems import problem_details, wants_json
from app.web.rendering import render
from app.web.visitor import Visitor

MARKERS = SlotMarkers("csrf_token", "path")
CSRF_FIELD = Markup(f'<input type="hidden" name="{FIELD}" value="{MARKERS["csrf_token"]}">')

CARD_RETURN = "/checkout/return"
"""Where the card page sends people back to: whoever is shut out by then wants to know about the money."""

NEXT = {
    Admission.UNVERIFIED: N_("Open the link in our e-mail to confirm your address."),
    Admission.IN_REVIEW: N_("We check your company and write to you."),
    Admission.UNRATED: N_("We check your company and write to you."),
    Admission.ADMITTED: N_("The catalogue is open to you."),
    Admission.MAIN_BRAND: N_("Turn to your contact at the main brand."),
    Admission.MOVED_UP: N_("Turn to your contact at the main brand."),
    Admission.SUSPENDED: N_("You may object: a person looks at it."),
    Admission.REFUSED: N_("You may object: a person looks at it."),
}
"""What comes next for each answer of the gate."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What the layouts ask of a visitor who is not admitted."""

    is_signed_in: bool = True
    is_admitted: bool = False


def refused_page(request: Request, visitor: Visitor) -> Response:
    """The 403 for a visitor whom the gate refused; the same for every address, whether a thing exists or not."""
    reason = visitor.admission.value
    if wants_json(request):
        return problem_details(
            request,
            403,
            code=f"admission.{reason}",
            detail=translate(request.scope["lang"], NEXT[visitor.admission]),
            status_url="/status",
        )
    text = _page(request, reason, is_return=request.scope["path"] == CARD_RETURN).fill(
        {"csrf_token": csrf_token(request).encode(), "path": html.escape(request.scope["path"]).encode()}
    )
    return Response(text, 403, media_type="text/html; charset=utf-8")


def _page(request: Request, reason: str, *, is_return: bool) -> SlottedPage:
    """The text of a refusal, rendered once for each language and reason; whether it is shown is asked each time."""
    state = request.scope["app"].state
    if not hasattr(state, "refusals"):
        state.refusals = {}
    kept: dict[tuple[str, str, bool], SlottedPage] = state.refusals
    key = request.scope["lang"], reason, is_return
    if key not in kept:
        kept[key] = MARKERS.cut(
            render(
                request,
                "store/public/refused.html",
                reason=reason,
                is_return=is_return,
                visitor=Refused(),
                path=MARKERS["path"],
                csrf_token=MARKERS["csrf_token"],
                csrf_field=lambda: CSRF_FIELD,
            )
        )
    return kept[key]
