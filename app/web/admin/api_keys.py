"""Keys of the API: made for a program, with what it may do and until when, and revoked."""

from datetime import datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid
from app.flows.manage_api_keys import LONGEST_DAYS, HandedKey, create_api_key, revoke_api_key
from app.staff.models import ApiKey
from app.staff.queries import list_api_keys
from app.staff.rules.scopes import Scope
from app.web.admin.lists import desk
from app.web.admin.words import Word
from app.web.deps import Now, ReadDep, RowId, StaffDep, ValueLists, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

SCOPES = {
    Scope.IMPORTS_READ: N_("read imports and their refused lines"),
    Scope.IMPORTS_WRITE: N_("hand in lists"),
    Scope.ORDERS_CHECK: N_("check the sizes of orders"),
    Scope.DISPATCH_WRITE: N_("say which orders left"),
}
LIVE, EXPIRED, REVOKED = Word(N_("in use"), "ok"), Word(N_("expired"), "warn"), Word(N_("revoked"))


@router.get("/admin/api-keys")
def show_api_keys(request: Request, session: ReadDep, now: Now) -> Response:
    return _page(request, session, now)


@router.post("/admin/api-keys")
def submit_api_key(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: ValueLists, now: Now
) -> Response:
    given = {name: values.get(name, [""])[0].strip() for name in ("name", "valid_days")}
    chosen = [scope for scope in Scope if scope.value in values.get("scopes", [])]
    days = given["valid_days"]
    try:
        handed = create_api_key(
            session,
            name=given["name"],
            scopes=chosen,
            valid_days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, now, status=422, values=given, chosen=chosen, errors=errors)
    # Shown in the answer itself: the key is kept as a hash only.
    return _page(request, reading, now, handed=handed)


@router.post("/admin/api-keys/{key_id}")
def revoke(
    request: Request, key_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    revoke_api_key(session, key_id, actor=staff.actor, now=now)
    return see_other("/admin/api-keys?done=key_revoked")


def _state(key: ApiKey, now: datetime) -> Word:
    if key.revoked_at is not None:
        return REVOKED
    return EXPIRED if key.expires_at <= now else LIVE


def _page(
    request: Request,
    session: ReadDep,
    now: Now,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    chosen: list[Scope] | None = None,
    errors: dict[str, str] | None = None,
    handed: HandedKey | None = None,
) -> Response:
    return desk(
        request,
        "api_keys/list.html",
        status=status,
        errors=errors or {},
        values={"name": "", "valid_days": "365", **(values or {})},
        chosen=chosen or [],
        keys=[(key, _state(key, now)) for key in list_api_keys(session)],
        scopes=[(scope.value, label) for scope, label in SCOPES.items()],
        scope_words={scope.value: label for scope, label in SCOPES.items()},
        longest_days=LONGEST_DAYS,
        handed=handed,
    )
