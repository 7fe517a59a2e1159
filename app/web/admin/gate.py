"""The gate's page: the last audit's matrix, and who was kept outside."""

from datetime import timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_
from app.customers.queries_desk import blocked_counts, last_gate_audit
from app.customers.rules.admission import Admission
from app.web.admin import words
from app.web.admin.lists import desk
from app.web.deps import Now, ReadDep
from app.web.gate_walk import Persona

router = APIRouter()

LOOK_BACK = timedelta(days=365)

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


@router.get("/admin/gate")
def show_gate(request: Request, session: ReadDep, now: Now) -> Response:
    return desk(
        request,
        "gate/show.html",
        audit=last_gate_audit(session),
        blocked=[(_word(reason), count) for reason, count in blocked_counts(session, since=now - LOOK_BACK)],
        personas=PERSONAS,
        cells=CELLS,
    )


def _word(reason: str) -> str:
    """Why somebody was kept out, not translated yet: what the screening found, or how the gate answered."""
    if reason in words.BECAUSE:
        return words.BECAUSE[reason]
    return words.ADMISSIONS[Admission(reason)].label if reason in set(Admission) else reason
