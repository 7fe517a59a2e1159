"""Special services: the price list, ordering one of it, and taking what staff offered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import StringConstraints
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.models import SpecialService
from app.care.queries_offers import OfferView, open_offers_of, own_offer, text_of_offer
from app.care.queries_services import keepings_of, orders_for, service_on_sale, services_on_sale, text_of
from app.care.rules.offers import OfferStanding
from app.care.rules.price_list import ServiceText, service_totals, shown_mark
from app.care.rules.service_wishes import ADDRESS_FIELDS, counts_of, needs_address, needs_order
from app.care.rules.services import ServiceKind
from app.care.rules.storage import Keeping
from app.core.errors import N_, Invalid, Refused
from app.core.i18n import translate
from app.core.ids import new_token
from app.flows.charge_kept_card import charge_kept_card, pay_with_kept_card
from app.flows.order_service import OFFER_OVER, Asking, order_service
from app.flows.settle_payment import settle_payment
from app.ordering.queries_terms import terms_in_force
from app.ordering.queries_vat import service_vat
from app.ordering.rules.vat import VatCase
from app.ordering.service_placing import DeliveryAddress
from app.payments.queries_cards import usable_card
from app.payments.rules.saved_cards import CONSENT, CONSENT_LABEL
from app.payments.rules.states import PaymentState
from app.payments.stripe_gateway import StripeRefusal, StripeUnavailable
from app.web.countries import country_options
from app.web.deps import Now, ReadDep, RowId, ShopDep, Values, VisitorDep, WriteDep
from app.web.forms import Errors, Form, errors_of, parse
from app.web.problems import wants_json
from app.web.rendering import page, see_other
from app.web.storefront.checkout import RETURN_SECONDS, to_card_page
from app.web.storefront.promises import holidays_of
from app.web.vat import confirm_soon
from app.web.visitor import Visitor

router = APIRouter()

Line = Annotated[str, StringConstraints(max_length=300)]
TERMS_MISSING = N_("Please accept the terms: without them there is no order.")
BUSINESS_MISSING = N_("Please confirm that you order as a business.")
AMOUNT_MOVED = N_("The button was for another number. Now it says what this one costs; nothing was ordered.")
SHOWN_AGAIN = {
    "service.changed": 409,
    "order.address_in_check": 409,
    "order.vat_unconfirmed": 409,
    "throttled": 429,
}
"""The refusals after which the form is shown again, with all that was typed, and the status that goes with it."""


class ServiceForm(Form):
    """What is ordered, for which order, and both confirmations."""

    order: Annotated[str, StringConstraints(max_length=32)] = ""
    quantity: int = 1
    company_name: Line = ""
    contact_name: Line = ""
    street: Line = ""
    postal_code: Line = ""
    city: Line = ""
    country: Line = ""
    note: Annotated[str, StringConstraints(max_length=500)] = ""
    purchase_reference: Annotated[str, StringConstraints(max_length=64)] = ""
    accept_terms: Literal["1"]
    is_business: Literal["1"]
    checkout_key: Annotated[str, StringConstraints(min_length=16, max_length=64, pattern=r"^[\w-]+$")]
    shown: Annotated[str, StringConstraints(max_length=64)]
    keeps_card: Literal["", "1"] = ""
    kept_card_cents: Annotated[str, StringConstraints(max_length=12, pattern=r"^[0-9]*$")] = ""

    def asking(self, *, service_id: int | None, offer_id: int | None) -> Asking:
        address = DeliveryAddress(*(getattr(self, name) for name in ADDRESS_FIELDS))
        return Asking(
            service_id=service_id,
            offer_id=offer_id,
            order_number=self.order,
            quantity=self.quantity,
            address=address,
            note=self.note,
            purchase_reference=self.purchase_reference,
        )


@router.get("/services")
def list_services(request: Request, visitor: VisitorDep, session: ReadDep, now: Now) -> Response:
    language = request.scope["lang"]
    offers = open_offers_of(session, visitor.customer_id, now=now)
    return page(
        request,
        "store/services/services.html",
        services=[(one, text_of(one, language)) for one in services_on_sale(session)],
        offers=[(view, text_of_offer(view.offer, view.service, language)) for view in offers],
    )


@router.get("/services/{service_id}")
def show_service(
    request: Request, service_id: RowId, visitor: VisitorDep, session: ReadDep, now: Now, order: str = ""
) -> Response:
    service = service_on_sale(session, service_id)
    return _page(request, session, visitor, service, now=now, values={"order": order[:32]})


@router.post("/services/{service_id}")
def submit_service(
    request: Request,
    service_id: RowId,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reads: ReadDep,
    values: Values,
    now: Now,
) -> Response:
    service = service_on_sale(reads, service_id)
    return _submit(request, shop, visitor, session, reads, values, now=now, service=service)


@router.get("/services/offers/{offer_id}")
def show_offer(request: Request, offer_id: str, visitor: VisitorDep, session: ReadDep, now: Now) -> Response:
    view = own_offer(session, _whole(offer_id), customer_id=visitor.customer_id, now=now)
    return _page(request, session, visitor, view.service, now=now, view=view)


@router.post("/services/offers/{offer_id}")
def submit_offer(
    request: Request,
    offer_id: str,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reads: ReadDep,
    values: Values,
    now: Now,
) -> Response:
    view = own_offer(reads, _whole(offer_id), customer_id=visitor.customer_id, now=now)
    return _submit(request, shop, visitor, session, reads, values, now=now, service=view.service, view=view)


def _whole(text: str) -> int:
    """The number of an address, 0 for what is none: both look the same to whom it does not belong."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _submit(
    request: Request,
    shop: ShopDep,
    visitor: Visitor,
    session: Session,
    reads: Session,
    values: dict[str, str],
    *,
    now: datetime,
    service: SpecialService,
    view: OfferView | None = None,
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(ServiceForm, values, language=language)
    errors = _sentences(errors, language)
    if form is None:
        return _page(
            request, reads, visitor, service, now=now, view=view, values=values, errors=errors, status=422
        )
    case = service_vat(reads, visitor.customer_id, seller_country=holidays_of(request).country, now=now).case
    is_moved = form.kept_card_cents and _amount(service, view, form, language, case=case) != int(
        form.kept_card_cents
    )
    if is_moved:
        errors = {"quantity": translate(language, AMOUNT_MOVED)}
        return _page(
            request, reads, visitor, service, now=now, view=view, values=values, errors=errors, status=409
        )
    asking = form.asking(service_id=None if view else service.id, offer_id=view.offer.id if view else None)
    try:
        placed = order_service(
            session,
            asking,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            checkout_key=form.checkout_key,
            shown=form.shown,
            language=language,
            calendar=holidays_of(request),
            now=now,
            keeps_card=form.keeps_card == "1" and not form.kept_card_cents,
        )
    except Invalid as invalid:
        errors = errors_of(invalid.fields, language=language)
        return _page(
            request, reads, visitor, service, now=now, view=view, values=values, errors=errors, status=422
        )
    except Refused as refusal:
        if refusal.code not in SHOWN_AGAIN or wants_json(request):
            raise
        reads.expire_all()
        said = translate(language, refusal.message, **refusal.values)
        field = "street" if refusal.code == "order.address_in_check" else "form"
        return _page(
            request,
            reads,
            visitor,
            service,
            now=now,
            view=view,
            values=values,
            errors={field: said},
            status=SHOWN_AGAIN[refusal.code],
        )
    if form.kept_card_cents:
        return _with_kept_card(request, session, shop, visitor, number=placed.number, now=now)
    return to_card_page(request, session, shop, visitor, number=placed.number, now=now)


def _amount(
    service: SpecialService, view: OfferView | None, form: ServiceForm, language: str, *, case: VatCase
) -> int:
    """What the chosen number of units costs, VAT included, as the button says it."""
    text = text_of_offer(view.offer, view.service, language) if view else text_of(service, language)
    offered = view.offer.quantity if view else None
    units = _units(service.kind, text, {}, quantity=offered, case=case)
    return _gross_cents(units, offered or form.quantity)


def _gross_cents(units: list[dict[str, Any]], count: int) -> int:
    """What so many units cost, VAT included; the first of those that can be ordered for any other number."""
    unit = next((one for one in units if one["count"] == count), units[0])
    gross_cents: int = unit["totals"].gross_cents
    return gross_cents


def _with_kept_card(
    request: Request, session: Session, shop: ShopDep, visitor: Visitor, *, number: str, now: datetime
) -> Response:
    """Charges the kept card; where it cannot be, the order is kept and can be paid by card page as any other."""
    try:
        payment_id = pay_with_kept_card(
            session,
            order_number=number,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            now=now,
        )
    except Refused:
        return see_other(f"/orders/{number}?notice=card_not_charged")
    # The gate needs the connection while Stripe thinks.
    session.rollback()
    stripe = shop.stripe.hurried(answer_seconds=RETURN_SECONDS)
    try:
        charge_kept_card(session, stripe, payment_id=payment_id, now=now)
        state = settle_payment(session, stripe, calendar=holidays_of(request), now=now, payment_id=payment_id)
    except (StripeUnavailable, StripeRefusal):
        return see_other(f"/orders/{number}?notice=checking")
    is_refused = state is PaymentState.EXPIRED
    return see_other(f"/orders/{number}?notice={'card_not_charged' if is_refused else 'back'}")


def _sentences(errors: Errors, language: str) -> Errors:
    found = dict(errors)
    for name, sentence in (("accept_terms", TERMS_MISSING), ("is_business", BUSINESS_MISSING)):
        if name in found:
            found[name] = translate(language, sentence)
    return found


def _page(
    request: Request,
    session: Session,
    visitor: Visitor,
    service: SpecialService,
    *,
    now: datetime,
    view: OfferView | None = None,
    values: dict[str, str] | None = None,
    errors: Errors | None = None,
    status: int = 200,
) -> Response:
    """The form of a service; first the choice of an order, where it concerns one and none is chosen."""
    language = request.scope["lang"]
    text = text_of_offer(view.offer, service, language) if view else text_of(service, language)
    orders = [] if view else list(orders_for(session, visitor.customer_id, service.kind))
    known = {**dict.fromkeys(ServiceForm.model_fields, ""), **(values or {})}
    chosen = view.concerned if view else next((one for one in orders if one.number == known["order"]), None)
    known["checkout_key"] = known["checkout_key"] or new_token()
    if needs_address(service.kind) and chosen and not known["street"]:
        known |= {name: getattr(chosen, name) for name in ADDRESS_FIELDS}
    terms = terms_in_force(session)
    terms_id = (terms.id if terms else None) or 0
    quantity = view.offer.quantity if view else None
    keepings = keepings_of(
        session, service.kind, chosen, offered=quantity, calendar=holidays_of(request), now=now
    )
    vat = service_vat(session, visitor.customer_id, seller_country=holidays_of(request).country, now=now)
    confirm_soon(request, visitor, vat, now=now)
    units = _units(service.kind, text, keepings, quantity=quantity, case=vat.case)
    context: dict[str, Any] = {
        "vat": vat,
        "service": service,
        "text": text,
        "view": view,
        "over": OFFER_OVER.get(view.standing, "") if view and view.standing is not OfferStanding.OPEN else "",
        "orders": orders,
        "chosen": chosen,
        "wants_order": needs_order(service.kind),
        "wants_address": needs_address(service.kind),
        "units": units,
        "terms": terms,
        "shown": shown_mark(
            text,
            quantity=quantity,
            terms_version_id=terms_id,
            keepings=list(keepings.values()),
            vat_case=vat.case,
        ),
        "countries": country_options(language),
        "values": known,
        "errors": errors or {},
        **_kept_card(session, visitor, units, str(known["quantity"]), now=now),
        "action": f"/services/offers/{view.offer.id}" if view else f"/services/{service.id}",
    }
    return page(request, "store/services/service.html", status=status, **context)


def _kept_card(
    session: Session, visitor: Visitor, units: list[dict[str, Any]], count: str, *, now: datetime
) -> dict[str, Any]:
    """The company's kept card with what its button charges, or the consent to keep one."""
    return {
        "card": usable_card(session, visitor.customer_id, today=now.date()),
        "card_cents": _gross_cents(units, _whole(count)),
        "consent": CONSENT,
        "consent_label": CONSENT_LABEL,
    }


def _units(
    kind: ServiceKind,
    text: ServiceText,
    keepings: Mapping[int, Keeping],
    *,
    quantity: int | None,
    case: VatCase,
) -> list[dict[str, Any]]:
    """Each number of units that can be ordered, with what it costs in all, and what storage does (None for others)."""
    return [
        {"count": count, "totals": service_totals(text, count, vat_case=case), "keeping": keepings.get(count)}
        for count in counts_of(kind, offered=quantity)
    ]
