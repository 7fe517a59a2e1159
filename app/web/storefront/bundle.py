"""A bundle's own page and its picture."""

import functools
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries import BundleFacts, published_bundle, published_image
from app.catalogue.queries_shelves import Shelf, related_bundles, shelves
from app.catalogue.rules.kinds import Kind
from app.ordering.rules.promise import delivery_promise
from app.ordering.rules.quantities import QuantityRule, greatest_quantity, least_quantity, lowest_quantity
from app.policy.queries import current_policy
from app.policy.rules.policy import BelowMinimum
from app.web.deps import ReadDep
from app.web.rendering import page, shop_of
from app.web.shared_pages import Content, shared_page
from app.web.static import FOLDER
from app.web.storefront.cards import shown_cards
from app.web.storefront.compare import single_unit_price
from app.web.storefront.promises import calendar_of, last_order

router = APIRouter()

TEMPLATE = "store/bundle/bundle.html"


@router.get("/bundles/{slug}")
async def show_bundle(request: Request) -> Response:
    slug = request.path_params["slug"]

    def load(now: datetime) -> Content:
        with shop_of(request).db.read_session() as session:
            return _content(request, session, slug, now=now)

    return await shared_page(request, TEMPLATE, load)


@router.get("/bundles/{slug}/image")
def show_image(slug: str, session: ReadDep) -> Response:
    kind, content_type, content = published_image(session, slug)
    if content is None:
        return Response(_pictogram(kind), media_type="image/svg+xml")
    return Response(content, media_type=content_type)


def bundle_page(
    request: Request,
    session: Session,
    slug: str,
    *,
    now: datetime,
    status: int,
    quantity: str,
    errors: dict[str, str],
) -> Response:
    """The bundle's page after a form that was wrong. Raises NotFound for a bundle that is not on sale."""
    values = _content(request, session, slug, now=now).values
    return page(request, TEMPLATE, status=status, **values | {"quantity": quantity, "errors": errors})


def _content(request: Request, session: Session, slug: str, *, now: datetime) -> Content:
    bundle = published_bundle(session, slug, language=request.scope["lang"])
    return content_of(request, session, bundle, now=now)


def content_of(request: Request, session: Session, bundle: BundleFacts, *, now: datetime) -> Content:
    """What the page of a bundle shows; of one on sale, or of a draft for its preview."""
    calendar = calendar_of(request)
    policy = current_policy(session)
    promise = delivery_promise(
        policy,
        calendar,
        ordered_at=now,
        main_brand_lead_time_days=bundle.main_brand_lead_time_days,
    )
    rule = QuantityRule(
        bundle.minimum_quantity,
        bundle.order_step,
        bundle.maximum_quantity,
        is_less_allowed=policy.below_minimum_quantity is BelowMinimum.SURCHARGE,
    )
    related, holds_until = shown_cards(
        request,
        session,
        related_bundles(session, bundle.version_id, language=request.scope["lang"]),
        now=now,
    )
    values: dict[str, Any] = {
        "shown": bundle,
        "shelf": _shelf(session, bundle.category_id, language=request.scope["lang"]),
        "unit_price": single_unit_price(bundle),
        "related": related,
        "promise": promise,
        "last_order": last_order(promise, calendar),
        "least": least_quantity(rule),
        "lowest": lowest_quantity(rule),
        "line_surcharge_cents": policy.low_line_surcharge_cents,
        "greatest": greatest_quantity(rule),
        "quantity": least_quantity(rule),
        "errors": {},
    }
    return Content(values, good_until=min(promise.cut_off_at, holds_until) if related else promise.cut_off_at)


def _shelf(session: Session, category_id: int | None, *, language: str) -> Shelf | None:
    found = (shelf for shelf in shelves(session, language=language) if shelf.category_id == category_id)
    return next(found, None)


@functools.cache
def _pictogram(kind: Kind) -> bytes:
    return (FOLDER / f"img/kinds/{kind.value}.svg").read_bytes()
