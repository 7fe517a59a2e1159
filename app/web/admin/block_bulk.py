"""One thing changed on many blocks: they are chosen, a preview shows what happens, and it is done or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_block_list import block_ids_of
from app.catalogue.queries_blocks import bundles_named, partner_names
from app.catalogue.queries_bulk import BulkPreview, preview_change, read_blocks
from app.catalogue.rules.blocks import GREATEST_LEAD_TIME_DAYS, VAT_RATES_BP
from app.catalogue.rules.bulk import (
    CHOICES,
    GREATEST_PERCENT_BP,
    LEAST_PERCENT_BP,
    PERCENT,
    YES_OR_NO,
    BulkChange,
    BulkField,
    Value,
)
from app.core.errors import N_, FieldError, Invalid, Refused, ShopError
from app.flows.change_blocks import MOST_AT_ONCE, change_blocks
from app.web.admin import block_words
from app.web.admin.block_filter import FILTERS, read_filter
from app.web.admin.lists import desk, form_error
from app.web.admin.reading import FormReader
from app.web.deps import LARGEST_ID, Now, ReadDep, StaffDep, ValueLists, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

SHOWN_COUNT = 200
AMOUNTS = (BulkField.COST_AMOUNT, BulkField.PACKING_COST)


@dataclass(frozen=True)
class Step:
    """What the page shows: the chosen blocks, what was typed, a preview, and what is wrong."""

    ids: list[int]
    values: Mapping[str, str]
    preview: BulkPreview | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@router.post("/admin/blocks/bulk")
def change_many(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, lists: ValueLists, now: Now
) -> Response:
    values = {name: found[-1] for name, found in lists.items()}
    ids: list[int] = []
    change: BulkChange | None = None
    try:
        ids = _chosen(reading, values, lists.get("block", []))
        if values.get("act") not in ("preview", "apply"):
            return _page(request, reading, Step(ids, values))
        change = _read_change(values)
        if values["act"] == "apply":
            done = change_blocks(
                session, change, ids, mark=values.get("mark", ""), actor=staff.actor, now=now
            )
            below = "&flag=below_floor" if done.fallen_count else ""
            return see_other(f"/admin/blocks?done=bulk{below}")
    except Invalid as error:
        return _page(request, reading, Step(ids, values, errors=_errors(request, error), status=422))
    except Refused as error:
        preview = preview_change(reading, change, read_blocks(reading, ids)) if change else None
        return _page(request, reading, Step(ids, values, preview, _errors(request, error), 409))
    return _page(
        request, reading, Step(ids, values, preview_change(reading, change, read_blocks(reading, ids)))
    )


def _chosen(session: ReadDep, values: Mapping[str, str], ticked: list[str]) -> list[int]:
    """The ids of the blocks that are meant. Raises Invalid for none and for too many."""
    if values.get("act") == "all":
        wanted = read_filter({name: values.get(name, "") for name in FILTERS})
        ids = block_ids_of(session, wanted, limit=MOST_AT_ONCE + 1)
    else:
        parts = [*values.get("ids", "").split(","), *ticked]
        numbers = {int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 11}
        ids = sorted(number for number in numbers if number <= LARGEST_ID)
    if not ids:
        raise _invalid("ids", N_("Please choose at least one block in the list."))
    if len(ids) > MOST_AT_ONCE:
        raise _invalid(
            "ids", N_("Please choose at most %(most)s blocks at once: use the filter."), most=MOST_AT_ONCE
        )
    return ids


def _read_change(values: dict[str, str]) -> BulkChange:
    reader = FormReader(values)
    if not values.get("change"):
        raise _invalid("change", N_("Please say what to change."))
    wanted = reader.choice("change", BulkField)
    reader.check()
    value = _read_value(reader, values, wanted)
    reader.check()
    return BulkChange(wanted, value)


def _read_value(reader: FormReader, values: dict[str, str], wanted: BulkField) -> Value:
    text, value = values.get(wanted, "").strip(), 0
    if wanted in PERCENT:
        value = reader.percent_bp(wanted)
        if not LEAST_PERCENT_BP <= value <= GREATEST_PERCENT_BP:
            reader.faults.append(FieldError(wanted, N_("Please enter a share from -99 to 900 percent.")))
        return value
    if wanted in AMOUNTS:
        return reader.cents(wanted)
    if wanted is BulkField.LEAD_TIME:
        value = reader.number(wanted)
        if value > GREATEST_LEAD_TIME_DAYS:
            reader.faults.append(FieldError(wanted, N_("Please enter 0 to 365 working days.")))
        return value
    if wanted is BulkField.PARTNER:
        return " ".join(text.split())
    if wanted in CHOICES:
        return str(reader.choice(wanted, CHOICES[wanted]).value)
    offered = ("1", "0") if wanted in YES_OR_NO else tuple(str(rate) for rate in VAT_RATES_BP)
    if text not in offered:
        reader.faults.append(FieldError(wanted, N_("Please choose one of the offered values.")))
        return 0
    return text == "1" if wanted in YES_OR_NO else int(text)


def _page(request: Request, session: ReadDep, step: Step) -> Response:
    preview = step.preview
    retiring = [bundle.id or 0 for bundle in preview.retiring] if preview else []
    return desk(
        request,
        "blocks/bulk.html",
        status=step.status,
        ids=",".join(map(str, step.ids)),
        count=len(step.ids),
        values=step.values,
        preview=preview,
        changing=preview.changing[:SHOWN_COUNT] if preview else [],
        refused=[(one, _said(request, one.line.faults)) for one in preview.refused[:SHOWN_COUNT]]
        if preview
        else [],
        retiring=bundles_named(session, retiring),
        errors=step.errors,
        fields=block_words.BULK_FIELDS,
        rates_bp=VAT_RATES_BP,
        partners=partner_names(session),
        block_words=block_words,
        back="/admin/blocks",
    )


def _said(request: Request, faults: tuple[FieldError, ...]) -> str:
    return " ".join(errors_of(faults, language=request.scope["lang"]).values())


def _errors(request: Request, error: ShopError) -> dict[str, str]:
    if isinstance(error, Invalid) and error.fields:
        return errors_of(error.fields, language=request.scope["lang"])
    return form_error(request, error)


def _invalid(name: str, message: str, **values: object) -> Invalid:
    return Invalid(
        N_("Please check the entries."), code="blocks.invalid", fields=(FieldError(name, message, values),)
    )
