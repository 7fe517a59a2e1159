"""A bundle's page before customers see it: for staff, marked as a preview, without a cart, kept by nobody."""

from dataclasses import dataclass, replace

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_preview import previewed_bundle
from app.core.i18n import LANGUAGES
from app.web.deps import Now, ReadDep, RowId
from app.web.rendering import page
from app.web.storefront.bundle import TEMPLATE, content_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class NobodyInParticular:
    """What the layout asks of an admitted visitor with an empty cart."""

    is_signed_in: bool = True
    is_admitted: bool = True
    cart_count: str = "0"


@router.get("/admin/bundles/{bundle_id}/preview")
def show_preview(request: Request, bundle_id: RowId, session: ReadDep, now: Now) -> Response:
    asked = request.query_params.get("language", "")
    language = asked if asked in LANGUAGES else request.scope["lang"]
    # The page speaks the language that was asked for, whatever its reader's own is.
    spoken = Request({**request.scope, "lang": language})
    bundle = previewed_bundle(session, bundle_id, language=language)
    values = content_of(spoken, session, bundle, now=now).values
    preview = {
        "is_preview": True,
        "image_url": f"/admin/bundles/{bundle_id}/image",
        "preview_url": f"/admin/bundles/{bundle_id}/preview",
        "editor_url": f"/admin/bundles/{bundle_id}",
        "visitor": NobodyInParticular(),
        # Whatever is sent from here is refused: no form carries its token.
        "csrf_field": Markup,
        "related": [
            # The version on sale is no other bundle, and pictures of others pass the gate for customers only.
            replace(item, card=replace(item.card, has_image=False))
            for item in values["related"]
            if item.card.bundle_id != bundle_id
        ],
    }
    return page(spoken, TEMPLATE, **values | preview)
