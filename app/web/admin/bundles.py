"""Bundles: list, editor with blocks and price, publishing and retiring, picture and versions."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_desk import (
    BundleSheet,
    block_choices,
    block_ids,
    image_of,
    list_bundles,
    read_sheet,
)
from app.catalogue.rules.kinds import BundleState, Kind
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.money import divide_half_up
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from app.flows.save_bundle import MOST_ITEMS, save_bundle, set_image
from app.web.admin import words
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.admin.reading import FormReader
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_money import amount_text
from app.web.problems import wants_json
from app.web.rendering import KIND_NAMES, see_other

router = APIRouter()

FREE_ROWS = 4
TEXTS = ("slug", "name_de", "name_en", "text_de", "text_en")
EMPTY = {
    **dict.fromkeys(TEXTS, ""),
    "kind": Kind.SPARE_PART.value,
    "price_cents": "",
    "minimum_quantity": "1",
    "order_step": "1",
}


@dataclass(frozen=True)
class ItemRow:
    """One row of the editor: a block by its SKU and its count, as typed."""

    position: int
    sku: str
    quantity: str


@router.get("/admin/bundles")
def show_bundles(request: Request, session: ReadDep) -> Response:
    if asked(request, "new"):
        return _editor(request, session, None, EMPTY, rows=[])
    text = asked(request, "q")
    state, kind = asked_choice(request, "state", BundleState), asked_choice(request, "kind", Kind)
    found = list_bundles(session, text=text, state=state, kind=kind, page=asked_page(request))
    return desk(
        request,
        "bundles/list.html",
        bundles=found.rows,
        pages=page_urls(request, found),
        text=text,
        kept={"state": asked(request, "state"), "kind": asked(request, "kind")},
        states=chips(request, "state", [(one.value, word.label) for one, word in words.BUNDLES.items()]),
        kinds=chips(request, "kind", [(one.value, name) for one, name in KIND_NAMES.items()]),
    )


@router.post("/admin/bundles")
def create_bundle(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    return _save(request, session, reading, staff, values, now, sheet=None)


@router.get("/admin/bundles/{bundle_id}")
def show_bundle(request: Request, bundle_id: RowId, session: ReadDep) -> Response:
    return _sheet_page(request, session, read_sheet(session, bundle_id))


@router.post("/admin/bundles/{bundle_id}")
def change_bundle(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    return _save(request, session, reading, staff, values, now, sheet=read_sheet(reading, bundle_id))


@router.post("/admin/bundles/{bundle_id}/publish")
def submit_publish(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        publish_bundle(session, bundle_id, actor=staff.actor, now=now)
    except Refused as error:
        if wants_json(request):
            raise
        sheet = read_sheet(reading, bundle_id)
        return _sheet_page(request, reading, sheet, status=409, errors=form_error(request, error))
    return see_other(f"/admin/bundles/{bundle_id}?done=published")


@router.post("/admin/bundles/{bundle_id}/retire")
def submit_retire(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        retire_bundle(session, bundle_id, reason=values.get("reason", ""), actor=staff.actor, now=now)
    except Refused as error:
        sheet = read_sheet(reading, bundle_id)
        return _sheet_page(request, reading, sheet, status=409, errors=form_error(request, error))
    return see_other(f"/admin/bundles/{bundle_id}?done=retired")


@router.get("/admin/bundles/{bundle_id}/image")
def show_image(bundle_id: RowId, session: ReadDep) -> Response:
    content_type, content = image_of(session, bundle_id)
    return Response(content, media_type=content_type)


@router.post("/admin/bundles/{bundle_id}/image")
async def submit_image(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    form = await request.form()
    upload = form.get("image")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    await form.close()

    def store() -> Response:
        is_removal = values.get("act") == "remove"
        try:
            if not is_removal and not content:
                message = N_("Please choose a picture first.")
                raise Invalid(message, code="bundle.invalid", fields=(FieldError("image", message),))
            set_image(session, bundle_id, None if is_removal else content, actor=staff.actor, now=now)
        except Invalid as error:
            errors = errors_of(error.fields, language=request.scope["lang"])
            return _sheet_page(request, reading, read_sheet(reading, bundle_id), status=422, errors=errors)
        return see_other(f"/admin/bundles/{bundle_id}?done={'image_removed' if is_removal else 'image'}")

    return await run_in_threadpool(store)


def _save(
    request: Request,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: dict[str, str],
    now: Now,
    *,
    sheet: BundleSheet | None,
) -> Response:
    rows = _typed_rows(values)
    if values.get("more"):
        return _editor(request, reading, sheet, {**EMPTY, **values}, rows=rows, free_rows=len(rows) + 10)
    reader = FormReader(values)
    try:
        items = _items(reading, rows, reader)
        read: dict[str, Any] = {
            "slug": values.get("slug", "").strip(),
            "names": {"de": values.get("name_de", ""), "en": values.get("name_en", "")},
            "texts": {"de": values.get("text_de", ""), "en": values.get("text_en", "")},
            "kind": reader.choice("kind", Kind),
            "price_cents": reader.cents("price_cents"),
            "minimum_quantity": reader.number("minimum_quantity"),
            "order_step": reader.number("order_step"),
        }
        reader.check()
        bundle_id = save_bundle(
            session,
            bundle_id=sheet.bundle.id if sheet else None,
            items=items,
            actor=staff.actor,
            now=now,
            **read,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _editor(request, reading, sheet, {**EMPTY, **values}, rows=rows, status=422, errors=errors)
    return see_other(f"/admin/bundles/{bundle_id}?done=saved")


def _typed_rows(values: dict[str, str]) -> list[ItemRow]:
    rows: list[ItemRow] = []
    for position in range(1, MOST_ITEMS + 1):
        sku, quantity = (
            values.get(f"sku_{position}", "").strip(),
            values.get(f"quantity_{position}", "").strip(),
        )
        if sku or quantity:
            rows.append(ItemRow(len(rows) + 1, sku, quantity))
    return rows


def _items(session: ReadDep, rows: list[ItemRow], reader: FormReader) -> list[tuple[int, int]]:
    known = block_ids(session, [row.sku for row in rows])
    items = []
    for row in rows:
        if row.sku not in known:
            message = N_("There is no block %(sku)s. Please choose one from the list.")
            reader.faults.append(FieldError(f"sku_{row.position}", message, {"sku": row.sku or "–"}))
        elif not (row.quantity.isascii() and row.quantity.isdigit()) or not 1 <= int(row.quantity) <= 9999:
            message = N_("Please enter a whole number from 1 to 9,999 for each block.")
            reader.faults.append(FieldError(f"quantity_{row.position}", message))
        else:
            items.append((known[row.sku], int(row.quantity) * 1000))
    return items


def _sheet_page(
    request: Request,
    session: ReadDep,
    sheet: BundleSheet,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    version = sheet.version
    values = {
        "slug": sheet.bundle.slug,
        "name_de": version.name_de,
        "name_en": version.name_en,
        "text_de": version.text_de,
        "text_en": version.text_en,
        "kind": version.kind.value,
        "price_cents": amount_text(version.price_cents, language=request.scope["lang"]),
        "minimum_quantity": str(version.minimum_quantity),
        "order_step": str(version.order_step),
    }
    rows = [
        ItemRow(position, block.sku, str(item.quantity_milli // 1000))
        for position, (item, block) in enumerate(sheet.items, start=1)
    ]
    return _editor(request, session, sheet, values, rows=rows, status=status, errors=errors)


def _editor(
    request: Request,
    session: ReadDep,
    sheet: BundleSheet | None,
    values: dict[str, str],
    *,
    rows: list[ItemRow],
    free_rows: int = FREE_ROWS,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    count = min(len(rows) + free_rows, MOST_ITEMS)
    free = [ItemRow(position, "", "") for position in range(len(rows) + 1, count + 1)]
    return desk(
        request,
        "bundles/editor.html",
        status=status,
        errors=errors or {},
        sheet=sheet,
        figures=_figures(sheet),
        values=values,
        rows=rows + free,
        blocks=block_choices(session, language=request.scope["lang"]),
        kinds=[(kind.value, name) for kind, name in KIND_NAMES.items()],
        action=f"/admin/bundles/{sheet.bundle.id}" if sheet else "/admin/bundles",
    )


def _figures(sheet: BundleSheet | None) -> dict[str, Any] | None:
    if sheet is None:
        return None
    price, cost = sheet.version.price_cents, sheet.cost_cents
    return {
        "price_cents": price,
        "cost_cents": cost,
        "margin_cents": price - cost,
        "margin_bp": divide_half_up((price - cost) * 10_000, price),
        "is_loss": price <= cost,
    }
