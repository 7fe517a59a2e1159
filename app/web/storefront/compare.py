"""Up to three bundles side by side."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries import BundleContent, BundleFacts
from app.catalogue.queries_shelves import bundles_on_sale
from app.catalogue.rules.unit_price import UnitPrice, unit_price
from app.ordering.rules.quantities import QuantityRule, least_quantity
from app.web.rendering import shop_of
from app.web.shared_pages import Content, shared_page
from app.web.storefront.cards import NOTHING_PROMISED, promises_for

router = APIRouter()

MOST_COMPARED = 3
MOST_ASKED = 24
LONGEST_SLUG = 120


@router.get("/catalogue/compare")
async def compare_bundles(request: Request) -> Response:
    given = (slug[:LONGEST_SLUG] for slug in request.query_params.getlist("bundle")[:MOST_ASKED] if slug)
    slugs = tuple(dict.fromkeys(given))

    def load(now: datetime) -> Content:
        with shop_of(request).db.read_session() as session:
            return _content(request, session, slugs, now=now)

    return await shared_page(request, "store/catalogue/compare.html", load, key=slugs)


def _content(request: Request, session: Session, slugs: tuple[str, ...], *, now: datetime) -> Content:
    found = bundles_on_sale(session, slugs, language=request.scope["lang"])
    promises = promises_for(
        request, session, {bundle.main_brand_lead_time_days for bundle in found}, ordered_at=now
    )
    values: dict[str, Any] = {
        "bundles": found,
        "is_too_many": len(found) > MOST_COMPARED,
        "missing_count": len(slugs) - len(found),
        "most": MOST_COMPARED,
        "unit_prices": [single_unit_price(bundle) for bundle in found],
        "promised_on": [promises[bundle.main_brand_lead_time_days].promised_on for bundle in found],
        "least": [
            least_quantity(QuantityRule(bundle.minimum_quantity, bundle.order_step)) for bundle in found
        ],
        "contents": _contents(found),
        "without_urls": [_url(found, leaving_out=bundle) for bundle in found],
    }
    ends = [promise.cut_off_at for promise in promises.values()]
    return Content(values, good_until=min(ends, default=now + NOTHING_PROMISED))


def single_unit_price(bundle: BundleFacts) -> UnitPrice | None:
    """The price of one unit of a bundle that holds a single block, else None."""
    if len(bundle.contents) != 1:
        return None
    only = bundle.contents[0]
    return unit_price(bundle.price_cents, only.quantity_milli, only.unit_code)


def _contents(bundles: list[BundleFacts]) -> list[tuple[BundleContent, list[BundleContent | None]]]:
    """Each block of any of the bundles, with what each bundle holds of it; what most have in common first."""
    blocks = {content.sku: content for bundle in bundles for content in bundle.contents}
    held = [{content.sku: content for content in bundle.contents} for bundle in bundles]
    rows = [(block, [of_bundle.get(sku) for of_bundle in held]) for sku, block in blocks.items()]
    return sorted(rows, key=lambda row: row[1].count(None))


def _url(bundles: list[BundleFacts], *, leaving_out: BundleFacts) -> str:
    kept = [("bundle", bundle.slug) for bundle in bundles if bundle is not leaving_out]
    return f"/catalogue/compare?{urlencode(kept)}"
