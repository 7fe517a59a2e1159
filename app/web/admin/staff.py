"""Staff accounts: created, given roles, closed and reset by an administrator, never by their owner."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import EmailStr, Field
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid
from app.flows.manage_staff import (
    Handed,
    change_role,
    create_member,
    deactivate_member,
    reactivate_member,
    reset_member,
)
from app.staff.queries import list_members
from app.staff.rules.roles import RIGHTS, Right, Role
from app.web.admin import words
from app.web.admin.lists import desk
from app.web.deps import Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import Form, errors_of, parse
from app.web.rendering import ROLE_NAMES, see_other

router = APIRouter()


class NewMember(Form):
    """The form for a new account."""

    email: EmailStr
    name: Annotated[str, Field(min_length=2, max_length=200)]
    role: Role


@router.get("/admin/staff")
def show_staff(request: Request, session: ReadDep) -> Response:
    return _page(request, session)


@router.post("/admin/staff")
def submit_staff(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    form, errors = parse(NewMember, values, language=request.scope["lang"])
    if form is None:
        return _page(request, reading, status=422, values=values, errors=errors)
    try:
        handed = create_member(
            session,
            email=form.email,
            name=form.name,
            role=form.role,
            secret_key=shop.settings.secret_key.get_secret_value(),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, status=422, values=values, errors=errors)
    # Shown in the answer itself: the password is kept as a hash only.
    return _page(request, reading, handed=handed)


@router.post("/admin/staff/{staff_member_id}")
def change_staff(
    request: Request,
    staff_member_id: RowId,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    act = values.get("act", "")
    if act == "reset":
        secret_key = shop.settings.secret_key.get_secret_value()
        handed = reset_member(session, staff_member_id, secret_key=secret_key, actor=staff.actor, now=now)
        return _page(request, reading, handed=handed)
    if act == "role" and values.get("role") in set(Role):
        change_role(session, staff_member_id, role=Role(values["role"]), actor=staff.actor, now=now)
        return see_other("/admin/staff?done=role")
    if act == "deactivate":
        deactivate_member(session, staff_member_id, actor=staff.actor, now=now)
        return see_other("/admin/staff?done=deactivated")
    if act == "reactivate":
        reactivate_member(session, staff_member_id, actor=staff.actor, now=now)
        return see_other("/admin/staff?done=reactivated")
    raise Invalid(N_("Please choose one of the offered values."), code="staff.unknown_act")


def _page(
    request: Request,
    session: ReadDep,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    handed: Handed | None = None,
) -> Response:
    return desk(
        request,
        "staff/list.html",
        status=status,
        values={"email": "", "name": "", "role": Role.VIEWER.value, **(values or {})},
        errors=errors or {},
        members=list_members(session),
        roles=[(role.value, ROLE_NAMES[role]) for role in Role],
        rights={
            role: [words.RIGHTS[right] for right in Right if right in rights]
            for role, rights in RIGHTS.items()
        },
        handed=handed,
    )
