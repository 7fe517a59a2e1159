"""The cart: what it holds, what is wrong with it, what it costs, when it comes."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries import published_bundle_id, published_slug
from app.catalogue.rules.stock import MOST_TOLD
from app.core.errors import Invalid, NotFound
from app.core.i18n import translate
from app.flows.fill_cart import accept_change, add_to_cart, quantity_sentence, quantity_values, set_quantity
from app.flows.take_rational_order import take_rational_order
from app.ordering.queries_cart import Cart, CartRow, read_cart
from app.ordering.queries_coach import read_coached_cart
from app.ordering.rules.quantities import (
    GREATEST_QUANTITY,
    greatest_quantity,
    lowest_quantity,
    told_problem,
)
from app.web.deps import LARGEST_ID, Now, ReadDep, RowId, Values, VisitorDep, WriteDep
from app.web.forms import Errors, Form, errors_of, parse
from app.web.rendering import is_htmx, page, see_other
from app.web.small_orders import small_order
from app.web.storefront.bundle import bundle_page
from app.web.storefront.coach import NOT_READABLE, charges_saved, shown_order, silence_text
from app.web.storefront.promises import calendar_of, last_order
from app.web.vat import confirm_soon
from app.web.visitor import Visitor

router = APIRouter()


class AddForm(Form):
    """A bundle, by number or by its address's name, and how many of it."""

    bundle_id: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    slug: str | None = Field(default=None, max_length=120)
    quantity: int = Field(ge=1, le=GREATEST_QUANTITY)


class LineForm(Form):
    """A new quantity (0 removes the line), or the version of a changed bundle that the customer keeps."""

    quantity: int | None = Field(default=None, ge=0, le=GREATEST_QUANTITY)
    version_id: int | None = Field(default=None, ge=1, le=LARGEST_ID)


@router.get("/cart")
def show_cart(request: Request, visitor: VisitorDep, session: ReadDep, now: Now) -> Response:
    return cart_page(request, visitor, session, now=now)


@router.post("/cart/lines")
def add_line(
    request: Request, visitor: VisitorDep, session: WriteDep, reads: ReadDep, values: Values, now: Now
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(AddForm, values, language=language)
    if form is None:
        slug = _slug_of(reads, values)
        return _wrong_quantity(request, reads, slug, values, errors, now=now)
    bundle_id = form.bundle_id or published_bundle_id(reads, form.slug or "")
    try:
        add_to_cart(
            session,
            customer_id=visitor.customer_id,
            bundle_id=bundle_id,
            quantity=form.quantity,
            language=language,
            now=now,
        )
    except Invalid as fault:
        slug = published_slug(reads, bundle_id)
        errors = errors_of(fault.fields, language=language)
        return _wrong_quantity(request, reads, slug, values, errors, now=now)
    return see_other("/cart")


@router.post("/cart/lines/{bundle_id}")
def change_line(
    request: Request,
    bundle_id: RowId,
    visitor: VisitorDep,
    session: WriteDep,
    reads: ReadDep,
    values: Values,
    now: Now,
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(LineForm, values, language=language)
    whose = {"customer_id": visitor.customer_id, "bundle_id": bundle_id}
    try:
        if form and form.version_id is not None:
            accept_change(session, version_id=form.version_id, now=now, **whose)
        if form and form.quantity is not None:
            set_quantity(session, quantity=form.quantity, language=language, now=now, **whose)
    except Invalid as fault:
        errors = errors_of(fault.fields, language=language)
    except NotFound:
        # The bundle was retired meanwhile: the cart itself says so and offers to remove it.
        return _answer(request, visitor, reads, now=now)
    if errors:
        wrong = {bundle_id: next(iter(errors.values()))}
        typed = {bundle_id: values.get("quantity", "")}
        return cart_page(
            request, visitor, reads, now=now, status=422, wrong=wrong, typed=typed, errors=errors
        )
    return _answer(request, visitor, reads, now=now)


@router.post("/cart/rational")
def take_rational(
    request: Request, visitor: VisitorDep, session: WriteDep, reads: ReadDep, values: Values, now: Now
) -> Response:
    language = request.scope["lang"]
    quantities = shown_order(values.get("lines", ""))
    if quantities is None:
        refusal = translate(language, NOT_READABLE)
        return cart_page(
            request, visitor, reads, now=now, status=422, refusal=refusal, errors={"lines": refusal}
        )
    try:
        take_rational_order(session, customer_id=visitor.customer_id, quantities=quantities, now=now)
    except Invalid as fault:
        errors = errors_of(fault.fields, language=language)
        return cart_page(request, visitor, reads, now=now, status=422, refusal=errors["lines"], errors=errors)
    return _answer(request, visitor, reads, now=now)


def _answer(request: Request, visitor: Visitor, session: Session, *, now: datetime) -> Response:
    return cart_page(request, visitor, session, now=now) if is_htmx(request) else see_other("/cart")


def cart_page(
    request: Request,
    visitor: Visitor,
    session: Session,
    *,
    now: datetime,
    status: int = 200,
    wrong: dict[int, str] | None = None,
    typed: dict[int, str] | None = None,
    errors: Errors | None = None,
    refusal: str = "",
) -> Response:
    """The cart as a page, or as a fragment for htmx; `refusal` says why what was asked for was not done."""
    language = request.scope["lang"]
    calendar = calendar_of(request)
    cart = read_cart(session, visitor.customer_id, language=language, calendar=calendar, now=now)
    confirm_soon(request, visitor, cart.checkout.vat, now=now)
    faults = _faults(cart, language) | (wrong or {})
    coached = read_coached_cart(
        session, visitor.customer_id, cart.checkout, calendar=calendar, now=now, language=language
    )
    return page(
        request,
        "store/cart/_cart.html" if is_htmx(request) else "store/cart/cart.html",
        status=status,
        cart=cart,
        lines=[(row, _sizes(row), (typed or {}).get(row.bundle_id, row.quantity)) for row in cart.rows],
        faults=faults,
        errors=errors or {},
        left={row.bundle_id: row.rule.available_count for row in cart.rows if _is_told(row)},
        nearest={row.bundle_id: _nearest(row) for row in cart.rows if _nearest(row)},
        refusal=refusal,
        coached=coached if cart.is_orderable else None,
        rhythm=coached.advice.rhythm if coached and not coached.advice.silence else None,
        charges_saved=charges_saved(coached.advice) if coached else [],
        silence=silence_text(coached.advice, language) if coached else "",
        charges=cart.checkout.charges(language),
        small=small_order(cart.checkout, language=language),
        last_order=last_order(cart.checkout.promise, calendar),
        is_fragment=is_htmx(request),
    )


def _faults(cart: Cart, language: str) -> dict[int, str]:
    return {
        row.bundle_id: translate(
            language,
            quantity_sentence(row.problem, row.rule),
            name=row.name,
            **quantity_values(row.problem, row.rule),
        )
        for row in cart.rows
        if row.problem
    }


def _is_told(row: CartRow) -> bool:
    count = row.rule.available_count
    return not row.is_retired and count is not None and 0 < count <= MOST_TOLD


def _nearest(row: CartRow) -> int | None:
    """The quantity that one press takes instead of one that cannot be ordered."""
    told = told_problem(row.problem, row.rule) if row.problem else None
    return (told.upper or told.lower) if told else None


def _sizes(row: CartRow) -> tuple[int, int]:
    return lowest_quantity(row.rule), greatest_quantity(row.rule)


def _slug_of(session: Session, values: dict[str, str]) -> str:
    """The address's name of the bundle that a faulty form was about. Raises NotFound for none on sale."""
    number = values.get("bundle_id", "")
    if number.isascii() and number.isdigit() and len(number) < 10:
        return published_slug(session, int(number))
    return values.get("slug", "")


def _wrong_quantity(
    request: Request, session: Session, slug: str, values: dict[str, str], errors: Errors, *, now: datetime
) -> Response:
    others = sorted(set(errors) - {"quantity"})
    if others:
        errors = {"quantity": errors.get("quantity", errors[others[0]])}
    return bundle_page(
        request, session, slug, now=now, status=422, quantity=values.get("quantity", ""), errors=errors
    )
