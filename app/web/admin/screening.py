"""Screening: the queue of doubtful applicants, and one case with applicant and candidates side by side."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, Refused
from app.customers.models import Contact, Customer
from app.customers.queries import people_of
from app.customers.queries_desk import customer_by_id, find_screening, next_review, waiting_reviews
from app.customers.queries_screening import newest_screening, same_company_here
from app.customers.rules.admission import ScreeningState
from app.customers.rules.application import LegalForm
from app.flows.decide_screening import decide
from app.mainbrand.models import MainAccount
from app.mainbrand.queries_desk import find_account
from app.mainbrand.rules.keys import email_domain, fold
from app.web.admin.lists import asked_page, desk, form_error, page_urls
from app.web.deps import LARGEST_ID, Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

DECISIONS = (
    (ScreeningState.CLEAR.value, N_("Admit: no A- or B-customer of the main brand")),
    (ScreeningState.REFUSED.value, N_("Refuse: not a business we sell to")),
    (ScreeningState.BLOCKED.value, N_("Main brand: is an A- or B-customer there")),
)


@dataclass(frozen=True)
class ComparedField:
    """One fact of applicant and candidate; the label is not translated yet."""

    label: str
    own: str
    other: str

    @property
    def is_same(self) -> bool:
        return bool(self.own) and fold(self.own) == fold(self.other)

    @property
    def is_different(self) -> bool:
        return bool(self.own) and bool(self.other) and not self.is_same


@dataclass(frozen=True)
class Comparison:
    """One candidate beside the applicant: the evidence as it was found, and the facts as they are now."""

    match: dict[str, Any]
    account: MainAccount | None
    fields: list[ComparedField]


@router.get("/admin/screening")
def show_queue(request: Request, session: ReadDep) -> Response:
    found = waiting_reviews(session, page=asked_page(request))
    return desk(request, "screening/list.html", cases=found.rows, pages=page_urls(request, found))


@router.get("/admin/screening/{screening_id}")
def show_case(request: Request, screening_id: RowId, session: ReadDep) -> Response:
    return _page(request, session, screening_id)


@router.post("/admin/screening/{screening_id}")
def submit_decision(
    request: Request,
    screening_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        decide(
            session,
            screening_id,
            decision=_decision(values.get("decision", "")),
            main_account_id=_account_id(values.get("main_account_id", "")),
            reason=values.get("reason", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, screening_id, status=422, values=values, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, screening_id, status=409, values=values, errors=errors)
    following = next_review(reading, after=screening_id)
    if following is None:
        return see_other("/admin/screening?done=no_more_cases")
    return see_other(f"/admin/screening/{following}?done=decided")


def _decision(text: str) -> ScreeningState:
    # What is not offered is left to the flow, which refuses it with its sentence.
    return ScreeningState(text) if text in dict(DECISIONS) else ScreeningState.PENDING


def _account_id(text: str) -> int | None:
    # Too large a number is 0, which is no account: the flow says so.
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
    return number if number is None or number <= LARGEST_ID else 0


def _page(
    request: Request,
    session: Session,
    screening_id: int,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    screening = find_screening(session, screening_id)
    customer = customer_by_id(session, screening.customer_id)
    people = people_of(session, screening.customer_id)
    newest = newest_screening(session, screening.customer_id)
    return desk(
        request,
        "screening/case.html",
        status=status,
        errors=errors or {},
        values={"decision": "", "main_account_id": "", "reason": "", **(values or {})},
        screening=screening,
        customer=customer,
        people=people,
        comparisons=[_compare(session, customer, people, match) for match in screening.matches],
        same_here=same_company_here(session, customer),
        is_newest=newest is not None and newest.id == screening.id,
        newest_id=newest.id if newest else None,
        decisions=DECISIONS,
    )


def _compare(
    session: Session, customer: Customer, people: list[Contact], match: dict[str, Any]
) -> Comparison:
    account = find_account(session, match["account_id"])
    if account is None:
        return Comparison(match, None, [])
    domains = sorted({domain for person in people if (domain := email_domain(person.email))})
    domain = next((one for one in domains if one == account.email_domain), ", ".join(domains))
    legal_form = "" if customer.legal_form == LegalForm.FOREIGN else customer.legal_form
    fields = [
        ComparedField(N_("Company"), customer.company_name, account.company_name),
        ComparedField(N_("Legal form"), legal_form, account.legal_form),
        ComparedField(N_("Name without legal form"), customer.name_key, account.name_key),
        ComparedField(N_("VAT id"), customer.vat_id or "", account.vat_id or ""),
        ComparedField(N_("Register entry"), customer.register_key or "", account.register_key or ""),
        ComparedField(N_("Street"), customer.street, account.street),
        ComparedField(N_("Postal code"), customer.postal_code, account.postal_code),
        ComparedField(N_("Town"), customer.city, account.city),
        ComparedField(N_("Country"), customer.country, account.country),
        ComparedField(N_("E-mail domain"), domain, account.email_domain or ""),
        ComparedField(N_("Phone"), customer.phone, account.phone),
    ]
    return Comparison(match, account, fields)
