"""The margin calculator of the bundle editor: the waterfall of what is typed, saved or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.models import Block
from app.catalogue.queries_approvals import approval_of
from app.catalogue.queries_desk import BundleSheet
from app.catalogue.queries_margins import blocks_by_sku, part_of
from app.catalogue.queries_sizes import agreement_of
from app.catalogue.rules.agreements import Sizes, sizes_of
from app.catalogue.rules.drafts import GREATEST_PRICE_CENTS, GREATEST_SIZE, MOST_ITEMS
from app.catalogue.rules.margin import Cost, Margin, Part, lowest_price, margin_of
from app.core.errors import N_
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy
from app.web.admin.bundle_approval import approval_words
from app.web.admin.lists import desk
from app.web.admin.margin_plot import Waterfall, waterfall_of
from app.web.deps import ReadDep, Values
from app.web.forms_money import NotMoney, amount_text, parse_cents
from app.web.forms_quantity import NotAQuantity, parse_milli

router = APIRouter()


ROW_NAMES = {
    "price": N_("Price, net"),
    Cost.BLOCKS.value: N_("Blocks"),
    Cost.PARTNERS.value: N_("Partners"),
    Cost.PACKING.value: N_("Packing"),
    Cost.SHIPPING.value: N_("Shipping"),
    Cost.CARD_FEE.value: N_("Card fee"),
    Cost.SERVING.value: N_("Cost to serve"),
    "margin": N_("Margin"),
}


@dataclass(frozen=True)
class MarginView:
    """What the calculator shows: `margin` is None without a price, `lowest_cents` without a block.

    `left_out` are the rows that could not be read; `lowest_text` is the lowest price as the form takes it.
    `inherited` are the sizes that these blocks give where the bundle says nothing itself.
    """

    margin: Margin | None
    plot: Waterfall | None
    lowest_cents: int | None
    lowest_text: str
    left_out: tuple[str, ...]
    floor_bp: int
    floor_cents: int
    inherited: Sizes


@router.post("/admin/bundles/margin")
def calculate_margin(request: Request, session: ReadDep, values: Values) -> Response:
    rows = [
        (values.get(f"sku_{at}", ""), values.get(f"quantity_{at}", "")) for at in range(1, MOST_ITEMS + 1)
    ]
    view = margin_view(session, values.get("price_cents", ""), rows, language=request.scope["lang"])
    return desk(request, "bundles/_margin_body.html", margin=view, row_names=ROW_NAMES)


def values_to_calculate(values: dict[str, str]) -> dict[str, str] | None:
    """The values to show again where the editor's form was sent for the calculator only; None where it is to be saved.

    The button that takes the lowest price over puts it in the place of the price.
    """
    if values.get("take_price"):
        return {**values, "price_cents": values["take_price"]}
    return values if values.get("calculate") else None


def guard_values(
    session: ReadDep, sheet: BundleSheet | None, values: dict[str, str], rows: Sequence[Any], *, language: str
) -> dict[str, Any]:
    """What the editor's parts `_margin.html` and `_guards.html` need; rows have `sku` and `quantity` as typed."""
    typed = [(row.sku, row.quantity) for row in rows]
    approval = approval_of(session, sheet.version.id or 0) if sheet else None
    return {
        "margin": margin_view(session, values.get("price_cents", ""), typed, language=language),
        "row_names": ROW_NAMES,
        **approval_words(approval),
    }


def margin_view(
    session: ReadDep, price_text: str, rows: Sequence[tuple[str, str]], *, language: str
) -> MarginView:
    """The calculator for a price and rows of (SKU, quantity) as they are typed; empty rows count for nothing."""
    policy = current_policy(session)
    typed = [(sku.strip(), quantity.strip()) for sku, quantity in rows if sku.strip() or quantity.strip()]
    blocks = blocks_by_sku(session, [sku for sku, _ in typed])
    parts: list[Part] = []
    held: list[tuple[Block, int]] = []
    left_out: list[str] = []
    for sku, text in typed:
        quantity = _milli(text)
        if sku in blocks and quantity is not None:
            parts.append(part_of(quantity, blocks[sku]))
            held.append((blocks[sku], quantity))
        else:
            left_out.append(f"{sku or '–'} × {text or '–'}")
    inherited = sizes_of(agreement_of(held))
    return _view(parts, _cents(price_text), tuple(left_out), policy, inherited, language=language)


def _view(
    parts: Sequence[Part],
    price_cents: int | None,
    left_out: tuple[str, ...],
    policy: Policy,
    inherited: Sizes,
    *,
    language: str,
) -> MarginView:
    lowest = lowest_price(parts, policy) if parts else None
    margin = margin_of(price_cents, parts, policy) if price_cents and parts else None
    return MarginView(
        margin=margin,
        plot=waterfall_of(margin) if margin else None,
        lowest_cents=lowest,
        lowest_text="" if lowest is None else amount_text(lowest, language=language),
        left_out=left_out,
        floor_bp=policy.margin_floor_bp,
        floor_cents=policy.margin_floor_cents,
        inherited=inherited,
    )


def _cents(text: str) -> int | None:
    try:
        cents = parse_cents(text)
    except NotMoney:
        return None
    return cents if 0 < cents <= GREATEST_PRICE_CENTS else None


def _milli(text: str) -> int | None:
    try:
        quantity = parse_milli(text)
    except NotAQuantity:
        return None
    return quantity if 0 < quantity <= GREATEST_SIZE * 1000 else None
