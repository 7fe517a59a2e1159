"""The checkout: what is ordered, where it goes, the order button, and the way back from the card page."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import StringConstraints
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.service_stock import SoldOut
from app.core.errors import N_, Invalid, NotFound, Refused
from app.core.i18n import translate
from app.core.ids import new_token
from app.customers.rules.countries import COUNTRIES, fault_of_address
from app.flows.place_order import OrderChanged, Placed, TooLittle, place_order
from app.flows.settle_payment import settle_payment
from app.flows.start_payment import start_payment
from app.ordering.queries_checkout import Checkout, Wish, home_address, names_of_versions, read_checkout
from app.ordering.rules.offer import Change, ChangeKind, write_offer
from app.ordering.rules.rhythm import Place, RhythmChoice
from app.ordering.service_placing import DeliveryAddress
from app.payments.queries import order_of_session
from app.payments.rules.saved_cards import CONSENT, CONSENT_LABEL
from app.payments.service_attempts import CardAttempt
from app.payments.stripe_gateway import StripeRefusal, StripeUnavailable
from app.web.countries import country_options
from app.web.deps import Now, ReadDep, ShopDep, Values, VisitorDep, WriteDep
from app.web.errors import CARD_PAGE_LIMITS
from app.web.forms import Errors, Form, errors_of, parse
from app.web.problems import problem_details, wants_json
from app.web.rendering import page, see_other
from app.web.small_orders import small_order
from app.web.storefront.cart import cart_page
from app.web.storefront.offers import offer_for_programs
from app.web.storefront.promises import calendar_of, holidays_of, last_order
from app.web.vat import confirm_now
from app.web.visitor import Visitor

router = APIRouter()

RETURN_SECONDS = 3.0
FIELDS_OF_REFUSALS = {"order.address_in_check": "street", "order.vat_unconfirmed": "country"}
"""Refusals that come back as a fault of a field of the form."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class CheckoutForm(Form):
    """Where it goes, what was shown, and both confirmations."""

    company_name: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    contact_name: Line
    street: Line
    postal_code: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    city: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    country: str
    purchase_reference: Annotated[str, StringConstraints(max_length=64)] = ""
    accept_terms: Literal["1"]
    is_business: Literal["1"]
    checkout_key: Annotated[str, StringConstraints(min_length=16, max_length=64, pattern=r"^[\w-]+$")]
    shown: Annotated[str, StringConstraints(max_length=20_000)]
    rhythm: RhythmChoice | None = None
    keeps_card: Literal["", "1"] = ""

    @property
    def address(self) -> DeliveryAddress:
        return DeliveryAddress(
            self.company_name, self.contact_name, self.street, self.postal_code, self.city, self.country
        )


@router.get("/checkout")
def show_checkout(
    request: Request, visitor: VisitorDep, session: ReadDep, now: Now, rhythm: str = ""
) -> Response:
    checkout = _confirmed_checkout(request, session, visitor, Wish(chosen(rhythm)), now=now)
    if wants_json(request):
        return offer_for_programs(checkout, language=request.scope["lang"])
    if not checkout.is_orderable:
        return see_other("/cart")
    values = _prefilled(session, visitor)
    # A company of a country that we do not deliver to (any more) reads so before it fills in the rest.
    fault = None if values["country"] in COUNTRIES else fault_of_address("", country=values["country"])
    errors = errors_of([fault] if fault else [], language=request.scope["lang"])
    return _page(request, checkout, values, errors=errors)


@router.post("/checkout")
def order(
    request: Request,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reads: ReadDep,
    values: Values,
    now: Now,
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(CheckoutForm, values, language=language)
    errors = _sentences(errors, values, language)
    if form is None or errors:
        return _again(request, reads, visitor, values, now=now, status=422, errors=errors)
    try:
        placed = _place(request, session, reads, visitor, form, now=now)
    except OrderChanged as changed:
        if wants_json(request):
            return changes_for_programs(request, changed)
        return _again(request, reads, visitor, values, now=now, status=409, changed=changed.changes)
    except (SoldOut, TooLittle) as refusal:
        if wants_json(request):
            raise
        said = translate(language, refusal.message, **refusal.values)
        return cart_page(request, visitor, reads, now=now, status=409, refusal=said)
    except Refused as refusal:
        if refusal.code in ("order.empty_cart", "order.cart_faulty"):
            return see_other("/cart")
        if refusal.code in FIELDS_OF_REFUSALS:
            found = {FIELDS_OF_REFUSALS[refusal.code]: translate(language, refusal.message)}
            return _again(request, reads, visitor, values, now=now, status=409, errors=found)
        if refusal.code == "throttled" and not wants_json(request):
            found = {"form": translate(language, refusal.message, **refusal.values)}
            return _again(request, reads, visitor, values, now=now, status=429, errors=found)
        raise
    except Invalid as invalid:
        found = errors_of(invalid.fields, language=language)
        return _again(request, reads, visitor, values, now=now, status=422, errors=found)
    return to_card_page(request, session, shop, visitor, number=placed.number, now=now, begun=placed.attempt)


def _confirmed_checkout(
    request: Request, session: Session, visitor: Visitor, wish: Wish, *, now: datetime
) -> Checkout:
    """The checkout, with the VAT id confirmed where its amounts hang on it and that takes no time to speak of."""

    def read() -> Checkout:
        calendar = calendar_of(request)
        return read_checkout(session, visitor.customer_id, calendar=calendar, now=now, wish=wish)

    checkout = read()
    if not checkout.vat.is_waiting:
        return checkout
    # No connection is held while the tax offices think: the gate needs them.
    session.rollback()
    return read() if confirm_now(request, visitor, checkout.vat, now=now) else checkout


def _place(
    request: Request, session: Session, reads: Session, visitor: Visitor, form: CheckoutForm, *, now: datetime
) -> Placed:
    """Places the order; where the page was open until the VAT id's confirmation ran out, it is asked for once more."""

    def place() -> Placed:
        return place_order(
            session,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            checkout_key=form.checkout_key,
            shown=form.shown,
            address=form.address,
            purchase_reference=form.purchase_reference,
            language=request.scope["lang"],
            calendar=calendar_of(request),
            now=now,
            rhythm=form.rhythm,
            is_paying=True,
            keeps_card=form.keeps_card == "1",
        )

    try:
        return place()
    except OrderChanged as changed:
        if not any(change.kind is ChangeKind.VAT for change in changed.changes):
            raise
    wish = Wish(form.rhythm, place_of(asdict(form.address)))
    _confirmed_checkout(request, reads, visitor, wish, now=now)
    return place()


@router.get("/checkout/return")
def come_back(
    request: Request,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reads: ReadDep,
    now: Now,
    session_id: str = "",
) -> Response:
    found = order_of_session(reads, session_id[:255], customer_id=visitor.customer_id)
    if found is None:
        raise NotFound(N_("There is no such order."), code="order.unknown")
    payment_id, number = found
    # No connection is held while Stripe thinks: the gate needs them.
    reads.rollback()
    try:
        settle_payment(
            session,
            shop.stripe.hurried(answer_seconds=RETURN_SECONDS),
            calendar=holidays_of(request),
            now=now,
            payment_id=payment_id,
        )
    except (StripeUnavailable, StripeRefusal):
        return see_other(f"/orders/{number}?notice=checking")
    return see_other(f"/orders/{number}?notice=back")


def to_card_page(
    request: Request,
    session: Session,
    shop: ShopDep,
    visitor: Visitor,
    *,
    number: str,
    now: datetime,
    begun: CardAttempt | None = None,
) -> Response:
    """To the card page; to the order, which says why, where there is none to be had. A program is told at once that
    there are too many.
    """
    try:
        url = start_payment(
            session,
            shop.stripe,
            order_number=number,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            base_url=shop.settings.base_url.rstrip("/"),
            now=now,
            begun=begun,
        )
    except (StripeUnavailable, StripeRefusal):
        return see_other(f"/orders/{number}?notice=unreachable")
    except Refused as refusal:
        if refusal.code in CARD_PAGE_LIMITS and wants_json(request):
            raise
        return see_other(f"/orders/{number}")
    return see_other(url)


def chosen(rhythm: str) -> RhythmChoice | None:
    """The way to order that somebody asked for; None for a word that is none."""
    return next((choice for choice in RhythmChoice if choice.value == rhythm), None)


def changes_for_programs(request: Request, changed: OrderChanged) -> Response:
    """What is different from what was shown, as problem details: each change with its old and new value."""
    return problem_details(
        request,
        409,
        code=changed.code,
        detail=translate(request.scope["lang"], changed.message),
        changes=[asdict(change) for change in changed.changes],
    )


def place_of(values: dict[str, str]) -> Place | None:
    """The delivery address of a form; None where a part of it is missing."""
    parts = [values.get(name, "").strip() for name in Place.__dataclass_fields__]
    return Place(*parts) if all(parts) else None


def _prefilled(session: Session, visitor: Visitor) -> dict[str, str]:
    home = home_address(session, visitor.customer_id)
    return {**home, "contact_name": visitor.contact_name, "checkout_key": new_token()}


def _sentences(errors: Errors, values: dict[str, str], language: str) -> Errors:
    """The form's errors with the fix that fits here: unticked boxes, countries, postal codes; all at once."""
    found = dict(errors)
    if "accept_terms" in found:
        found["accept_terms"] = translate(
            language, N_("Please accept the terms: without them there is no order.")
        )
    if "is_business" in found:
        found["is_business"] = translate(language, N_("Please confirm that you order as a business."))
    address = fault_of_address(values.get("postal_code", "").strip(), country=values.get("country", ""))
    if address is not None and not (address.field == "postal_code" and "postal_code" in found):
        found |= errors_of([address], language=language)
    return found


def _again(
    request: Request,
    session: Session,
    visitor: Visitor,
    values: dict[str, str],
    *,
    now: datetime,
    status: int,
    errors: Errors | None = None,
    changed: list[Change] | None = None,
) -> Response:
    wish = Wish(chosen(values.get("rhythm", "")), place_of(values))
    checkout = read_checkout(session, visitor.customer_id, calendar=calendar_of(request), now=now, wish=wish)
    if not checkout.is_orderable:
        return see_other("/cart")
    names: dict[int, str] = {}
    if changed:
        ids = [change.bundle_version_id for change in changed if change.bundle_version_id is not None]
        names = names_of_versions(session, ids, language=request.scope["lang"])
    known = {**dict.fromkeys(CheckoutForm.model_fields, ""), **values}
    if not known["checkout_key"]:
        known["checkout_key"] = new_token()
    return _page(request, checkout, known, status=status, errors=errors, changed=changed, names=names)


def _page(
    request: Request,
    checkout: Checkout,
    values: dict[str, str],
    *,
    status: int = 200,
    errors: Errors | None = None,
    changed: list[Change] | None = None,
    names: dict[int, str] | None = None,
) -> Response:
    language = request.scope["lang"]
    context: dict[str, Any] = {
        "checkout": checkout,
        "last_order": last_order(checkout.promise, calendar_of(request)),
        "lines": [(line.name(language), line.priced) for line in checkout.lines],
        "totals": checkout.totals,
        "charges": checkout.charges(language),
        "small": small_order(checkout, language=language),
        "shown": write_offer(*checkout.offers),
        "countries": country_options(language),
        "values": values,
        "errors": errors or {},
        "has_changed": changed is not None,
        "changes": changed or [],
        "names": names or {},
        "consent": CONSENT,
        "consent_label": CONSENT_LABEL,
    }
    return page(request, "store/checkout/checkout.html", status=status, **context)
