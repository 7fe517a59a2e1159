"""What somebody reads who is known but not admitted: what is missing, and what to do next."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.web.errors import wants_json
from app.web.rendering import page
from app.web.visitor import Visitor


def refused_page(request: Request, visitor: Visitor) -> Response:
    """The 403 for a visitor whom the gate refused; the same for every address, whether a thing exists or not."""
    reason = visitor.admission.value
    if wants_json(request):
        body = {"type": "about:blank", "title": "Forbidden", "status": 403, "code": f"admission.{reason}"}
        return JSONResponse(body, 403, media_type="application/problem+json")
    return page(request, "store/public/refused.html", status=403, reason=reason)
