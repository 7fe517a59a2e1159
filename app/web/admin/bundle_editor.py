"""The page of one bundle for staff: its editor with what was typed, where it stands, and what happened to it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.audit.queries import entries_about
from app.catalogue.queries_categories import list_categories
from app.catalogue.queries_desk import BundleSheet, block_choices
from app.catalogue.rules.drafts import MOST_ITEMS
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.pictograms import PICTOGRAMS
from app.catalogue.service_publishing import seen_mark
from app.core.i18n import translate
from app.flows.save_bundle import picture_needs_approver
from app.policy.queries import current_policy
from app.policy.rules.policy import PublishingApproval
from app.web.admin.bundle_margin import guard_values
from app.web.admin.lists import desk
from app.web.deps import ReadDep
from app.web.forms_money import amount_text
from app.web.forms_quantity import milli_text
from app.web.rendering import KIND_NAMES

FREE_ROWS = 4
TEXTS = ("name_de", "name_en", "text_de", "text_en", "purpose_de", "purpose_en", "pictogram")
EMPTY = {
    **dict.fromkeys(TEXTS, ""),
    "slug": "",
    "kind": Kind.SPARE_PART.value,
    "category_id": "",
    "maximum_quantity": "",
    "price_cents": "",
    "minimum_quantity": "",
    "order_step": "",
    "seen": "",
}


@dataclass(frozen=True)
class ItemRow:
    """One row of the editor: a block by its SKU and its count, as typed."""

    position: int
    sku: str
    quantity: str


def sheet_page(
    request: Request,
    session: ReadDep,
    sheet: BundleSheet,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    acts: dict[str, str] | None = None,
) -> Response:
    """The page of a stored bundle; `acts` are what was typed into the forms beside the editor."""
    version = sheet.version
    values = {
        "slug": sheet.bundle.slug,
        **{name: getattr(version, name) for name in TEXTS},
        "kind": version.kind.value,
        "category_id": str(version.category_id or ""),
        "maximum_quantity": str(version.maximum_quantity or ""),
        "price_cents": amount_text(version.price_cents, language=request.scope["lang"]),
        "minimum_quantity": str(version.own_minimum_quantity or ""),
        "order_step": str(version.own_order_step or ""),
        "seen": seen_mark(version),
    }
    rows = [
        ItemRow(position, block.sku, milli_text(item.quantity_milli, language=request.scope["lang"]))
        for position, (item, block) in enumerate(sheet.items, start=1)
    ]
    return editor(request, session, sheet, values, rows=rows, status=status, errors=errors, acts=acts)


def editor(
    request: Request,
    session: ReadDep,
    sheet: BundleSheet | None,
    values: dict[str, str],
    *,
    rows: list[ItemRow],
    free_rows: int = FREE_ROWS,
    status: int = 200,
    errors: dict[str, str] | None = None,
    acts: dict[str, str] | None = None,
) -> Response:
    """The editor with these values; of a new bundle where there is no `sheet`."""
    count = min(len(rows) + free_rows, MOST_ITEMS)
    free = [ItemRow(position, "", "") for position in range(len(rows) + 1, count + 1)]
    return desk(
        request,
        "bundles/editor.html",
        status=status,
        errors=errors or {},
        sheet=sheet,
        seen=seen_mark(sheet.version) if sheet else "",
        **guard_values(session, sheet, values, rows, language=request.scope["lang"]),
        needs_two=current_policy(session).publishing_approval is PublishingApproval.TWO,
        is_picture_guarded=sheet is not None and picture_needs_approver(session, sheet.bundle, sheet.version),
        refusal=_refusal(sheet, language=request.scope["lang"]),
        entries=entries_about(session, "bundle", sheet.bundle.id or 0, limit=50) if sheet else [],
        values=values,
        acts=acts or {},
        rows=rows + free,
        blocks=block_choices(session, language=request.scope["lang"]),
        categories=[
            (one.id, one.name_de if request.scope["lang"] == "de" else one.name_en)
            for one in list_categories(session)
        ],
        pictograms=PICTOGRAMS,
        kinds=[(kind.value, name) for kind, name in KIND_NAMES.items()],
        action=f"/admin/bundles/{sheet.bundle.id}" if sheet else "/admin/bundles",
    )


def _refusal(sheet: BundleSheet | None, *, language: str) -> str:
    """Why the newest version was not published at its date, in the reader's language; empty where it was."""
    told = sheet.version.refusal if sheet else None
    if told is None:
        return ""
    sentence = told["message"]
    return translate(language, sentence, **told["values"])
