"""Shipments by a program: the carrier's or warehouse's system says which orders left, with their tracking codes."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from app.core.errors import N_, FieldError, Invalid
from app.flows.dispatch_order import MOST_PARCELS, Parcel, dispatch_orders
from app.fulfilment.queries_tracking import judge
from app.fulfilment.rules.tracking_list import TrackingLine, TrackingList
from app.web.api.problems import PRINTABLE, PROBLEMS
from app.web.deps import Now, ReadDep, ShopDep, WriteDep
from app.web.visitor import ApiVisitor

router = APIRouter(tags=["shipments"])

Text = Annotated[str, Field(max_length=64, pattern=PRINTABLE)]
Number = Annotated[
    str, Field(min_length=1, max_length=64, pattern=PRINTABLE, description="The order's number.")
]


class ShippedParcel(BaseModel):
    """An order that left, by its number."""

    number: Number
    tracking_code: Text = ""
    carrier: Text = ""


class Shipped(BaseModel):
    """What left, each order once; all of them or none."""

    parcels: list[ShippedParcel] = Field(min_length=1, max_length=MOST_PARCELS)


class ShippedSheet(BaseModel):
    """What this call did: the orders that left by it, and those that had left before and were passed over."""

    dispatched: list[str]
    gone_before: list[str]


@router.post(
    "/api/v1/shipments",
    response_model=ShippedSheet,
    responses=PROBLEMS,
    summary="Say which orders left, with their tracking codes",
)
def post_shipments(
    request: Request, shipped: Shipped, shop: ShopDep, session: WriteDep, reading: ReadDep, now: Now
) -> ShippedSheet:
    """Dispatches the orders, all or none; each customer gets one e-mail. Said twice is said once."""
    program: ApiVisitor = request.scope["program"]
    lines = [
        TrackingLine(place, one.number, one.tracking_code, one.carrier)
        for place, one in enumerate(shipped.parcels)
    ]
    read, gone = judge(reading, TrackingList(lines, []))
    faults = [FieldError(f"parcels.{fault.line_number}.number", fault.message) for fault in read.faults]
    numbers = [line.number for line in lines]
    faults += [
        FieldError(f"parcels.{place}.number", N_("This order stands in the list twice."))
        for place, number in enumerate(numbers)
        if number in numbers[:place]
    ]
    if faults:
        message = N_("Some of these orders cannot leave. Nothing has left.")
        raise Invalid(message, code="shipments.invalid", fields=tuple(faults))
    left: list[str] = []
    if read.lines:
        parcels = [Parcel(line.number, line.tracking_code, line.carrier) for line in read.lines]
        today = now.astimezone(ZoneInfo(shop.settings.timezone)).date()
        left = dispatch_orders(session, parcels, carrier="", today=today, actor=program.actor, now=now)
    return ShippedSheet(dispatched=left, gone_before=gone)
