"""Pages to apply with a company and to confirm the e-mail address."""

from email.utils import parseaddr
from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, NotFound, Refused
from app.core.i18n import translate
from app.customers.models import TokenPurpose
from app.customers.queries import is_link_live
from app.flows.confirm_email import confirm_email
from app.flows.register_customer import Application, register_customer, resend_link
from app.web.countries import country_options
from app.web.deps import Address, Now, ReadDep, Values, VisitorDep, WriteDep
from app.web.forms import Errors, errors_of, parse
from app.web.rendering import page, see_other, shop_of
from app.web.storefront.company_form import CompanyForm, legal_form_options

router = APIRouter()


class RegistrationForm(CompanyForm):
    """A company, its first person and their password, which is taken as typed."""

    contact_name: Annotated[str, StringConstraints(max_length=200)] = ""
    email: Annotated[str, StringConstraints(max_length=254)] = ""
    password: Annotated[str, StringConstraints(strip_whitespace=False)] = ""
    is_business: str = ""
    accept_terms: str = ""

    def application(self, language: str) -> Application:
        return Application(
            facts=self.facts,
            contact_name=self.contact_name,
            email=self.email,
            password=self.password,
            language=language,
            is_business=bool(self.is_business),
            has_accepted_terms=bool(self.accept_terms),
        )


@router.get("/register")
def show_form(request: Request) -> Response:
    if request.scope["visitor"] is not None:
        return see_other("/status")
    if "received" in request.query_params:
        sender = parseaddr(shop_of(request).settings.mail_from)[1]
        return page(request, "store/registration/received.html", sender=sender)
    return _form(request, {"country": "DE"}, {})


@router.post("/register")
def apply(request: Request, session: WriteDep, values: Values, address: Address, now: Now) -> Response:
    language = request.scope["lang"]
    form, errors = parse(RegistrationForm, values, language=language)
    if form is not None:
        try:
            register_customer(session, form.application(language), address=address, now=now)
        except Invalid as invalid:
            errors = errors_of(invalid.fields, language=language)
        except Refused as refused:
            # Too many at once: what was typed stays, but the password.
            text = translate(language, refused.message, **refused.values)
            wait = {"Retry-After": str(refused.values["retry_after_seconds"])}
            return _form(request, values, {"form": text}, status=429, headers=wait)
        else:
            return see_other("/register?received=1")
    return _form(request, values, errors, status=422)


@router.post("/verify/resend")
def resend(session: WriteDep, visitor: VisitorDep, _: Values, now: Now) -> Response:
    resend_link(session, contact_id=visitor.contact_id, now=now)
    return see_other("/status?sent=1")


@router.get("/verify/{token}")
def show_link(request: Request, session: ReadDep, token: str, now: Now) -> Response:
    # Only a button: mail scanners open links, so a GET must not use the link up.
    if not is_link_live(session, token, purpose=TokenPurpose.VERIFY_EMAIL, now=now):
        return _dead(request)
    return page(request, "store/registration/verify.html")


@router.post("/verify/{token}")
def confirm(request: Request, session: WriteDep, token: str, _: Values, now: Now) -> Response:
    try:
        confirm_email(session, token, now=now)
    except NotFound:
        return _dead(request)
    return see_other("/status" if request.scope["visitor"] is not None else "/login?done=confirmed")


def _form(
    request: Request,
    values: dict[str, str],
    errors: Errors,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    language = request.scope["lang"]
    return page(
        request,
        "store/registration/form.html",
        status=status,
        headers=headers,
        values=values,
        errors=errors,
        countries=country_options(language),
        legal_forms=legal_form_options(language),
    )


def _dead(request: Request) -> Response:
    return page(request, "store/registration/dead_link.html", status=404)
