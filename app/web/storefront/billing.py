"""The page on which a company says where it wants its invoices."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, Refused
from app.core.i18n import translate
from app.flows.change_billing import change_billing
from app.invoices.queries_billing import billing_of
from app.invoices.rules.billing import BillingDetails
from app.web.countries import country_options
from app.web.deps import Now, ReadDep, Values, VisitorDep, WriteDep
from app.web.forms import Errors, Form, errors_of, parse
from app.web.rendering import page, see_other

router = APIRouter()

Text = Annotated[str, StringConstraints(max_length=300)]


class BillingForm(Form):
    """What is typed; only lengths are checked here, the rest by the rules."""

    name: Text = ""
    street: Text = ""
    postal_code: Text = ""
    city: Text = ""
    country: Text = ""
    email: Text = ""
    buyer_reference: Text = ""
    wants_xrechnung: bool = False

    @property
    def details(self) -> BillingDetails:
        values = self.model_dump()
        return BillingDetails(**{**values, "country": self.country.upper(), "email": self.email.lower()})


@router.get("/account/billing")
def show_billing(request: Request, visitor: VisitorDep, session: ReadDep) -> Response:
    return _page(request, asdict(billing_of(session, visitor.customer_id)), {})


@router.post("/account/billing")
def save_billing(
    request: Request, visitor: VisitorDep, session: WriteDep, values: Values, now: Now
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(BillingForm, values, language=language)
    if form is None:
        return _page(request, values, errors, status=422)
    try:
        change_billing(
            session,
            form.details,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            now=now,
        )
    except Invalid as invalid:
        return _page(request, values, errors_of(invalid.fields, language=language), status=422)
    except Refused as refused:
        errors = {"form": translate(language, refused.message)}
        return _page(request, values, errors, status=409)
    return see_other("/account/billing?saved=1")


def _page(request: Request, values: dict[str, Any], errors: Errors, *, status: int = 200) -> Response:
    return page(
        request,
        "store/account/billing.html",
        status=status,
        values=values,
        errors=errors,
        is_saved=not errors and bool(request.query_params.get("saved")),
        countries=country_options(request.scope["lang"]),
    )
