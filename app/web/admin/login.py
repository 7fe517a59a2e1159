"""Staff sign in and out: password, second factor, and its setting up at the first log-in."""

import segno
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, Refused
from app.flows.staff_log_in import confirm_code, enrol, log_in, log_out
from app.staff.queries import find_member
from app.staff.rules.totp import address as totp_address
from app.staff.service import read_totp_secret
from app.web.admin.lists import desk, form_error
from app.web.cookies import clear_staff_session, set_staff_session, staff_cookie
from app.web.deps import Address, Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()


@router.get("/admin/login")
def show_login(request: Request) -> Response:
    return desk(request, "login/login.html", email="")


@router.post("/admin/login")
def submit_login(
    request: Request, shop: ShopDep, session: WriteDep, values: Values, address: Address, now: Now
) -> Response:
    email = values.get("email", "")
    try:
        token = log_in(
            session,
            email=email,
            password=values.get("password", ""),
            address=address,
            secret_key=shop.settings.secret_key.get_secret_value(),
            now=now,
        )
    except Refused as error:
        if error.code != "staff.wrong_credentials":
            raise
        errors = form_error(request, error)
        return desk(request, "login/login.html", status=403, email=email, errors=errors)
    response = see_other("/admin")
    set_staff_session(response, shop.settings, token)
    return response


@router.get("/admin/login/code")
def show_code(request: Request, staff: StaffDep) -> Response:
    if staff.has_second_factor:
        return see_other("/admin")
    if not staff.is_totp_confirmed:
        return see_other("/admin/login/enrol")
    return desk(request, "login/code.html")


@router.post("/admin/login/code")
def submit_code(request: Request, shop: ShopDep, session: WriteDep, values: Values, now: Now) -> Response:
    settings = shop.settings
    try:
        token = confirm_code(
            session,
            token=request.cookies.get(staff_cookie(settings), ""),
            code=values.get("code", ""),
            secret_key=settings.secret_key.get_secret_value(),
            now=now,
        )
    except Refused as error:
        if error.code != "staff.wrong_code":
            raise
        return desk(
            request, "login/code.html", status=403, errors={"code": form_error(request, error)["form"]}
        )
    response = see_other("/admin")
    set_staff_session(response, settings, token)
    return response


@router.get("/admin/login/enrol")
def show_enrol(request: Request, shop: ShopDep, session: ReadDep, staff: StaffDep) -> Response:
    if staff.has_second_factor or staff.is_totp_confirmed:
        return see_other("/admin")
    return _enrol_page(request, shop, session, staff)


@router.post("/admin/login/enrol")
def submit_enrol(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    settings = shop.settings
    try:
        enrolled = enrol(
            session,
            token=request.cookies.get(staff_cookie(settings), ""),
            code=values.get("code", ""),
            password=values.get("password", ""),
            secret_key=settings.secret_key.get_secret_value(),
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _enrol_page(request, shop, reading, staff, status=422, errors=errors)
    # Shown in the answer itself: the codes are stored as hashes only, a page of their own could not show them.
    response = desk(request, "login/recovery_codes.html", codes=enrolled.recovery_codes)
    set_staff_session(response, settings, enrolled.token)
    return response


@router.post("/admin/logout")
def submit_logout(request: Request, shop: ShopDep, session: WriteDep, values: Values, now: Now) -> Response:
    log_out(session, token=request.cookies.get(staff_cookie(shop.settings), ""), now=now)
    response = see_other("/admin/login")
    clear_staff_session(response, shop.settings)
    return response


def _enrol_page(
    request: Request,
    shop: ShopDep,
    session: ReadDep,
    staff: StaffDep,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    settings = shop.settings
    member = find_member(session, staff.staff_member_id)
    secret = read_totp_secret(member, secret_key=settings.secret_key.get_secret_value()) or ""
    code = segno.make(totp_address(secret, email=member.email, issuer=settings.seller_brand), error="m")
    return desk(
        request,
        "login/enrol.html",
        status=status,
        errors=errors or {},
        email=member.email,
        picture=code.svg_data_uri(scale=6, border=4, dark="#000", light="#fff"),
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    )
