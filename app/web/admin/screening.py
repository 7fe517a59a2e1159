"""Screening: the queue of doubtful applicants, and one case with applicant and candidates side by side."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, Refused
from app.customers.queries import people_of
from app.customers.queries_desk import customer_by_id, find_screening
from app.customers.queries_review import (
    CaseFilter,
    CaseState,
    count_resting,
    count_reviews,
    earlier_decisions,
    is_resting,
    list_cases,
    list_triggers,
    next_review,
    read_pace,
)
from app.customers.queries_screening import newest_screening, same_company_here, screenings_of
from app.customers.rules.admission import ScreeningState
from app.customers.rules.reviewing import OWN_WORDS, STANDARD_REASONS, Act, is_sole_trader
from app.customers.service_review import is_present
from app.flows.ask_for_proof import ask_for_proof, note_proof
from app.flows.decide_screening import Look, decide, decide_same_company
from app.mainbrand.queries_desk import account_by_number, find_account
from app.payments.queries_holds import holds_of_screening
from app.policy.queries import current_policy
from app.web.admin import words
from app.web.admin.comparison import compare
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.admin.opening import opened_mark, seconds_looked
from app.web.deps import LARGEST_ID, Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other, shop_of
from app.web.visitor import StaffVisitor

router = APIRouter()

PACE = timedelta(days=14)
AGES = {
    "1": N_("over a day old"),
    "3": N_("over three days old"),
    "7": N_("over a week old"),
}
PROOF_ARRIVED = "proof_arrived"


@router.get("/admin/screening")
def show_queue(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    age = asked(request, "age")
    wanted = CaseFilter(
        state=asked_choice(request, "state", CaseState) or CaseState.WAITING,
        trigger=asked(request, "trigger"),
        older_than=timedelta(days=int(age)) if age in AGES else None,
        text=asked(request, "q"),
    )
    found = list_cases(session, wanted, page=asked_page(request), now=now)
    counts = {
        CaseState.WAITING: count_reviews(session, now=now),
        CaseState.PROOF: count_resting(session, now=now),
    }
    return desk(
        request,
        "screening/list.html",
        cases=found.rows,
        pages=page_urls(request, found),
        wanted=wanted,
        age=age,
        ages=AGES,
        counts=counts,
        states=chips(
            request, "state", list(words.CASE_STATES.items())[1:], all_=words.CASE_STATES["waiting"]
        ),
        triggers=sorted({*list_triggers(session), *([wanted.trigger] if wanted.trigger else [])}),
        pace=read_pace(session, since=now - PACE, zone=ZoneInfo(shop.settings.timezone)),
        next_id=next_review(session, after=0, now=now),
    )


@router.get("/admin/screening/{screening_id}")
def show_case(request: Request, screening_id: RowId, session: ReadDep, staff: StaffDep, now: Now) -> Response:
    return _page(request, session, screening_id, staff=staff, now=now)


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
        done = _act(request, session, reading, screening_id, staff=staff, values=values, now=now)
    except Invalid as error:
        errors, status = errors_of(error.fields, language=request.scope["lang"]), 422
    except Refused as error:
        errors, status = form_error(request, error), 409
    else:
        if done == PROOF_ARRIVED:
            return see_other(f"/admin/screening/{screening_id}?done={PROOF_ARRIVED}")
        following = next_review(reading, after=screening_id, now=now)
        if following is None:
            return see_other("/admin/screening?done=no_more_cases")
        return see_other(f"/admin/screening/{following}?done={done}")
    return _page(
        request, reading, screening_id, staff=staff, now=now, status=status, values=values, errors=errors
    )


def _act(
    request: Request,
    session: Session,
    reading: Session,
    screening_id: int,
    *,
    staff: StaffVisitor,
    values: dict[str, str],
    now: datetime,
) -> str:
    """Does what was chosen; the word for it as `done` says it."""
    act = values.get("decision", "")
    reason, code = values.get("reason", ""), values.get(f"reason_{act}", "")
    if act == PROOF_ARRIVED:
        return PROOF_ARRIVED if note_proof(session, screening_id, actor=staff.actor, now=now) else "unchanged"
    if act == Act.PROOF:
        ask_for_proof(session, screening_id, kind=code, note=reason, actor=staff.actor, now=now)
        return "proof_asked"
    look = Look(
        saw_open=values.get("seen") == "open",
        seconds=seconds_looked(
            values.get("opened", ""),
            shop_of(request).settings.secret_key.get_secret_value(),
            screening_id=screening_id,
            staff_member_id=staff.staff_member_id,
            now=now,
        ),
        is_unlinking=values.get("unlink") == "1",
    )
    if act == Act.SAME:
        decide_same_company(
            session,
            screening_id,
            main_account_id=_same_account(reading, values),
            reason=reason,
            reason_code=code,
            look=look,
            actor=staff.actor,
            now=now,
        )
        return "decided"
    decide(
        session,
        screening_id,
        decision=_decision(act),
        main_account_id=_number(values.get("main_account_id", "")),
        reason=reason,
        reason_code=code,
        look=look,
        actor=staff.actor,
        now=now,
    )
    return "decided"


def _decision(text: str) -> ScreeningState:
    # What is not offered is left to the flow, which refuses it with its sentence.
    return ScreeningState(text) if text in words.DECISIONS else ScreeningState.PENDING


def _same_account(session: Session, values: dict[str, str]) -> int | None:
    """The account that was chosen, or whose number was typed; 0, which is no account, for what does not exist.

    Its fields are its own: a candidate that stands chosen in the form must not be linked by admitting.
    """
    number = values.get("account_number", "").strip()
    if number:
        account = account_by_number(session, number)
        return account.id if account is not None else 0
    return _number(values.get("same_account_id", ""))


def _number(text: str) -> int | None:
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
    return found if found is None or found <= LARGEST_ID else 0


def _page(
    request: Request,
    session: Session,
    screening_id: int,
    *,
    staff: StaffVisitor,
    now: datetime,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    screening = find_screening(session, screening_id)
    customer = customer_by_id(session, screening.customer_id)
    people = people_of(session, screening.customer_id)
    newest = newest_screening(session, screening.customer_id)
    comparisons = compare(session, screening, customer, people)
    accounts = {one.account_id: one.account for one in comparisons if one.account is not None}
    following = next_review(session, after=screening_id, now=now)
    return desk(
        request,
        "screening/case.html",
        status=status,
        errors=errors or {},
        values=_form(request, values, screening_id, list(accounts), staff=staff, now=now),
        screening=screening,
        customer=customer,
        people=people,
        comparisons=comparisons,
        linked=find_account(session, customer.main_account_id) if customer.main_account_id else None,
        same_here=same_company_here(session, customer),
        before=[one for one in screenings_of(session, screening.customer_id) if one.id != screening.id],
        elsewhere=earlier_decisions(session, list(accounts), but_customer_id=screening.customer_id),
        accounts=accounts,
        is_newest=is_present(session, screening),
        holds=holds_of_screening(session, screening_id),
        newest_id=newest.id if newest else None,
        is_resting=is_resting(screening, now=now),
        is_sole_trader=is_sole_trader(customer.legal_form),
        own_words=OWN_WORDS,
        proof_days=current_policy(session).proof_wait_days,
        reasons={act.value: list(reasons.items()) for act, reasons in STANDARD_REASONS.items()},
        next_url=f"/admin/screening/{following}" if following else "/admin/screening",
    )


def _form(
    request: Request,
    values: dict[str, str] | None,
    screening_id: int,
    account_ids: list[int],
    *,
    staff: StaffVisitor,
    now: datetime,
) -> dict[str, str]:
    """What the form shows: what was typed, or the first standard reasons; a single candidate is chosen already."""
    if values is not None:
        names = ("same_account_id", "account_number", "reason", *(f"reason_{act.value}" for act in Act))
        return {"unlink": values.get("unlink", ""), "opened": values.get("opened", "")} | {
            name: values.get(name, "") for name in names
        }
    mark = opened_mark(
        shop_of(request).settings.secret_key.get_secret_value(),
        screening_id=screening_id,
        staff_member_id=staff.staff_member_id,
        now=now,
    )
    first = {f"reason_{act.value}": next(iter(reasons)) for act, reasons in STANDARD_REASONS.items()}
    chosen = str(account_ids[0]) if len(account_ids) == 1 else ""
    return {
        "same_account_id": chosen, "account_number": "", "reason": "", "unlink": "", "opened": mark, **first
    }  # fmt: skip
