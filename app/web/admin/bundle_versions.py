"""Two versions of a bundle side by side."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_categories import list_categories
from app.catalogue.queries_desk import BundleSheet, read_sheet
from app.catalogue.queries_versions import compare_versions
from app.catalogue.rules.pictograms import PICTOGRAMS
from app.core.errors import N_
from app.web.admin.lists import asked, desk
from app.web.deps import ReadDep, RowId

router = APIRouter()

LABELS = {
    "name_de": N_("Name in German"),
    "name_en": N_("Name in English"),
    "kind": N_("Kind"),
    "category_id": N_("Category"),
    "pictogram": N_("Pictogram"),
    "price_cents": N_("Price, net"),
    "own_minimum_quantity": N_("Minimum quantity"),
    "own_order_step": N_("Order step"),
    "maximum_quantity": N_("Maximum per order"),
    "text_de": N_("Text in German"),
    "text_en": N_("Text in English"),
    "purpose_de": N_("What it is for, in German"),
    "purpose_en": N_("What it is for, in English"),
}


@router.get("/admin/bundles/{bundle_id}/compare")
def show_comparison(request: Request, bundle_id: RowId, session: ReadDep) -> Response:
    sheet = read_sheet(session, bundle_id)
    old, new = _asked_versions(request, sheet)
    is_german = request.scope["lang"] == "de"
    return desk(
        request,
        "bundles/compare.html",
        sheet=sheet,
        compared=compare_versions(session, bundle_id, old=old, new=new),
        labels=LABELS,
        categories={one.id: one.name_de if is_german else one.name_en for one in list_categories(session)},
        pictograms=PICTOGRAMS,
    )


def _asked_versions(request: Request, sheet: BundleSheet) -> tuple[int, int]:
    """The numbers asked for; without any, the newest version beside the one before it."""
    newest = sheet.version.version_number
    numbers = [newest - 1 if newest > 1 else newest, newest]
    for place, name in enumerate(("old", "new")):
        text = asked(request, name)
        if text.isascii() and text.isdigit():
            # A number too long for the database is one that no version has.
            numbers[place] = int(text) if len(text) < 9 else 0
    return numbers[0], numbers[1]
