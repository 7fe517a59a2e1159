"""Pages of a company's own data, people, password and sessions."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import StringConstraints
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid
from app.customers.queries import browsers_of, people_of, read_facts
from app.flows.change_company import change_company
from app.flows.log_out import log_out_elsewhere
from app.flows.object_to_decision import object_to_decision
from app.flows.reset_password import change_password
from app.mail.queries import read_mark
from app.ordering.queries_coach import read_history
from app.web.cookies import set_session
from app.web.countries import country_options
from app.web.deps import Now, ReadDep, ShopDep, Values, VisitorDep, WriteDep
from app.web.forms import Errors, Form, errors_of, parse
from app.web.rendering import page, see_other
from app.web.storefront.account_card import card_view
from app.web.storefront.coach import charges_saved, silence_text
from app.web.storefront.company_form import CompanyForm, legal_form_options
from app.web.storefront.effort import read_effort
from app.web.storefront.promises import calendar_of
from app.web.visitor import Visitor

router = APIRouter()

SAVED = ("company", "password", "sessions", "card", "objection")


class AccountForm(CompanyForm):
    """The company's data and the language of the person's mails."""

    language: Literal["de", "en"]


class PasswordForm(Form):
    """The present and the new password, as typed."""

    present_password: Annotated[str, StringConstraints(strip_whitespace=False, max_length=1000)]
    password: Annotated[str, StringConstraints(strip_whitespace=False)] = ""


@router.get("/account")
def show_account(request: Request, session: ReadDep, visitor: VisitorDep, now: Now) -> Response:
    values = {**asdict(read_facts(session, visitor.customer_id)), "language": visitor.language}
    return _account(request, session, visitor, values, {}, now=now)


@router.post("/account")
def save_company(
    request: Request, session: WriteDep, visitor: VisitorDep, values: Values, now: Now
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(AccountForm, values, language=language)
    if form is not None:
        try:
            is_checked_again = change_company(
                session,
                customer_id=visitor.customer_id,
                contact_id=visitor.contact_id,
                facts=form.facts,
                language=form.language,
                now=now,
            )
        except Invalid as invalid:
            errors = errors_of(invalid.fields, language=language)
        else:
            return see_other("/status" if is_checked_again else "/account?saved=company")
    return _account(request, session, visitor, values, errors, now=now, status=422)


@router.post("/account/password")
def save_password(
    request: Request, shop: ShopDep, session: WriteDep, visitor: VisitorDep, values: Values, now: Now
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(PasswordForm, values, language=language)
    if form is not None:
        try:
            token = change_password(
                session,
                contact_id=visitor.contact_id,
                present_password=form.present_password,
                password=form.password,
                now=now,
            )
        except Invalid as invalid:
            errors = errors_of(invalid.fields, language=language)
        else:
            response = see_other("/account?saved=password")
            set_session(response, shop.settings, token)
            return response
    facts = {**asdict(read_facts(session, visitor.customer_id)), "language": visitor.language}
    return _account(request, session, visitor, facts, errors, now=now, status=422)


@router.post("/account/sessions/end")
def end_other_sessions(session: WriteDep, visitor: VisitorDep, _: Values) -> Response:
    log_out_elsewhere(session, contact_id=visitor.contact_id, session_hash=visitor.session_hash)
    return see_other("/account?saved=sessions")


@router.post("/account/objection")
def submit_objection(
    request: Request, shop: ShopDep, session: WriteDep, visitor: VisitorDep, values: Values, now: Now
) -> Response:
    text = values.get("text", "")
    try:
        object_to_decision(
            session,
            contact_id=visitor.contact_id,
            text=text,
            staff_address=shop.settings.seller_email,
            now=now,
        )
    except Invalid as invalid:
        errors = errors_of(invalid.fields, language=request.scope["lang"])
        facts = {**asdict(read_facts(session, visitor.customer_id)), "language": visitor.language}
        return _account(request, session, visitor, {**facts, "text": text}, errors, now=now, status=422)
    return see_other("/account?saved=objection#effort")


@router.get("/account/people")
def show_people(request: Request, session: ReadDep, visitor: VisitorDep) -> Response:
    return page(request, "store/account/people.html", people=people_of(session, visitor.customer_id))


def _account(
    request: Request,
    session: Session,
    visitor: Visitor,
    values: dict[str, str],
    errors: Errors,
    *,
    now: Now,
    status: int = 200,
) -> Response:
    language = request.scope["lang"]
    saved = request.query_params.get("saved", "")
    advice = read_history(session, visitor.customer_id, calendar=calendar_of(request), now=now).advice()
    return page(
        request,
        "store/account/account.html",
        status=status,
        values=values,
        errors=errors,
        saved=saved if saved in SAVED else "",
        countries=country_options(language),
        legal_forms=legal_form_options(language),
        rhythm=None if advice.silence else advice.rhythm,
        charges_saved=charges_saved(advice),
        silence=silence_text(advice, language),
        mark=read_mark(session, visitor.email),
        card=card_view(session, visitor.customer_id, now=now),
        effort=read_effort(session, visitor.customer_id, now=now),
        browsers=browsers_of(session, visitor.contact_id, session_hash=visitor.session_hash, now=now),
    )
