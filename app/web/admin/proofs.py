"""The proofs that goods sold without VAT left: what is missing, and keeping what has come."""

from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, Refused
from app.flows.prove_delivery import prove_delivery
from app.fulfilment.queries_proofs import list_proofs, proof_file
from app.fulfilment.rules.proofs import PDF
from app.invoices.queries_refuted import refuted_orders
from app.web.admin.lists import asked, asked_page, chips, desk, form_error, page_urls
from app.web.admin.vat_words import PROOFS
from app.web.deps import FileFormDep, Now, ReadDep, RowId, ShopDep, StaffDep, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()


@router.get("/admin/proofs")
def show_proofs(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    return _page(request, shop, session, now=now)


@router.post("/admin/proofs/{proof_id}")
def submit_proof(
    request: Request,
    proof_id: RowId,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    form: FileFormDep,
    now: Now,
) -> Response:
    try:
        prove_delivery(
            session,
            proof_id,
            content=form.content,
            reference=form.values.get("reference", ""),
            today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, shop, reading, now=now, status=422, errors=errors, wrong_id=proof_id)
    except Refused as error:
        return _page(request, shop, reading, now=now, status=409, errors=form_error(request, error))
    return see_other("/admin/proofs?done=proof")


@router.get("/admin/proofs/{proof_id}/file")
def show_file(proof_id: RowId, session: ReadDep) -> Response:
    proof = proof_file(session, proof_id)
    ending = "pdf" if proof.content_type == PDF else "webp"
    headers = {"content-disposition": f'attachment; filename="proof-{proof_id}.{ending}"'}
    return Response(proof.content, media_type=proof.content_type, headers=headers)


def _page(
    request: Request,
    shop: ShopDep,
    session: Session,
    *,
    now: Now,
    status: int = 200,
    errors: dict[str, str] | None = None,
    wrong_id: int = 0,
) -> Response:
    is_missing = asked(request, "state") != "there"
    found = list_proofs(session, is_missing=is_missing, page=asked_page(request))
    return desk(
        request,
        "proofs/list.html",
        status=status,
        proofs=found.rows,
        pages=page_urls(request, found),
        states=chips(request, "state", [("there", N_("There"))], all_=N_("Missing")),
        is_missing=is_missing,
        today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(),
        kinds=PROOFS,
        refuted=refuted_orders(session),
        errors=errors or {},
        wrong_id=wrong_id,
    )
