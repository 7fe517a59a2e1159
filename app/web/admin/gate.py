"""The gate's page: the last audit's matrix, and who was kept outside."""

from datetime import timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_
from app.customers.queries_gate import (
    blocked_by_month,
    blocked_counts,
    blocked_places,
    list_audits,
    revenue_kept,
)
from app.customers.rules.admission import Admission
from app.customers.rules.gate_audits import Trust
from app.web.admin import words
from app.web.admin.bars import bar_chart
from app.web.admin.lists import desk
from app.web.admin.words import Word
from app.web.deps import Now, ReadDep, ShopDep
from app.web.gate_walk import Persona

router = APIRouter()

LOOK_BACK = timedelta(days=365)
AUDITS_SHOWN = 20

PERSONAS = {
    Persona.ANONYMOUS: N_("signed out"),
    Persona.EXPIRED: N_("session over"),
    Persona.UNVERIFIED: N_("e-mail not confirmed"),
    Persona.IN_REVIEW: N_("in review"),
    Persona.A: N_("A-customer"),
    Persona.B: N_("B-customer"),
    Persona.REFUSED: N_("refused"),
    Persona.SUSPENDED: N_("suspended"),
    Persona.MOVED_UP: N_("moved up"),
    Persona.OTHER_C: N_("another company"),
    Persona.HALF_STAFF: N_("staff before the second factor"),
    Persona.VIEWER: N_("staff, may only look"),
    Persona.ADMITTED: N_("admitted (control)"),
}
CELLS = {
    "shown": N_("shown"),
    "login": N_("log-in"),
    "refused": N_("refused"),
    "own": N_("own only"),
    "open": N_("OPEN"),
}
PLACES = {
    "screening": N_("when it was compared"),
    "payment": N_("between card and charge"),
    "/catalogue": N_("catalogue"),
    "/bundles": N_("page or picture of a bundle"),
    "/cart": N_("cart"),
    "/checkout": N_("checkout"),
    "/orders": N_("orders"),
    "/account": N_("account"),
}


TRUSTS = {
    Trust.SIGNED: Word(N_("signed by this shop, unchanged"), "ok"),
    Trust.UNSIGNED: Word(N_("not signed"), "warn"),
    Trust.CHANGED: Word(N_("CHANGED after it was signed, or signed with another key"), "bad"),
}


@router.get("/admin/gate")
def show_gate(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    since = now - LOOK_BACK
    secret_key = shop.settings.secret_key.get_secret_value()
    months = blocked_by_month(session, since=since.date(), until=now.date())
    return desk(
        request,
        "gate/show.html",
        audits=list_audits(session, secret_key=secret_key, limit=AUDITS_SHOWN),
        trusts=TRUSTS,
        blocked=[(_word(reason), count) for reason, count in blocked_counts(session, since=since)],
        places=[(PLACES.get(place, place), count) for place, count in blocked_places(session, since=since)],
        chart=bar_chart(months),
        blocked_count=sum(count for _, count in months),
        kept=revenue_kept(session, since=since),
        personas=PERSONAS,
        cells=CELLS,
    )


def _word(reason: str) -> str:
    """Why somebody was kept out, not translated yet: what the screening found, or how the gate answered."""
    if reason in words.BECAUSE:
        return words.BECAUSE[reason]
    return words.ADMISSIONS[Admission(reason)].label if reason in set(Admission) else reason
