"""The terms as a page and as a paper: the version in force, and every one before it."""

import hashlib
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.i18n import LANGUAGES
from app.ordering.papers import terms_paper
from app.ordering.queries_terms import list_terms, terms_in_force, terms_named
from app.ordering.rules.terms_text import read_blocks
from app.web.deps import ReadDep
from app.web.papers import paper_words
from app.web.rendering import page

router = APIRouter()

KEPT_SECONDS = 86_400


@router.get("/terms")
def show_terms(request: Request, session: ReadDep, version: str = "") -> Response:
    in_force = terms_in_force(session)
    terms = terms_named(session, version) if version else in_force
    shown = None
    if terms is not None:
        shown = {
            "name": terms.name,
            "blocks": read_blocks(terms.text_in(request.scope["lang"])),
            "created_at": terms.created_at,
            "is_in_force": in_force is not None and terms.id == in_force.id,
        }
    return page(request, "store/public/terms.html", terms=shown, versions=list_terms(session))


@router.get("/terms/{name}.pdf")
def show_terms_paper(request: Request, name: str, session: ReadDep, lang: str = "") -> Response:
    terms = terms_named(session, name)
    if lang not in LANGUAGES:
        # Whoever keeps the paper must not keep it in the language of somebody else.
        return RedirectResponse(f"/terms/{quote(name)}.pdf?lang={request.scope['lang']}", status_code=303)
    paper = terms_paper(
        name=terms.name,
        text=terms.text_in(lang),
        language=lang,
        created_at=terms.created_at,
        head=paper_words(request, lang).head,
    )
    tag = f'"{hashlib.sha256(paper).hexdigest()[:32]}"'
    headers = {
        "Cache-Control": f"public, max-age={KEPT_SECONDS}",
        "ETag": tag,
        "Content-Disposition": f'inline; filename="terms-{name}-{lang}.pdf"',
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(paper, media_type="application/pdf", headers=headers)
