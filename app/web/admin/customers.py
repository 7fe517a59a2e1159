"""Customers: search, one company with all that is known of it, and the acts that change its standing."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.audit.queries import entries_about, latest_entry
from app.core.errors import N_, FieldError, Invalid, Refused
from app.customers.models import Customer
from app.customers.queries import people_of
from app.customers.queries_desk import CustomerFilter, find_customer, list_customers, standing_of
from app.customers.queries_screening import screenings_of
from app.customers.queries_vat import list_vat_checks
from app.customers.rules.admission import ScreeningState
from app.flows.change_segment import change_segment
from app.flows.change_standing import move_up, resume, suspend
from app.flows.override_rating import Target
from app.fulfilment.calendar import work_calendar
from app.insights.sizes import sizes_of_customer
from app.invoices.queries_billing import billing_of
from app.mail.queries import mails_about
from app.mainbrand.queries_desk import find_account
from app.mainbrand.queries_rating import overrides_of
from app.mainbrand.rules.rating import twelve_months_before
from app.mainbrand.rules.segments import Segment
from app.ordering.queries_agreements import count_agreements
from app.ordering.queries_desk import orders_of_customer
from app.ordering.queries_growth import bought_here_cents
from app.ordering.queries_standing import standing_orders_of
from app.web.admin import standing_words, vat_words, words
from app.web.admin.effort import effort_of_customer
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.admin.order_sizes import trend
from app.web.admin.overrides import CHOICES, override_of_form
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other, shop_of

router = APIRouter()


@router.get("/admin/customers")
def show_customers(request: Request, session: ReadDep) -> Response:
    wanted = CustomerFilter(
        text=asked(request, "q"),
        segment=asked_choice(request, "segment", Segment),
        screening=asked_choice(request, "screening", ScreeningState),
        is_suspended=asked(request, "suspended") == "1",
        is_growing=asked(request, "growing") == "1",
    )
    found = list_customers(session, wanted, page=asked_page(request))
    return desk(
        request,
        "customers/list.html",
        customers=found.rows,
        pages=page_urls(request, found),
        text=wanted.text,
        kept={name: asked(request, name) for name in ("segment", "screening", "suspended", "growing")},
        segments=chips(request, "segment", [(one.value, word.label) for one, word in words.SEGMENTS.items()]),
        screenings=chips(
            request, "screening", [(one.value, word.label) for one, word in words.SCREENINGS.items()]
        ),
        suspended=chips(request, "suspended", [("1", N_("Suspended only"))]),
        growing=chips(request, "growing", [("1", N_("Growing only"))]),
    )


@router.get("/admin/customers/{number}")
def show_customer(request: Request, number: str, session: ReadDep, now: Now) -> Response:
    return _page(request, session, find_customer(session, number), now)


@router.post("/admin/customers/{number}/segment")
def submit_segment(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)
    chosen = values.get("segment", "")

    def act(reason: str) -> bool:
        if chosen not in set(Segment):
            message = N_("Please choose one of the offered values.")
            raise Invalid(message, code="customer.segment", fields=(FieldError("segment", message),))
        return change_segment(
            session,
            customer.id or 0,
            segment=Segment(chosen),
            reason=reason,
            actor=staff.actor,
            now=now,
        )

    return _do(request, reading, customer, values, act, now, done="segment")


@router.post("/admin/customers/{number}/override")
def submit_override(
    request: Request,
    number: str,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)
    target = Target(customer_id=customer.id)
    try:
        done = override_of_form(shop, session, target, values, staff=staff, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(
            request, reading, customer, now, status=422, errors=errors, tried="override", values=values
        )
    except Refused as error:
        errors = form_error(request, error)
        return _page(
            request, reading, customer, now, status=409, errors=errors, tried="override", values=values
        )
    return see_other(f"/admin/customers/{customer.number}?done={done}")


@router.post("/admin/customers/{number}/suspend")
def submit_suspend(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)

    def act(reason: str) -> bool:
        return suspend(session, customer.id or 0, reason=reason, actor=staff.actor, now=now)

    return _do(request, reading, customer, values, act, now, done="suspended")


@router.post("/admin/customers/{number}/resume")
def submit_resume(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)

    def act(reason: str) -> bool:
        return resume(session, customer.id or 0, reason=reason, actor=staff.actor, now=now)

    return _do(request, reading, customer, values, act, now, done="resumed")


@router.post("/admin/customers/{number}/move-up")
def submit_move_up(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)

    def act(reason: str) -> bool:
        return move_up(session, customer.id or 0, reason=reason, actor=staff.actor, now=now)

    return _do(request, reading, customer, values, act, now, done="moved_up")


def _do(
    request: Request,
    session: ReadDep,
    customer: Customer,
    values: dict[str, str],
    act: Callable[[str], bool],
    now: Now,
    *,
    done: str,
) -> Response:
    try:
        has_changed = act(values.get("reason", ""))
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, session, customer, now, status=422, errors=errors, tried=done)
    return see_other(f"/admin/customers/{customer.number}?done={done if has_changed else 'unchanged'}")


def _page(
    request: Request,
    session: ReadDep,
    customer: Customer,
    now: Now,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    tried: str = "",
    values: dict[str, str] | None = None,
) -> Response:
    customer_id = customer.id or 0
    screenings = screenings_of(session, customer_id)
    given = latest_entry(session, "customer", customer_id, action="customer.segment_changed")
    settings = shop_of(request).settings
    sizes = sizes_of_customer(
        session,
        customer_id,
        calendar=work_calendar(settings.seller_federal_state, settings.timezone),
        now=now,
    )
    moments = [
        one.decided_at or one.screened_at
        for one in screenings
        if ScreeningState.CLEAR in (one.decision, one.outcome)
    ]
    return desk(
        request,
        "customers/customer.html",
        status=status,
        errors=errors or {},
        tried=tried,
        values={"segment": "", "last_on": "", "reason": "", **(values or {})},
        choices=CHOICES,
        overrides=overrides_of(session, customer_id=customer_id),
        agreement_count=count_agreements(session, customer_id, now=now),
        bought_cents=bought_here_cents(session, customer_id, since=twelve_months_before(now)),
        customer=customer,
        admission=standing_of(session, customer),
        account=find_account(session, customer.main_account_id) if customer.main_account_id else None,
        segment_since=given.at if given else (moments[0] if moments else customer.created_at),
        segment_by=given.actor_name if given else "",
        people=people_of(session, customer_id),
        vat_checks=list_vat_checks(session, customer_id),
        vat_words=vat_words.VAT_IDS,
        billing=billing_of(session, customer_id),
        sizes=sizes,
        size_trend=trend(sizes.change_bp) if sizes else None,
        screenings=screenings,
        orders=orders_of_customer(session, customer_id, limit=20),
        standing_orders=standing_orders_of(session, customer_id, limit=20),
        standing_words=standing_words,
        mails=mails_about(session, "customer", customer_id, limit=50),
        entries=entries_about(session, "customer", customer_id),
        **effort_of_customer(session, customer),
        segments=[(one.value, word.label) for one, word in words.SEGMENTS.items()],
    )
