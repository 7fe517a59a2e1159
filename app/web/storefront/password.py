"""Pages for a forgotten password."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, NotFound
from app.customers.models import TokenPurpose
from app.customers.queries import is_link_live
from app.flows.reset_password import request_reset, reset_password
from app.web.deps import Address, Now, ReadDep, Values, WriteDep
from app.web.forms import Errors, Form, errors_of, parse
from app.web.rendering import page, see_other

router = APIRouter()


class ForgotForm(Form):
    """The address to write to."""

    email: Annotated[str, StringConstraints(max_length=254)]


class ResetForm(Form):
    """The new password, as typed."""

    password: Annotated[str, StringConstraints(strip_whitespace=False)] = ""


@router.get("/password/forgot")
def show_forgot(request: Request) -> Response:
    return _forgot(request, {}, {}, is_sent="sent" in request.query_params)


@router.post("/password/forgot")
def ask_for_link(request: Request, session: WriteDep, values: Values, address: Address, now: Now) -> Response:
    form, errors = parse(ForgotForm, values, language=request.scope["lang"])
    if form is None:
        return _forgot(request, values, errors, status=422)
    request_reset(session, email=form.email, address=address, now=now)
    return see_other("/password/forgot?sent=1")


@router.get("/password/reset/{token}")
def show_reset(request: Request, session: ReadDep, token: str, now: Now) -> Response:
    if not is_link_live(session, token, purpose=TokenPurpose.RESET_PASSWORD, now=now):
        return _dead(request)
    return page(request, "store/password/reset.html", errors={})


@router.post("/password/reset/{token}")
def choose_password(request: Request, session: WriteDep, token: str, values: Values, now: Now) -> Response:
    language = request.scope["lang"]
    form, errors = parse(ResetForm, values, language=language)
    if form is not None:
        try:
            reset_password(session, token=token, password=form.password, now=now)
        except Invalid as invalid:
            errors = errors_of(invalid.fields, language=language)
        except NotFound:
            return _dead(request)
        else:
            return see_other("/login?done=reset")
    return page(request, "store/password/reset.html", status=422, errors=errors)


def _forgot(
    request: Request, values: dict[str, str], errors: Errors, *, status: int = 200, is_sent: bool = False
) -> Response:
    return page(
        request, "store/password/forgot.html", status=status, values=values, errors=errors, is_sent=is_sent
    )


def _dead(request: Request) -> Response:
    return page(request, "store/password/dead_link.html", status=404)
