"""The page behind the link of a standing order's e-mail: what would be ordered now, and one button."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.service_stock import SoldOut
from app.core.errors import Refused
from app.core.i18n import translate
from app.core.ids import hash_token
from app.flows.fill_cart import quantity_sentence, quantity_values
from app.flows.keep_standing_order import skip_run
from app.flows.place_order import OrderChanged, place_order
from app.ordering.queries_checkout import (
    Checkout,
    Wish,
    home_address,
    names_of_versions,
    read_checkout,
)
from app.ordering.queries_standing import PastRun, WholeStanding, run_by_token, whole_standing
from app.ordering.rules.offer import Change, write_offer
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.standing import is_open
from app.ordering.service_placing import DeliveryAddress
from app.web.countries import country_name
from app.web.deps import Now, ReadDep, ShopDep, Values, VisitorDep, WriteDep
from app.web.forms import Errors, Form, parse
from app.web.problems import wants_json
from app.web.rendering import page, see_other
from app.web.small_orders import small_order
from app.web.storefront.checkout import changes_for_programs, chosen, to_card_page
from app.web.storefront.promises import calendar_of, last_order
from app.web.storefront.standing_orders import RUNS
from app.web.vat import confirm_soon
from app.web.visitor import Visitor

router = APIRouter()

STAYING = (
    "order.cart_faulty",
    "order.empty_cart",
    "order.no_terms",
    "order.vat_unconfirmed",
    "standing.over",
)
"""Refusals that the page itself explains."""


class ConfirmForm(Form):
    """What was shown, and the choice for a further order."""

    shown: Annotated[str, StringConstraints(max_length=20_000)]
    rhythm: RhythmChoice | None = None
    purchase_reference: Annotated[str, StringConstraints(max_length=64)] = ""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A line of the standing order as it stands now; prices are None where it is no longer sold.

    `asked_price_cents` is the price of the e-mail where that was another one, `problem` why it cannot be ordered.
    """

    name: str
    quantity: int
    unit_price_cents: int | None
    net_cents: int | None
    asked_price_cents: int | None
    problem: str


@router.get("/account/standing-orders/runs/{token}")
def show_run(
    request: Request, token: str, visitor: VisitorDep, session: ReadDep, now: Now, rhythm: str = ""
) -> Response:
    return _page(request, token, visitor, session, now=now, values={"rhythm": rhythm})


@router.post("/account/standing-orders/runs/{token}")
def confirm(
    request: Request,
    token: str,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reads: ReadDep,
    values: Values,
    now: Now,
) -> Response:
    run = run_by_token(reads, hash_token(token), customer_id=visitor.customer_id).run
    language = request.scope["lang"]
    form, errors = parse(ConfirmForm, values, language=language)
    if form is None:
        return _page(request, token, visitor, reads, now=now, status=422, values=values, errors=errors)
    home = home_address(reads, visitor.customer_id)
    try:
        placed = place_order(
            session,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            # Of the secret of this very run: twice is once. No form admits a ":", so nobody can take the key before.
            checkout_key=f"run:{run.token_hash[:48]}",
            shown=form.shown,
            address=DeliveryAddress(contact_name=visitor.contact_name, **home),
            purchase_reference=form.purchase_reference,
            language=language,
            calendar=calendar_of(request),
            now=now,
            rhythm=form.rhythm,
            run_id=run.id,
            is_paying=True,
        )
    except OrderChanged as changed:
        if wants_json(request):
            return changes_for_programs(request, changed)
        return _page(
            request, token, visitor, reads, now=now, status=409, values=values, changed=changed.changes
        )
    except Refused as refusal:
        if wants_json(request) or not (refusal.code in STAYING or isinstance(refusal, SoldOut)):
            raise
        said = translate(language, refusal.message, **refusal.values)
        return _page(request, token, visitor, reads, now=now, status=409, values=values, refusal=said)
    return to_card_page(request, session, shop, visitor, number=placed.number, now=now, begun=placed.attempt)


@router.post("/account/standing-orders/runs/{token}/skip")
def skip(token: str, visitor: VisitorDep, session: WriteDep, reads: ReadDep, _: Values, now: Now) -> Response:
    run = run_by_token(reads, hash_token(token), customer_id=visitor.customer_id).run
    try:
        skip_run(session, run.id or 0, customer_id=visitor.customer_id, now=now)
    except Refused as refusal:
        if refusal.code != "standing.over":
            raise
        return see_other(f"/account/standing-orders/runs/{token}")
    return see_other("/account/standing-orders?notice=skipped")


def _page(
    request: Request,
    token: str,
    visitor: Visitor,
    session: Session,
    *,
    now: datetime,
    values: dict[str, str],
    status: int = 200,
    errors: Errors | None = None,
    changed: list[Change] | None = None,
    refusal: str = "",
) -> Response:
    language = request.scope["lang"]
    past = run_by_token(session, hash_token(token), customer_id=visitor.customer_id)
    run = past.run
    if not is_open(run.state, ends_at=run.expires_at, now=now):
        return page(
            request, "store/standing/over.html", status=status, past=past, state=RUNS[run.state], errors={}
        )
    whole = whole_standing(session, run.standing_order_id, customer_id=visitor.customer_id)
    checkout = read_checkout(
        session,
        visitor.customer_id,
        calendar=calendar_of(request),
        now=now,
        wish=Wish(chosen(values.get("rhythm", "")), standing_order_id=run.standing_order_id),
    )
    confirm_soon(request, visitor, checkout.vat, now=now)
    home = home_address(session, visitor.customer_id)
    ids = [change.bundle_version_id for change in changed or () if change.bundle_version_id is not None]
    context: dict[str, Any] = {
        "run": run,
        "whole": whole,
        "checkout": checkout,
        "last_order": last_order(checkout.promise, calendar_of(request)),
        "totals": checkout.totals,
        "charges": checkout.charges(language),
        "small": small_order(checkout, language=language),
        "lines": _lines(past, whole, checkout, language),
        "shown": write_offer(*checkout.offers),
        "url": f"/account/standing-orders/runs/{token}",
        "home": {**home, "country": country_name(home["country"], language=language)},
        "values": {"purchase_reference": "", **values},
        "errors": errors or {},
        "has_changed": changed is not None,
        "changes": changed or [],
        "names": names_of_versions(session, ids, language=language) if ids else {},
        "refusal": refusal,
    }
    return page(request, "store/standing/run.html", status=status, **context)


def _lines(past: PastRun, whole: WholeStanding, checkout: Checkout, language: str) -> list[RunLine]:
    sold = {line.bundle_id: line for line in checkout.lines}
    asked = {line["bundle_id"]: line["unit_price_cents"] for line in past.run.lines}
    found = []
    for line in whole.lines:
        now = sold.get(line.bundle_id)
        price_cents = now.priced.unit_price_cents if now else None
        told_cents = asked.get(line.bundle_id)
        problem = ""
        if now and now.problem:
            sentence = quantity_sentence(now.problem, now.rule)
            named = {"name": line.name(language), **quantity_values(now.problem, now.rule)}
            problem = translate(language, sentence, **named)
        found.append(
            RunLine(
                name=line.name(language),
                quantity=line.quantity,
                unit_price_cents=price_cents,
                net_cents=now.priced.net_cents if now else None,
                asked_price_cents=told_cents if now and told_cents != price_cents else None,
                problem=problem,
            )
        )
    return found
