"""Building blocks: the list with its filters, the editor, what was changed when, and the stock."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_block_list import Order, count_blocks, list_blocks, partners_by_id
from app.catalogue.queries_blocks import (
    BlockSheet,
    bundles_named,
    bundles_on_sale_with,
    entry_of,
    partner_names,
    read_block,
)
from app.catalogue.rules.blocks import VAT_RATES_BP, keeps_out, shown_mark
from app.catalogue.rules.units import UNITS
from app.core.errors import Invalid, Refused, ShopError
from app.core.i18n import translate
from app.flows.count_stock import count_stock, receive_stock
from app.flows.save_block import save_block
from app.web.admin import block_words
from app.web.admin.block_filter import FILTERS, read_filter
from app.web.admin.block_form import EMPTY, NOW_STANDS, differences, read_entry, typed
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.admin.price_plot import step_plot
from app.web.admin.reading import FormReader
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import KIND_NAMES, see_other

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """What an editor shows besides the block: typed values, errors, and the stock's form."""

    values: dict[str, str]
    errors: dict[str, str]
    stock: dict[str, str]
    status: int = 200


@router.get("/admin/blocks")
def show_blocks(request: Request, session: ReadDep, now: Now) -> Response:
    if asked(request, "new"):
        name = asked(request, "name")
        prefilled = {"sku": asked(request, "sku")[:64], "name_de": name, "name_en": name}
        return _editor(request, session, None, Shown({**EMPTY, **prefilled}, {}, {}), now)
    asked_for = {name: asked(request, name) for name in FILTERS}
    wanted, order = read_filter(asked_for), asked_choice(request, "sort", Order) or Order.SKU
    language = request.scope["lang"]
    found = list_blocks(session, wanted, order=order, language=language, page=asked_page(request))
    return desk(
        request,
        "blocks/list.html",
        blocks=found.rows,
        count=count_blocks(session, wanted),
        pages=page_urls(request, found),
        asked=asked_for,
        filter="?" + urlencode({name: value for name, value in asked_for.items() if value}),
        partners=partners_by_id(session),
        rates_bp=VAT_RATES_BP,
        block_words=block_words,
        kinds=chips(request, "kind", [(kind.value, name) for kind, name in KIND_NAMES.items()]),
    )


@router.post("/admin/blocks")
def create_block(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    return _save(request, session, reading, staff, values, now, sheet=None)


@router.get("/admin/blocks/{block_id}")
def show_block(request: Request, block_id: RowId, session: ReadDep, now: Now) -> Response:
    sheet = read_block(session, block_id)
    return _editor(request, session, sheet, _as_kept(request, sheet), now)


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
    return _save(request, session, reading, staff, values, now, sheet=read_block(reading, block_id))


@router.post("/admin/blocks/{block_id}/stock")
def change_stock(
    request: Request,
    block_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    sheet = read_block(reading, block_id)
    reader = FormReader(values)
    seen = int(values["seen"]) if values.get("seen", "").isdecimal() and len(values["seen"]) < 19 else None
    terms: dict[str, Any] = {
        "reason": values.get("reason", ""),
        "seen": seen,
        "actor": staff.actor,
        "now": now,
    }
    try:
        if values.get("act") == "received":
            amount = reader.milli("received")
            reader.check()
            receive_stock(session, block_id, received_milli=amount, **terms)
        else:
            amount = reader.milli("counted")
            reader.check()
            count_stock(session, block_id, counted_milli=amount, **terms)
    except (Invalid, Refused) as error:
        kept = _as_kept(request, sheet)
        shown = Shown(
            kept.values, _errors(request, error), values, 422 if isinstance(error, Invalid) else 409
        )
        return _editor(request, reading, read_block(reading, block_id), shown, now)
    return see_other(f"/admin/blocks/{block_id}?done=stock#stock")


def _save(
    request: Request,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: dict[str, str],
    now: Now,
    *,
    sheet: BlockSheet | None,
) -> Response:
    block_id = sheet.block.id if sheet else None
    typed_in = {**EMPTY, "is_made_to_order": "1", **values}
    if values.get("act") == "edit":
        return _editor(request, reading, sheet, Shown(typed_in, {}, {}), now)
    try:
        saved = save_block(
            session,
            read_entry(values),
            block_id=block_id,
            may_retire=_numbers(values.get("may_retire", "")),
            seen=values.get("seen", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        return _editor(request, reading, sheet, Shown(typed_in, _errors(request, error), {}, 422), now)
    except Refused as error:
        if block_id is None or sheet is None:
            raise
        if error.code == "block.changed_meanwhile":
            return _compare(request, reading, read_block(reading, block_id), typed_in, error, now)
        if error.code != "block.retires_bundles":
            raise
        return _confirm(request, reading, sheet, values, block_id)
    retired = ",".join(str(bundle_id) for bundle_id, _ in saved.retired)
    return see_other(
        f"/admin/blocks/{saved.block_id}?done=saved" + (f"&retired={retired}" if retired else "")
    )


def _confirm(
    request: Request, session: Session, sheet: BlockSheet, values: dict[str, str], block_id: int
) -> Response:
    """What goes off the shop with this change, to be looked at before it is made."""
    bundle_ids = [bundle.id or 0 for bundle in bundles_on_sale_with(session, [block_id])]
    return desk(
        request,
        "blocks/confirm.html",
        status=409,
        block=sheet.block,
        bundles=bundles_named(session, bundle_ids),
        fields={name: value for name, value in values.items() if name not in ("may_retire", "act")},
        may_retire=",".join(map(str, bundle_ids)),
        is_hazardous=values.get("is_hazardous") == "1",
    )


def _compare(
    request: Request, session: Session, sheet: BlockSheet, values: dict[str, str], error: Refused, now: Now
) -> Response:
    """What was typed, and at each field what stands there now where that differs: saved again, it is meant."""
    language = request.scope["lang"]
    now_kept = differences(read_entry(values), entry_of(sheet.block, sheet.partner), language=language)
    errors = form_error(request, error) | {
        name: translate(language, NOW_STANDS, value=value) for name, value in now_kept.items()
    }
    return _editor(request, session, sheet, Shown({**values, "seen": ""}, errors, {}, 409), now)


def _numbers(text: str) -> frozenset[int]:
    parts = text.split(",")
    return frozenset(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 11)


def _errors(request: Request, error: ShopError) -> dict[str, str]:
    if isinstance(error, Invalid) and error.fields:
        return errors_of(error.fields, language=request.scope["lang"])
    return form_error(request, error)


def _as_kept(request: Request, sheet: BlockSheet) -> Shown:
    entry = entry_of(sheet.block, sheet.partner)
    return Shown(typed(entry, language=request.scope["lang"]), {}, {})


def _editor(request: Request, session: Session, sheet: BlockSheet | None, shown: Shown, now: Now) -> Response:
    block = sheet.block if sheet else None
    unit = shown.values.get("unit_code", "")
    return desk(
        request,
        "blocks/editor.html",
        status=shown.status,
        sheet=sheet,
        block=block,
        action=f"/admin/blocks/{block.id}" if block else "/admin/blocks",
        values=shown.values,
        seen=shown.values.get("seen")
        or (shown_mark(entry_of(block, sheet.partner)) if sheet and block else ""),
        stock_values={"counted": "", "received": "", "reason": "", **shown.stock},
        errors=shown.errors,
        kinds=[(kind.value, name) for kind, name in KIND_NAMES.items()],
        rates_bp=VAT_RATES_BP,
        # A code that came from elsewhere stays until another one is chosen.
        unit_codes=[*UNITS, *([unit] if unit and unit not in UNITS else [])],
        partners=partner_names(session),
        block_words=block_words,
        is_kept_out=keeps_out(block) if block else False,
        plot=step_plot(sheet.prices, now=now) if sheet else None,
        retired=bundles_named(session, _numbers(asked(request, "retired"))),
        below=[place for place in sheet.places if place.is_below_floor] if sheet else [],
    )
