"""Building blocks: list and editor."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.models import Block
from app.catalogue.queries_desk import find_block, list_blocks
from app.catalogue.rules.kinds import Kind, Source
from app.core.errors import N_, FieldError, Invalid
from app.flows.save_block import VAT_RATES_BP, save_block
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, page_urls
from app.web.admin.reading import FormReader
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_money import amount_text
from app.web.rendering import KIND_NAMES, see_other

router = APIRouter()

EMPTY = {
    "sku": "",
    "name_de": "",
    "name_en": "",
    "kind": Kind.SPARE_PART.value,
    "unit_code": "C62",
    "unit_cost_cents": "",
    "main_brand_price_cents": "",
    "main_brand_lead_time_days": "2",
    "vat_rate_bp": "1900",
    "source": Source.OWN.value,
}


@router.get("/admin/blocks")
def show_blocks(request: Request, session: ReadDep) -> Response:
    if asked(request, "new"):
        return _editor(request, None, EMPTY)
    text, kind = asked(request, "q"), asked_choice(request, "kind", Kind)
    found = list_blocks(session, text=text, kind=kind, page=asked_page(request))
    return desk(
        request,
        "blocks/list.html",
        blocks=found.rows,
        pages=page_urls(request, found),
        text=text,
        kind=asked(request, "kind"),
        kinds=chips(request, "kind", [(kind.value, name) for kind, name in KIND_NAMES.items()]),
    )


@router.post("/admin/blocks")
def create_block(request: Request, session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    return _save(request, session, staff, values, now, block=None)


@router.get("/admin/blocks/{block_id}")
def show_block(request: Request, block_id: RowId, session: ReadDep) -> Response:
    block = find_block(session, block_id)
    return _editor(request, block, _values(block, language=request.scope["lang"]))


@router.post("/admin/blocks/{block_id}")
def change_block(
    request: Request,
    block_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    return _save(request, session, staff, values, now, block=find_block(reading, block_id))


def _save(
    request: Request,
    session: WriteDep,
    staff: StaffDep,
    values: dict[str, str],
    now: Now,
    *,
    block: Block | None,
) -> Response:
    reader = FormReader(values)
    rate = values.get("vat_rate_bp", "")
    if rate not in {str(known) for known in VAT_RATES_BP}:
        reader.faults.append(FieldError("vat_rate_bp", N_("Please choose one of the offered values.")))
    try:
        read: dict[str, Any] = {
            "sku": values.get("sku", ""),
            "names": {"de": values.get("name_de", ""), "en": values.get("name_en", "")},
            "kind": reader.choice("kind", Kind),
            "unit_code": values.get("unit_code", ""),
            "unit_cost_cents": reader.cents("unit_cost_cents"),
            "main_brand_price_cents": reader.cents("main_brand_price_cents"),
            "main_brand_lead_time_days": reader.number("main_brand_lead_time_days"),
            "source": reader.choice("source", Source),
        }
        reader.check()
        block_id = save_block(
            session,
            block_id=block.id if block else None,
            vat_rate_bp=int(rate),
            actor=staff.actor,
            now=now,
            **read,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _editor(request, block, {**EMPTY, **values}, status=422, errors=errors)
    return see_other(f"/admin/blocks/{block_id}?done=saved")


def _values(block: Block, *, language: str) -> dict[str, str]:
    return {
        "sku": block.sku,
        "name_de": block.name_de,
        "name_en": block.name_en,
        "kind": block.kind.value,
        "unit_code": block.unit_code,
        "unit_cost_cents": amount_text(block.unit_cost_cents, language=language),
        "main_brand_price_cents": amount_text(block.main_brand_price_cents, language=language),
        "main_brand_lead_time_days": str(block.main_brand_lead_time_days),
        "vat_rate_bp": str(block.vat_rate_bp),
        "source": block.source.value,
    }


def _editor(
    request: Request,
    block: Block | None,
    values: dict[str, str],
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    return desk(
        request,
        "blocks/editor.html",
        status=status,
        block=block,
        action=f"/admin/blocks/{block.id}" if block else "/admin/blocks",
        values=values,
        errors=errors or {},
        kinds=[(kind.value, name) for kind, name in KIND_NAMES.items()],
        rates_bp=VAT_RATES_BP,
    )
