"""Bundles: list, writing a draft, and the picture."""

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_categories import list_categories
from app.catalogue.queries_desk import (
    BundleFilter,
    BundleSheet,
    below_floor,
    block_units,
    image_of,
    list_bundles,
    read_sheet,
    versions_with,
)
from app.catalogue.queries_sizes import sizes_on_sale
from app.catalogue.rules.drafts import GREATEST_SIZE, MOST_ITEMS
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.rules.stages import VersionStage
from app.catalogue.rules.units import has_decimals
from app.core.errors import N_, FieldError, Invalid, Refused
from app.flows.duplicate_bundle import duplicate_bundle
from app.flows.save_bundle import save_bundle, set_image
from app.staff.rules.roles import Right
from app.web.admin import words
from app.web.admin.bundle_editor import EMPTY, ItemRow, editor, sheet_page
from app.web.admin.bundle_margin import values_to_calculate
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.admin.reading import FormReader
from app.web.deps import LARGEST_ID, Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_quantity import NotAQuantity, parse_milli
from app.web.problems import wants_json
from app.web.rendering import KIND_NAMES, see_other

router = APIRouter()


@router.get("/admin/bundles")
def show_bundles(request: Request, session: ReadDep) -> Response:
    if asked(request, "new"):
        return editor(request, session, None, EMPTY, rows=[])
    text = asked(request, "q")
    wanted = BundleFilter(
        text=text,
        state=asked_choice(request, "state", BundleState),
        stage=asked_choice(request, "stage", VersionStage),
        is_refused=asked(request, "refused") == "1",
        kind=asked_choice(request, "kind", Kind),
        category_id=_asked_category(request),
        block_sku=asked(request, "block"),
        is_below_floor=asked(request, "below") == "1",
    )
    found = list_bundles(session, wanted, page=asked_page(request))
    bundle_ids = [bundle.id or 0 for bundle, _ in found.rows]
    is_german = request.scope["lang"] == "de"
    categories = [(one.id, one.name_de if is_german else one.name_en) for one in list_categories(session)]
    return desk(
        request,
        "bundles/list.html",
        bundles=found.rows,
        pages=page_urls(request, found),
        text=text,
        wanted=wanted,
        held=versions_with(session, bundle_ids, block_sku=wanted.block_sku) if wanted.block_sku else {},
        below=below_floor(session, bundle_ids),
        on_sale=sizes_on_sale(session, [version.id or 0 for _, version in found.rows]),
        categories=categories,
        category_names=dict(categories),
        kept={name: asked(request, name) for name in ("state", "stage", "kind", "refused")},
        stages=chips(request, "stage", [(one.value, word.label) for one, word in words.STAGES.items()]),
        states=chips(request, "state", [(one.value, word.label) for one, word in words.BUNDLES.items()]),
        kinds=chips(request, "kind", [(one.value, name) for one, name in KIND_NAMES.items()]),
    )


def _asked_category(request: Request) -> int | None:
    text = asked(request, "category")
    return int(text) if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID else None


@router.post("/admin/bundles")
def create_bundle(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    return _save(request, session, reading, staff, values, now, sheet=None)


@router.get("/admin/bundles/{bundle_id}")
def show_bundle(request: Request, bundle_id: RowId, session: ReadDep) -> Response:
    return sheet_page(request, session, read_sheet(session, bundle_id))


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


@router.post("/admin/bundles/{bundle_id}/duplicate")
def submit_duplicate(
    bundle_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    copy_id = duplicate_bundle(session, bundle_id, actor=staff.actor, now=now)
    return see_other(f"/admin/bundles/{copy_id}?done=duplicated")


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
            set_image(
                session,
                bundle_id,
                None if is_removal else content,
                actor=staff.actor,
                now=now,
                may_approve=staff.may(Right.APPROVE),
            )
        except Invalid as error:
            errors = errors_of(error.fields, language=request.scope["lang"])
            return sheet_page(request, reading, read_sheet(reading, bundle_id), status=422, errors=errors)
        except Refused as error:
            if wants_json(request):
                raise
            errors = form_error(request, error)
            return sheet_page(request, reading, read_sheet(reading, bundle_id), status=403, errors=errors)
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
    shown = {**EMPTY, **values}
    if values.get("more"):
        return editor(request, reading, sheet, shown, rows=rows, free_rows=len(rows) + 10)
    calculated = values_to_calculate(values)
    if calculated is not None:
        return editor(request, reading, sheet, {**EMPTY, **calculated}, rows=rows)
    reader = FormReader(values)
    read: dict[str, Any] = {
        "slug": values.get("slug", "").strip(),
        "names": {"de": values.get("name_de", ""), "en": values.get("name_en", "")},
        "texts": {"de": values.get("text_de", ""), "en": values.get("text_en", "")},
        "purposes": {"de": values.get("purpose_de", ""), "en": values.get("purpose_en", "")},
        "kind": reader.choice("kind", Kind),
        "category_id": _category(values, reader),
        "pictogram": values.get("pictogram", ""),
        "price_cents": reader.cents("price_cents"),
        **{
            name: reader.number(name) if values.get(name, "").strip() else None
            for name in ("minimum_quantity", "order_step", "maximum_quantity")
        },
        "items": _items(reading, rows, reader),
    }
    try:
        bundle_id = save_bundle(
            session,
            bundle_id=sheet.bundle.id if sheet else None,
            actor=staff.actor,
            now=now,
            seen=values.get("seen", ""),
            unread=reader.faults,
            **read,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return editor(request, reading, sheet, shown, rows=rows, status=422, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return editor(request, reading, sheet, shown, rows=rows, status=409, errors=errors)
    return see_other(f"/admin/bundles/{bundle_id}?done=saved")


def _category(values: dict[str, str], reader: FormReader) -> int | None:
    text = values.get("category_id", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID:
        return int(text)
    reader.faults.append(FieldError("category_id", N_("Please choose one of the offered values.")))
    return None


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
    known = block_units(session, [row.sku for row in rows])
    items = []
    for row in rows:
        quantity_field = f"quantity_{row.position}"
        if row.sku not in known:
            message = N_("There is no block %(sku)s. Please choose one from the list.")
            reader.faults.append(FieldError(f"sku_{row.position}", message, {"sku": row.sku or "–"}))
        block_id, unit_code = known.get(row.sku, (0, ""))
        try:
            quantity_milli = parse_milli(row.quantity)
        except NotAQuantity as error:
            reader.faults.append(FieldError(quantity_field, str(error)))
            continue
        if not 1 <= quantity_milli <= GREATEST_SIZE * 1000:
            message = N_("Please enter a quantity above zero and up to 9,999 for each block.")
            reader.faults.append(FieldError(quantity_field, message))
        elif quantity_milli % 1000 and block_id and not has_decimals(unit_code):
            message = N_("%(sku)s comes in whole numbers only. Please enter one.")
            reader.faults.append(FieldError(quantity_field, message, {"sku": row.sku}))
        elif block_id:
            items.append((block_id, quantity_milli))
    return items
