"""Orders by a program: whether quantities could be ordered, before anybody fills a cart with them."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from app.catalogue.queries import published_ids_of
from app.core.errors import N_, FieldError, Invalid
from app.core.i18n import translate
from app.customers.queries_desk import find_customer
from app.flows.fill_cart import quantity_sentence, quantity_values
from app.ordering.queries_sizes import CheckedLine, CheckedOrder, check_order
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.quantities import (
    GREATEST_QUANTITY,
    MOST_LINES,
    QuantityFault,
    least_quantity,
    lowest_quantity,
    missing_count,
    told_problem,
)
from app.web.api.problems import PRINTABLE, PROBLEMS
from app.web.deps import Now, ReadDep
from app.web.small_orders import SmallOrder, words_for

router = APIRouter(tags=["orders"])

Slug = Annotated[
    str, Field(max_length=120, pattern=PRINTABLE, description="The name in the bundle's address.")
]
Number = Annotated[str, Field(max_length=32, pattern=PRINTABLE, description="Empty for everybody's sizes.")]


class WantedLine(BaseModel):
    """So many of a bundle."""

    bundle: Slug
    quantity: int = Field(ge=1, le=GREATEST_QUANTITY)


class WantedOrder(BaseModel):
    """What would be ordered; with a customer its own exceptions count."""

    customer_number: Number = ""
    lines: list[WantedLine] = Field(min_length=1, max_length=MOST_LINES)


class Rule(BaseModel):
    """In which sizes the bundle is sold; from `lowest_quantity` on below `minimum_quantity` there is a surcharge."""

    minimum_quantity: int
    lowest_quantity: int
    order_step: int
    maximum_quantity: int | None


class LineProblem(BaseModel):
    """Why a quantity cannot be ordered, with the nearest quantities that can."""

    code: QuantityFault
    detail: str
    lower: int | None
    upper: int | None


class CheckedLineSheet(BaseModel):
    """One line and what is to be said of it."""

    bundle: str
    quantity: int
    net_cents: int
    rule: Rule
    problem: LineProblem | None
    missing: Annotated[int, Field(description="So many more reach the minimum quantity.")]
    surcharge_cents: int
    detail: str


class ChargeSheet(BaseModel):
    """A surcharge of the order's size, net."""

    kind: ChargeKind
    bundle: str
    net_cents: int


class WayOutSheet(BaseModel):
    """The cheapest thing to do: take `more` of a bundle, or (without a bundle) leave the order as it is."""

    detail: str
    bundle: str | None
    more: int
    quantity: int
    goods_cents: int
    saved_cents: int
    cost_cents: Annotated[int, Field(description="What is paid more than now, net; below zero for less.")]


class CheckedOrderSheet(BaseModel):
    """What an order would meet; interim and effort fees come at the checkout."""

    is_orderable: bool
    lines: list[CheckedLineSheet]
    goods_net_cents: int
    minimum_order_value_cents: int
    missing_cents: Annotated[int, Field(description="So much net value is missing to the minimum.")]
    charges: list[ChargeSheet]
    detail: str
    way_out: WayOutSheet | None


@router.post(
    "/api/v1/orders/check",
    response_model=CheckedOrderSheet,
    responses=PROBLEMS,
    summary="Check quantities against sizes and minimums",
)
def post_check(request: Request, wanted: WantedOrder, session: ReadDep, now: Now) -> CheckedOrderSheet:
    """What cart and checkout would say of these quantities; nothing is stored or held."""
    customer_id = find_customer(session, wanted.customer_number).id or 0 if wanted.customer_number else 0
    known = published_ids_of(session, [line.bundle for line in wanted.lines])
    unknown = sorted({line.bundle for line in wanted.lines} - known.keys())
    if unknown:
        message = N_("There is no bundle %(slug)s on sale.")
        fault = FieldError("bundle", message, {"slug": unknown[0]})
        raise Invalid(N_("Please check the entries."), code="order.unknown_bundle", fields=(fault,))
    quantities: dict[int, int] = {}
    for line in wanted.lines:
        bundle_id = known[line.bundle]
        quantities[bundle_id] = quantities.get(bundle_id, 0) + line.quantity
    found = check_order(session, quantities, customer_id=customer_id, now=now)
    return _sheet(found, language=request.scope["lang"])


def _sheet(found: CheckedOrder, *, language: str) -> CheckedOrderSheet:
    names = {line.sold.bundle_id: _name(line, language) for line in found.lines}
    slugs = {line.sold.version_id: line.sold.slug for line in found.lines}
    said = words_for(found.way_out, names, found.terms, language=language) if found.way_out else None
    return CheckedOrderSheet(
        is_orderable=found.is_orderable,
        lines=[_line(line, said, found, language) for line in found.lines],
        goods_net_cents=found.goods_net_cents,
        minimum_order_value_cents=found.terms.minimum_order_value_cents,
        missing_cents=found.missing_cents,
        charges=[
            ChargeSheet(
                kind=one.kind, bundle=slugs.get(one.bundle_version_id or 0, ""), net_cents=one.net_cents
            )
            for one in found.charges
        ],
        detail=said.value if said else "",
        way_out=_way(said, found) if said else None,
    )


def _line(line: CheckedLine, said: SmallOrder | None, found: CheckedOrder, language: str) -> CheckedLineSheet:
    problem = None
    if line.problem:
        told = told_problem(line.problem, line.rule)
        sentence = quantity_sentence(line.problem, line.rule)
        values = quantity_values(line.problem, line.rule)
        detail = translate(language, sentence, name=_name(line, language), **values)
        problem = LineProblem(code=told.fault, detail=detail, lower=told.lower, upper=told.upper)
    note = said.lines.get(line.sold.bundle_id) if said else None
    return CheckedLineSheet(
        bundle=line.sold.slug,
        quantity=line.quantity,
        net_cents=line.sized.net_cents,
        rule=Rule(
            minimum_quantity=least_quantity(line.rule),
            lowest_quantity=lowest_quantity(line.rule),
            order_step=line.rule.order_step,
            maximum_quantity=line.rule.maximum_quantity,
        ),
        problem=problem,
        missing=missing_count(line.quantity, line.rule),
        surcharge_cents=found.terms.line_surcharge_cents if line.is_low else 0,
        detail=note.sentence if note else "",
    )


def _way(said: SmallOrder, found: CheckedOrder) -> WayOutSheet:
    way = said.best_way
    slugs = {line.sold.bundle_id: line.sold.slug for line in found.lines}
    return WayOutSheet(
        detail=said.best,
        bundle=slugs.get(way.bundle_id or 0),
        more=way.more_count,
        quantity=way.quantity,
        goods_cents=way.goods_cents,
        saved_cents=way.saved_cents,
        cost_cents=way.cost_cents,
    )


def _name(line: CheckedLine, language: str) -> str:
    return str(line.sold.name_de if language == "de" else line.sold.name_en)
