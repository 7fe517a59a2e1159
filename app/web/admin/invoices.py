"""Documents: search, one with its files and e-mails, many as ZIP."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.core.ids import new_token
from app.flows.send_invoice_again import send_invoice_again
from app.invoices.queries_desk import facts_of_document, list_drafts
from app.invoices.queries_documents import (
    documents_of_order,
    find_document,
    list_documents,
    stored_pdf,
    stored_xml,
    stored_xrechnung,
)
from app.invoices.rules.document import DocumentKind, DraftState
from app.web.admin import invoice_words
from app.web.admin.invoice_zip import zipped
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, page_urls
from app.web.deps import LARGEST_ID, Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.papers import paper_response, xml_response
from app.web.rendering import see_other

router = APIRouter()

MOST_TICKED = 100


@router.get("/admin/invoices")
def show_invoices(request: Request, session: ReadDep) -> Response:
    text, state = asked(request, "q"), asked_choice(request, "state", DraftState)
    states = [
        (one.value, invoice_words.DRAFTS[one].label) for one in (DraftState.WAITING, DraftState.BLOCKED)
    ]
    shared: dict[str, Any] = {
        "text": text,
        "state": asked(request, "state"),
        "states": chips(request, "state", states, all_=invoice_words.ISSUED),
    }
    if state in (DraftState.WAITING, DraftState.BLOCKED):
        drafts = list_drafts(session, state=state, text=text, page=asked_page(request))
        return desk(
            request, "invoices/drafts.html", drafts=drafts.rows, pages=page_urls(request, drafts), **shared
        )
    month = read_month(asked(request, "month"))
    found = list_documents(
        session,
        text=text,
        kind=asked_choice(request, "kind", DocumentKind),
        month=month,
        page=asked_page(request),
    )
    return desk(
        request,
        "invoices/list.html",
        documents=found.rows,
        pages=page_urls(request, found),
        kind=asked(request, "kind"),
        kinds=chips(request, "kind", [(kind.value, label) for kind, label in invoice_words.KINDS.items()]),
        month=f"{month:%Y-%m}" if month else "",
        **shared,
    )


@router.get("/admin/invoices/papers.zip")
def download_papers(request: Request, shop: ShopDep) -> Response:
    """The papers of a month, or those that were ticked: read a few at a time and sent at once."""
    month = read_month(asked(request, "month"))
    ids = [int(one) for one in request.query_params.getlist("id")[:MOST_TICKED] if _is_id(one)]
    if ids:
        month = None
    name = f"rechnungen-{month:%Y-%m}" if month else "rechnungen"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.zip"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(
        zipped(shop.db, month=month, ids=ids), media_type="application/zip", headers=headers
    )


@router.get("/admin/invoices/{number}.pdf")
def show_pdf(number: str, session: ReadDep) -> Response:
    found = stored_pdf(session, number)
    return paper_response(found.content, name=found.number)


@router.get("/admin/invoices/{number}.xml")
def show_xml(request: Request, number: str, session: ReadDep) -> Response:
    if asked(request, "format") == "xrechnung":
        written = stored_xrechnung(session, number)
        return xml_response(written.content, name=f"{written.number}-xrechnung")
    found = stored_xml(session, number)
    return xml_response(found.content, name=found.number)


@router.get("/admin/invoices/{number}")
def show_invoice(request: Request, number: str, session: ReadDep) -> Response:
    document = find_document(session, number)
    return desk(
        request,
        "invoices/invoice.html",
        document=document,
        facts=facts_of_document(session, document.id),
        others=[one for one in documents_of_order(session, document.order_id) if one.id != document.id],
        request_key=new_token()[:20],
    )


@router.post("/admin/invoices/{number}/resend")
def submit_resend(number: str, session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    key = values.get("request_key", "")
    is_new = send_invoice_again(session, number, request_key=key, actor=staff.actor, now=now)
    return see_other(f"/admin/invoices/{number}?done={'sent_again' if is_new else 'unchanged'}")


def read_month(text: str) -> date | None:
    """The first day of a month such as `2026-11`; None for anything else."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= LARGEST_ID
